# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a log gains after a mark: all of it and nothing else, also where it is rotated meanwhile."""

import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs import tail as logs_tail
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.tail import ErrorLogTail, Tail
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.log_host import ERROR_LOG, LogHost, refused


@pytest.fixture
def host(tmp_path):
    return LogHost(tmp_path)


def test_only_what_came_since_the_mark(host):
    host.write(ERROR_LOG, refused(path="/before"))
    tail = ErrorLogTail(host, ERROR_LOG)
    assert tail.mark() and tail.lines() == []
    host.write(ERROR_LOG, refused(path="/after") + "no line of nginx\n")
    assert [line.request.path for line in tail.lines()] == ["/after"]


def test_a_line_that_a_visitor_wrote_by_a_newline_is_left_out(host):
    tail = ErrorLogTail(host, ERROR_LOG)
    host.write(ERROR_LOG, "")
    tail.mark()
    around = (
        refused().split(" connect()")[0] + ' open() "/var/www/\n',
        '" failed (2: x), client: 192.0.2.1, server: a, request: "GET /%0A"\n',
    )
    host.write(ERROR_LOG, refused(path="/own") + around[0] + refused(path="/forged") + around[1])
    assert [line.request.path for line in tail.lines()] == ["/own"]


def test_a_log_rotated_or_emptied_since_is_read_from_its_beginning(host):
    host.write(ERROR_LOG, refused(path="/before") * 3)
    tail = ErrorLogTail(host, ERROR_LOG)
    tail.mark()
    os.truncate(host.path(ERROR_LOG), 0)
    host.write(ERROR_LOG, refused(path="/emptied"))
    assert [line.request.path for line in tail.lines()] == ["/emptied"]
    tail.mark()
    os.rename(host.path(ERROR_LOG), host.path(ERROR_LOG + ".1"))
    host.write(ERROR_LOG, refused(path="/rotated") * 5)
    assert [line.request.path for line in tail.lines()] == ["/rotated"] * 5


def test_a_log_that_is_not_there(host):
    tail = ErrorLogTail(host, ERROR_LOG)
    assert not tail.mark()
    assert tail.lines() == []
    host.write(ERROR_LOG, refused(path="/first"))
    assert [line.request.path for line in tail.lines()] == ["/first"]


def test_a_flood_is_bounded(host):
    tail = ErrorLogTail(host, ERROR_LOG)
    host.write(ERROR_LOG, "")
    tail.mark()
    host.write(ERROR_LOG, refused() * 5000)
    assert 0 < len(tail.lines()) < 2000


@pytest.mark.parametrize("rotated", [".1", "-20260102"])
def test_lines_written_before_a_rotation_are_not_lost(host, rotated):
    host.write(ERROR_LOG, "old\n")
    tail = Tail(host, ERROR_LOG)
    host.write(ERROR_LOG, "before\n")
    os.rename(host.path(ERROR_LOG), host.path(ERROR_LOG + rotated))
    assert tail.added() == b"before\n"
    host.write(ERROR_LOG, "after\n")
    assert tail.added() == b"before\nafter\n"


def test_another_rotated_file_is_not_the_one_that_was_marked(host):
    host.write(ERROR_LOG + ".1", "long ago, and longer\n")
    host.write(ERROR_LOG, "old\n")
    tail = Tail(host, ERROR_LOG)
    os.rename(host.path(ERROR_LOG), host.path("/moved"))
    assert tail.added() == b""
    host.write(ERROR_LOG, "new\n")
    assert tail.added() == b"new\n"


def test_only_whole_lines_are_kept_of_a_flood(host, monkeypatch):
    monkeypatch.setattr(logs_tail, "TAIL_LIMIT", 10)
    tail = Tail(host, ERROR_LOG)
    host.write(ERROR_LOG, "1234\n6789\n")
    assert tail.added() == b"1234\n6789\n"
    host.write(ERROR_LOG, "abc\n")
    assert tail.added() == b"6789\nabc\n"


def test_a_log_that_is_a_fifo_gains_nothing(host):
    os.makedirs(os.path.dirname(host.path(ERROR_LOG)))
    os.mkfifo(host.path(ERROR_LOG))
    assert Tail(host, ERROR_LOG).added() == b""


class TestHeld:
    """The log's writer is this process, which does not know of a rotation."""

    @pytest.fixture
    def log(self, tmp_path):
        path = str(tmp_path / "error.log")
        with open(path, "w", encoding="utf-8") as writer:
            os.rename(path, path + ".1")
            yield path, writer

    def test_both_files_count(self, log):
        path, writer = log
        tail = Tail(Host(), path, os.getpid())
        writer.write("to the old one\n")
        writer.flush()
        with open(path, "w", encoding="utf-8") as new:
            new.write("to the new one\n")
        assert tail.added() == b"to the old one\nto the new one\n"

    def test_a_descriptor_that_is_another_files_by_now_is_not_read(self, log, tmp_path):
        path, writer = log
        tail = Tail(Host(), path, os.getpid())
        with open(str(tmp_path / "body"), "w+", encoding="utf-8") as body:
            body.write("a visitor's words\n")
            body.flush()
            os.dup2(body.fileno(), writer.fileno())
        assert tail.added() == b""
