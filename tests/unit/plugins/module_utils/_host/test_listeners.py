# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What listens: told by the kernel that runs this test, and by the files of one that refuses netlink."""

import os
import socket
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host, Ran
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.connections import connection_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import listener_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listening_sockets import (
    parse_proc_tcp,
    parse_proc_unix,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_file import parse_acl, socket_file
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


def test_without_netlink_the_files_of_proc_tell(host):
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
    (fpm,) = listener_facts(host, Processes(host))["unix"]
    assert (fpm["pid"], fpm["user"], fpm["unit"]) == (70, "root", "php8.2-fpm.service")


def test_a_socket_that_only_systemd_holds_is_systemds(host):
    for pid in (60, 70):
        os.remove(host.path("/proc/%d/fd/0" % pid))
    assert listener_facts(host, Processes(host))["unix"][0]["pid"] == 1


def test_what_cannot_be_read_is_unknown_and_not_empty(host):
    os.remove(host.path("/proc/net/unix"))
    assert listener_facts(host, Processes(host)) is None
    assert host.unknown == [{"missing": "listeners", "why": "/proc/net/unix cannot be read"}]
    assert connection_facts(host, None) is None


def test_a_relative_name_is_where_the_daemon_works(host):
    host.write("/proc/net/unix", UNIX.replace("/run/php/php8.2-fpm.sock", "run/app.sock"))
    host.link("/proc/70/cwd", "/srv/app")
    assert listener_facts(host, Processes(host))["unix"][0]["path"] == "/srv/app/run/app.sock"


def test_a_file_that_may_not_be_seen_is_not_said_to_be_missing(host, monkeypatch):
    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "stat", refuse)
    found = socket_file(host, "/root/s.sock", 7, Accounts(host))
    assert set(found.values()) == {None}


def test_an_acl_is_told_as_far_as_its_mask_allows(host):
    everybody = 0xFFFFFFFF
    entries = ((1, 6, everybody), (2, 6, 33), (4, 6, everybody), (8, 7, 5), (16, 4, everybody), (32, 0, everybody))
    raw = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    assert parse_acl(raw, Accounts(host)) == ["u:www-data:r", "g::r", "g:5:r"]
    assert parse_acl(raw[: 4 + 8], Accounts(host)) is None


def test_peers_are_counted_by_the_ports_that_they_take(host, monkeypatch):
    answers = {
        socket.AF_INET: [(netlink.TCP_ESTABLISHED, "10.0.0.2", 7080)] * 2 + [(netlink.TCP_TIME_WAIT, "10.0.0.2", 7080)],
        socket.AF_INET6: [(netlink.TCP_TIME_WAIT, "fd00::2", 80)],
    }
    asked = []
    monkeypatch.setattr(netlink, "outgoing", lambda family, skipped: asked.append(skipped) or answers[family])
    found = connection_facts(host, {"tcp": [{"port": 80}], "unix": []})
    assert found == {"time_wait": 2, "established": 2, "by_peer": {"tcp:10.0.0.2:7080": 3, "tcp:[fd00::2]:80": 1}}
    assert asked == [frozenset([80])] * 2


def test_lsof_tells_where_there_is_no_proc(tmp_path):
    answers = {
        "lsof -nP -iTCP": "p71\nn*:8080\np72\nn*:8080\nn[::1]:9000\n",
        "lsof -nP -U": "p71\nn/opt/app.sock\nn->0xabc\n",
        "ps ": "71 1 0 0 900 Ss Sat Nov 22 14:35:00 2025 nginx: master process nginx\n72 71 0 0 900 S Sat Nov 22 14:36:00 2025 nginx: worker\n",
    }
    host = FakeHost(tmp_path, answers)
    found = listener_facts(host, Processes(host))
    assert [(entry["address"], entry["port"], entry["pid"]) for entry in found["tcp"]] == [
        (EVERYWHERE, 8080, 71),
        ("::1", 9000, 72),
    ]
    assert [(entry["path"], entry["pid"], entry["backlog"]) for entry in found["unix"]] == [("/opt/app.sock", 71, None)]


def test_without_lsof_nothing_is_claimed(tmp_path):
    host = FakeHost(tmp_path, {"ps": Ran(0, "", "", None)})
    assert listener_facts(host, Processes(host)) is None
    assert host.unknown[-1]["missing"] == "listeners"


@given(some.text(max_size=300))
def test_no_text_in_proc_stops_the_look(text):
    for parse in (parse_proc_tcp, parse_proc_unix):
        assert all(entry.inode >= 0 for entry in parse("head\n" + text))


@linux_only
class TestThisKernel:
    @pytest.fixture
    def here(self):
        return Host()

    def test_a_unix_socket_is_told_with_its_queue_and_file(self, here, tmp_path):
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

    def test_a_tcp_socket_is_told_with_its_owner(self, here):
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen(9)
            port = server.getsockname()[1]
            listeners = listener_facts(here, Processes(here))
            (entry,) = [entry for entry in listeners["tcp"] if entry["port"] == port]
            with socket.create_connection(server.getsockname()):
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
