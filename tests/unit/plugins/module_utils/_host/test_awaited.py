# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom processes wait for: the other ends of their connections, and holders of locks."""

import os
import socket

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import awaited, netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.awaited import Waits
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.netlink import TcpTalk, UnixConnection
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ROW = "   0: %s %s %s 00000000:00000000 00:00000000 00000000  1000        0 %d 1 0000000000000000 100 0 0 10 0\n"
DATABASE, OWN, SILENT = "0100007F:0CEA", "0100007F:9C40", "0700000A:0CEA"


@pytest.fixture(autouse=True)
def unix(monkeypatch):
    """The connections over unix sockets of the host; none unless a test adds some."""
    found = []
    monkeypatch.setattr(netlink, "unix_connections", lambda: iter(found))
    return found


@pytest.fixture(autouse=True)
def talks(monkeypatch):
    """What was said over each TCP connection; nothing unless a test adds some."""
    found = []
    monkeypatch.setattr(netlink, "tcp_talks", lambda family: iter(found if family == socket.AF_INET else ()))
    return found


@pytest.fixture
def host(tmp_path):
    made = FakeHost(tmp_path)
    made.process(1, "init", parent=0)
    made.process(70, "mariadbd")
    made.write("/proc/70/stat", made.read("/proc/70/stat").replace(") S ", ") T "))
    for pid in (91, 92, 93):
        made.process(pid, "php-fpm: pool www", fds=[500 + pid])
    return made


def listeners(*tcp, **unix):
    return {
        "tcp": [
            {"address": address, "port": port, "pid": pid, "queue": 0, "process": "x"} for address, port, pid in tcp
        ],
        "unix": [
            {"path": path, "pid": pid, "queue": queue, "process": process}
            for path, pid, queue, process in unix.get("unix", ())
        ],
    }


def waits(host, found=None):
    return [
        {key: value for key, value in one.items() if value not in (None, 0)}
        for one in Waits(host, Processes(host), found or listeners()).of([91, 92, 93])
    ]


def tcp(host, *rows):
    host.write("/proc/net/tcp", HEAD + "".join(ROW % row for row in rows))


def test_a_stopped_process_on_the_host_goes_before_what_more_of_them_have(host):
    tcp(host, (OWN, DATABASE, "01", 591), (OWN, DATABASE, "01", 592), (OWN, "0900000A:1538", "01", 593))
    assert waits(host, listeners(("0.0.0.0", 3306, 70))) == [  # noqa: S104 - read, not bound
        {"address": "tcp:127.0.0.1:3306", "processes": 2, "process": "mariadbd", "pid": 70, "state": "T"},
        {"address": "tcp:10.0.0.9:5432", "processes": 1},
    ]


def test_what_takes_no_connection_goes_first(host):
    tcp(host, (OWN, DATABASE, "01", 591), (OWN, DATABASE, "01", 592), (OWN, SILENT, "02", 593))
    assert waits(host)[0] == {"address": "tcp:10.0.0.7:3306", "processes": 1, "connecting": 1}


@pytest.mark.parametrize(
    ("talk", "waits_in", "seconds"),
    [
        (TcpTalk(sent=9000, received=9040, acknowledged=8960, packets_in=1, packets_out=1), "ep_poll", 9.0),
        (TcpTalk(sent=9000, received=9000, acknowledged=9000, packets_in=0, packets_out=0), "ep_poll", 9.0),
        (TcpTalk(sent=9000, received=9000, acknowledged=9000, packets_in=1, packets_out=1), "tcp_recvmsg", None),
        (TcpTalk(sent=9000, received=9000, acknowledged=9000, packets_in=1, packets_out=1), "ep_poll", "idle"),
        (TcpTalk(sent=9000, received=9000, acknowledged=9000, packets_in=1, packets_out=1), "futex_wait", "idle"),
        (TcpTalk(sent=9004, received=9000, acknowledged=9000, packets_in=1, packets_out=1), "tcp_recvmsg", "idle"),
        (TcpTalk(sent=20, received=30, acknowledged=20, packets_in=1, packets_out=1), "tcp_recvmsg", "idle"),
    ],
    ids=["asked", "first word", "reads", "any event", "other thread", "answered", "just asked"],
)
def test_who_owes_an_answer_is_awaited(host, talks, talk, waits_in, seconds):
    host.write("/proc/91/wchan", waits_in)
    tcp(host, (OWN, SILENT, "01", 591))
    talks.append((591, 40000, talk))
    found = [] if seconds == "idle" else [{"address": "tcp:10.0.0.7:3306", "processes": 1, "seconds": seconds}]
    assert waits(host) == [{key: value for key, value in one.items() if value} for one in found]


def test_a_process_that_has_run_on_meanwhile_waits_for_nobody(host):
    host.write("/proc/1/wchan", "ep_poll")
    host.write("/proc/91/wchan", "0")
    tcp(host, (OWN, SILENT, "01", 591))
    assert waits(host) == []


@pytest.mark.parametrize(
    ("packets_in", "found"),
    [(7, [{"address": "tcp:10.0.0.7:3306", "processes": 1, "seconds": 9.5}]), (8, [])],
    ids=["nothing came", "it was answered"],
)
def test_a_connection_that_others_go_on_asking_over_is_read_once_more(host, talks, monkeypatch, packets_in, found):
    tcp(host, (OWN, SILENT, "01", 591))
    talks.append((591, 40000, TcpTalk(sent=20, received=9000, acknowledged=20, packets_in=7, packets_out=9)))
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        talks[:] = [
            (591, 40000, TcpTalk(sent=10, received=9500, acknowledged=10, packets_in=packets_in, packets_out=15))
        ]

    monkeypatch.setattr(awaited.time, "sleep", sleep)
    assert waits(host) == found
    assert len(slept) == 1 and 0.0 < slept[0] <= 0.5


def test_a_process_that_computes_waits_for_nobody_that_does_not_owe_an_answer(host):
    host.write("/proc/91/stat", host.read("/proc/91/stat").replace(") S ", ") R "))
    tcp(host, (OWN, DATABASE, "01", 591))
    assert waits(host) == []


def test_connections_that_others_made_and_that_have_ended_are_left_out(host):
    tcp(host, ("0100007F:2328", OWN, "01", 591), (OWN, DATABASE, "06", 592))
    assert waits(host, listeners(("127.0.0.1", 9000, 91))) == []


def test_a_name_server_is_asked_over_udp(host):
    host.write(
        "/proc/net/udp", HEAD + ROW % (OWN, "3500000A:0035", "01", 591) + ROW % (OWN, "3500000A:01BB", "01", 592)
    )
    assert waits(host) == [{"address": "udp:10.0.0.53:53", "processes": 1}]


def test_a_unix_socket_by_the_name_of_its_other_end(host, unix):
    unix += [
        UnixConnection("", 591, 800),
        UnixConnection("/run/db.sock", 800, 591),
        UnixConnection("/run/php.sock", 592, 900),
    ]
    assert waits(host, listeners(unix=[("/run/db.sock", 70, 0, "mariadbd")])) == [
        {"address": "unix:/run/db.sock", "processes": 1, "process": "mariadbd", "pid": 70, "state": "T"}
    ]


def test_the_journal_is_written_to_by_all(host, unix):
    unix += [UnixConnection("", 591, 800), UnixConnection("/run/systemd/journal/stdout", 800, 591)]
    assert waits(host) == []


@pytest.mark.parametrize(
    ("queues", "found"),
    [
        ([("/run/db.sock", 70, 3, "mariadbd"), ("/run/php.sock", 91, 9, "php-fpm8.2")], ["unix:/run/db.sock"]),
        ([("/run/db.sock", 70, 3, "mariadbd"), ("/run/other.sock", 71, 1, "other")], []),
        ([], []),
    ],
)
def test_a_connection_that_was_not_accepted_leads_where_one_queue_alone_is(host, unix, queues, found):
    unix += [UnixConnection("", 591, 0)]
    assert [one["address"] for one in waits(host, listeners(unix=queues))] == found


def test_without_netlink_the_rest_is_seen(host, monkeypatch):
    def refused():
        raise OSError("not permitted")

    monkeypatch.setattr(netlink, "unix_connections", refused)
    tcp(host, (OWN, DATABASE, "01", 591))
    assert len(waits(host)) == 1
    assert host.unknown[-1]["missing"] == "unix connections"


def test_a_lock_with_its_holder(host):
    host.write("/srv/a.lock", "")
    host.link("/proc/91/fd/7", host.path("/srv/a.lock"))
    number = os.stat(host.path("/srv/a.lock")).st_ino
    host.write(
        "/proc/locks",
        "1: POSIX  ADVISORY  READ 92 00:e9:7 1 1\n17: FLOCK  ADVISORY  WRITE 70 00:7e:%d 0 EOF\n"
        "17: -> FLOCK  ADVISORY  WRITE 91 00:7e:%d 0 EOF\n17:  -> FLOCK  ADVISORY  WRITE 92 00:7e:%d 0 EOF\n"
        % ((number,) * 3),
    )
    (lock,) = waits(host)
    assert (lock["processes"], lock["process"], lock["pid"], lock["state"]) == (2, "mariadbd", 70, "T")
    assert "address" not in lock and lock["file"].endswith("/srv/a.lock")


def test_of_a_session_only_that_it_is_one_is_told(host):
    path = "/var/lib/php/sessions/sess_4711abc"
    host.write(path, "")
    host.link("/proc/91/fd/7", host.path(path))
    number = os.stat(host.path(path)).st_ino
    host.write(
        "/proc/locks",
        "1: FLOCK  ADVISORY  WRITE 70 00:7e:%d 0 EOF\n1: -> FLOCK  ADVISORY  WRITE 91 00:7e:%d 0 EOF\n"
        % ((number,) * 2),
    )
    (lock,) = waits(host)
    assert lock["file"].endswith("/sessions/sess_***")
