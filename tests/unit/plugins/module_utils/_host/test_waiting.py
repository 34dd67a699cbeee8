# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers whose processes have requests that they do not answer, with whom they wait for."""

import socket

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.awaited import Waits
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.netlink import TcpTalk, UnixConnection
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.waiting import add_waiting
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ROW = "   0: %s %s %s 00000000:00000000 00:00000000 00000000  1000        0 %d 1 0000000000000000 100 0 0 10 0\n"
ASKED = TcpTalk(sent=9000, received=9000, acknowledged=9000, packets_in=1, packets_out=0)
ANSWERED = TcpTalk(sent=8000, received=9000, acknowledged=8000, packets_in=1, packets_out=1)
IDLE = TcpTalk(sent=9000, received=8000, acknowledged=8000, packets_in=1, packets_out=1)
OWES = TcpTalk(sent=8900, received=8990, acknowledged=8860, packets_in=1, packets_out=2)


@pytest.fixture
def host(tmp_path):
    """gunicorn with two workers, each with a request (inodes 501, 502) and a connection to 10.0.0.7:6379 (601, 602)."""
    made = FakeHost(tmp_path)
    made.process(1, "init", parent=0)
    made.process(80, "gunicorn: master", name="gunicorn: maste")
    for pid, number in ((81, 1), (82, 2)):
        made.process(pid, "gunicorn: worker", name="gunicorn: worke", parent=80, fds=[500 + number, 600 + number])
    made.process(83, "convert a.png", parent=81)
    rows = [("0100007F:9C40", "0700000A:18EB", "01", 600 + number) for number in (1, 2)]
    made.write("/proc/net/tcp", HEAD + "".join(ROW % row for row in rows))
    return made


def listener(**more):
    return {"address": "127.0.0.1", "port": 8000, "pid": 80, "process": "gunicorn", "waiting": None, "queue": 0, **more}


def looked(host, monkeypatch, one, talks=(), unix=(), upstreams=()):
    """The listener as the look shows it. talks: inode, port and what was said."""
    monkeypatch.setattr(netlink, "tcp_talks", lambda family: iter(talks if family == socket.AF_INET else ()))
    monkeypatch.setattr(netlink, "unix_connections", lambda: iter(unix))
    listeners = {"tcp": [one] if "port" in one else [], "unix": [one] if "path" in one else []}
    add_waiting(Waits(host, Processes(host), listeners), listeners, upstreams)
    return one["waiting"]


def test_workers_with_a_request_and_whom_they_wait_for(host, monkeypatch):
    talks = [(501, 8000, ASKED), (502, 8000, ANSWERED), (601, 40000, OWES), (602, 40002, OWES)]
    found = looked(host, monkeypatch, listener(), talks)
    assert (found["workers"], found["busy"]) == (2, 1)
    (one,) = found["awaited"]
    assert (one["address"], one["processes"], one["seconds"]) == ("tcp:10.0.0.7:6379", 1, 8.9)


def test_a_server_of_one_process(host, monkeypatch):
    one = listener(pid=81, process="node")
    assert looked(host, monkeypatch, one, [(501, 8000, ASKED), (601, 40000, OWES)])["workers"] == 1


@pytest.mark.parametrize(
    ("talks", "more"),
    [
        ([(501, 8000, ANSWERED), (601, 40000, OWES)], {}),
        ([(501, 8000, ASKED), (601, 40000, IDLE)], {}),
        ([(501, 8000, ASKED._replace(received=200)), (601, 40000, OWES)], {}),
        ([(501, 8001, ASKED), (601, 40000, OWES)], {}),
        ([(501, 8000, ASKED), (601, 40000, OWES)], {"process": "nginx"}),
        ([(501, 8000, ASKED), (601, 40000, OWES)], {"pid": None}),
        ([(501, 8000, ASKED), (601, 40000, OWES)], {"pid": 4711}),
        ([(777, 8000, ASKED), (601, 40000, OWES)], {}),
    ],
    ids=["all answered", "nobody owes", "just asked", "other port", "nginx", "not seen", "gone", "not accepted"],
)
def test_nothing_where_nobody_waits_or_it_cannot_be_seen(host, monkeypatch, talks, more):
    assert looked(host, monkeypatch, listener(**more), talks) is None


@pytest.mark.parametrize(("upstream", "seen"), [("unix:/run//shop.sock", True), ("unix:/run/other.sock", False)])
def test_a_request_over_a_unix_socket_that_nginx_passes_to(host, monkeypatch, upstream, seen):
    one = {**listener(), "path": "/var/run/shop.sock"}
    del one["port"]
    unix = [UnixConnection("/var/run/shop.sock", 501, 900), UnixConnection("", 900, 501)]
    found = looked(host, monkeypatch, one, [(601, 40000, OWES)], unix, [upstream])
    assert (found is not None) is seen


def test_where_the_kernel_shows_no_unix_sockets_nothing_is_said(host, monkeypatch):
    def refused():
        raise OSError("not permitted")

    one = {**listener(), "path": "/run/shop.sock"}
    del one["port"]
    monkeypatch.setattr(netlink, "unix_connections", refused)
    listeners = {"tcp": [], "unix": [one]}
    add_waiting(Waits(host, Processes(host), listeners), listeners, ["unix:/run/shop.sock"])
    assert one["waiting"] is None
    assert host.unknown[-1]["missing"] == "unix connections"


def test_without_listeners_nothing_is_asked(host):
    waits = Waits(host, Processes(host), None)
    known = list(host.unknown)
    add_waiting(waits, None, [])
    assert host.unknown == known
