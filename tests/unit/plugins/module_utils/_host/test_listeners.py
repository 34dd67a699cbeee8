# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What listens: as the kernel that runs this test shows it, and as the files of one that refuses netlink do."""

import contextlib
import os
import socket
import sys

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import listeners as listeners_module
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.connections import connection_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import listener_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0050 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 50446 1 0000 100 0 0 10 0
   1: 0B4D590A:0050 0D4D590A:D2F0 01 00000000:00000000 00:00000000 00000000    33        0 50477 1 0000 100 0 0 10 0
"""
TCP6 = (
    TCP.splitlines()[0]
    + "\n   0: 00000000000000000000000001000000:1E62 00000000000000000000000000000000:0000 0A 00000000:00000000 00:0 0 0 0 120506 1 0\n"
)
UNIX = """\
Num       RefCount Protocol Flags    Type St Inode Path
0000: 00000002 00000000 00010000 0001 01 50497 /run/php/php8.2-fpm.sock
0000: 00000002 00000000 00010000 0001 01 50498 @abstract
0000: 00000003 00000000 00000000 0001 03 50499 /run/php/php8.2-fpm.sock
0000: 00000002 00000000 00010000 0005 01 50500 /run/udev/control
"""
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what others bind to
linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="netlink and /proc are Linux's")


@pytest.fixture
def host(tmp_path):
    made = FakeHost(tmp_path)
    made.write("/etc/passwd", "root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/bin/false\n")
    made.write("/proc/net/tcp", TCP)
    made.write("/proc/net/tcp6", TCP6)
    made.write("/proc/net/unix", UNIX)
    made.process(1, "/sbin/init", parent=0, name="systemd", ticks=1, fds=[50497])
    made.process(
        70,
        "php-fpm: master process",
        name="php-fpm8.2",
        ticks=100,
        cgroup="0::/system.slice/php8.2-fpm.service\n",
        fds=[50497],
    )
    made.process(60, "php-fpm: pool www", name="php-fpm8.2", ticks=200, uid=33, fds=[50497])
    made.process(80, "nginx: master process nginx", name="nginx", ticks=100, fds=[7, 50446])
    return made


def test_without_netlink_the_files_of_proc_are_read(host):
    found = listener_facts(host, Processes(host))
    assert [
        (entry["address"], entry["port"], entry["process"], entry["queue"], entry["backlog"]) for entry in found["tcp"]
    ] == [
        (EVERYWHERE, 80, "nginx", 3, None),
        ("::1", 7778, None, 0, None),
    ]
    (fpm,) = found["unix"]
    assert (fpm["path"], fpm["queue"], fpm["backlog"], fpm["file"]["exists"]) == (
        "/run/php/php8.2-fpm.sock",
        None,
        None,
        False,
    )


def test_the_owner_is_the_oldest_that_serves_and_not_systemd(host):
    host.link("/proc/70/fd/9", "/var/log/php8.2-fpm.log")
    (fpm,) = listener_facts(host, Processes(host))["unix"]
    assert (fpm["pid"], fpm["user"], fpm["unit"], fpm["log"]) == (
        70,
        "root",
        "php8.2-fpm.service",
        "/var/log/php8.2-fpm.log",
    )


def test_a_socket_that_only_systemd_holds_is_systemds(host):
    for pid in (60, 70):
        os.remove(host.path("/proc/%d/fd/0" % pid))
    assert listener_facts(host, Processes(host))["unix"][0]["pid"] == 1


def test_what_cannot_be_read_is_unknown_and_not_empty(host):
    os.remove(host.path("/proc/net/unix"))
    assert listener_facts(host, Processes(host)) is None
    assert host.unknown == [{"missing": "listeners", "why": "/proc/net/unix cannot be read"}]


def test_a_relative_name_is_where_the_daemon_works(host):
    host.write("/proc/net/unix", UNIX.replace("/run/php/php8.2-fpm.sock", "run/app.sock"))
    host.link("/proc/70/cwd", "/srv/app")
    assert listener_facts(host, Processes(host))["unix"][0]["path"] == "/srv/app/run/app.sock"


@linux_only
class TestThisKernel:
    @pytest.fixture
    def here(self):
        return Host()

    def test_a_unix_socket_is_shown_with_its_queue_and_file(self, here, tmp_path):
        path = str(tmp_path / "s.sock")
        with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
            server.bind(path)
            server.listen(7)
            client.connect(path)
            os.chmod(path, 0o620)
            entry = self.unix(here, path)
        assert (entry["pid"], entry["queue"], entry["backlog"]) == (os.getpid(), 1, 7)
        assert (entry["file"]["exists"], entry["file"]["is_socket"], entry["file"]["same"], entry["file"]["mode"]) == (
            True,
            True,
            True,
            "0620",
        )

    def test_a_socket_file_that_was_replaced_is_not_the_same(self, here, tmp_path):
        path = str(tmp_path / "s.sock")
        with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as other:
            server.bind(path)
            server.listen(1)
            os.rename(path, path + ".old")
            other.bind(path)
            assert self.unix(here, path)["file"]["same"] is False

    def test_a_tcp_socket_is_shown_with_its_owner(self, here):
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen(9)
            port = server.getsockname()[1]
            listeners = listener_facts(here, Processes(here))
            (entry,) = [entry for entry in listeners["tcp"] if entry["port"] == port]
            with contextlib.ExitStack() as connections:
                # The peers with most connections are kept, and this machine may have many with one or two.
                for _each in range(9):
                    connections.enter_context(socket.create_connection(server.getsockname()))
                assert "tcp:127.0.0.1:%d" % port in connection_facts(here, {"tcp": [], "unix": []})["by_peer"]
        assert (entry["address"], entry["pid"], entry["backlog"], entry["v6only"]) == (
            "127.0.0.1",
            os.getpid(),
            9,
            False,
        )

    @staticmethod
    def unix(here, path):
        return next(entry for entry in listener_facts(here, Processes(here))["unix"] if entry["path"] == path)


def test_of_ever_more_listeners_so_many_are_facts(host, monkeypatch):
    monkeypatch.setattr(listeners_module, "MOST", 1)
    found = listener_facts(host, Processes(host))
    assert (len(found["tcp"]), len(found["unix"])) == (1, 1)
    assert host.unknown[-1] == {"missing": "listeners", "why": "there are more than 1 of a kind, which were read"}
