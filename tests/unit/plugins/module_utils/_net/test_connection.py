# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import contextlib
import errno
import os
import socket
import ssl
import threading

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import parse_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net import connection
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.net import says, silent


def dial(*addresses, seconds=30.0):
    targets = [target for address in addresses for target in connection.targets_of(parse_address(address))]
    dialled = connection.dial(targets, Deadline(seconds))
    for one in dialled:
        if one.sock is not None:
            one.sock.close()
    return dialled


def test_each_target_has_its_own_outcome_in_order(peer, closed_port, tmp_path):
    open_port, unix = peer(silent), peer(silent, unix="a.sock")
    stale = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(stale))
    result = dial(
        "tcp:127.0.0.1:%d" % closed_port,
        open_port.address,
        unix.address,
        "unix:%s/gone.sock" % tmp_path,
        "unix:%s" % stale,
    )
    assert [one.errno for one in result] == [errno.ECONNREFUSED, None, None, errno.ENOENT, errno.ECONNREFUSED]
    assert [one.sock is not None for one in result] == [False, True, True, False, False]
    assert result[0].error == os.strerror(errno.ECONNREFUSED)
    assert all(0 <= one.seconds < 30 for one in result)


def test_a_full_queue_of_a_unix_socket_is_reported_at_once(tmp_path):
    path = str(tmp_path / "full.sock")
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as first:
        listening.bind(path)
        listening.listen(0)
        first.connect(path)
        (result,) = dial("unix:" + path)
    assert result.errno == errno.EAGAIN
    assert result.seconds < 30


def test_no_answer_in_time_is_a_timeout():
    # A full queue of a TCP socket drops the next handshake, as a firewall does.
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        with socket.socket() as first, socket.socket() as second:
            for sock in (first, second):
                sock.setblocking(False)
                sock.connect_ex(listening.getsockname())
            (result,) = dial("tcp:127.0.0.1:%d" % listening.getsockname()[1], seconds=0.2)
    assert (result.sock, result.errno) == (None, errno.ETIMEDOUT)
    assert 0 < result.seconds < 30


def test_a_path_that_fits_no_socket_is_an_error_like_any_other():
    (result,) = dial("unix:/" + "x" * 200)
    assert result.errno == errno.ENAMETOOLONG


def test_a_socket_that_met_itself_is_a_closed_port(closed_port):
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.connect(sock.getsockname())
    target = connection.Target("tcp:127.0.0.1:1", socket.AF_INET, sock.getsockname())
    result = connection._dialled(target, sock, 0, 0.1)
    assert (result.sock, result.errno) == (None, errno.ECONNREFUSED)


def read_all(data, **limits):
    ours, theirs = socket.socketpair()
    with ours, theirs:

        def answer():
            with contextlib.suppress(OSError):
                theirs.sendall(data)
                theirs.shutdown(socket.SHUT_WR)

        threading.Thread(target=answer, daemon=True).start()
        reader = connection.Reader(ours, Deadline(30), **limits)
        while reader.more():
            pass
        return bytes(reader.data)


def test_a_reader_reads_to_the_end():
    assert read_all(b"x" * 100000) == b"x" * 100000


def test_a_reader_stops_at_its_limit():
    with pytest.raises(ValueError, match="more than 1000 bytes"):
        read_all(b"x" * 5000, limit=1000)


def test_a_reader_stops_at_its_deadline():
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(socket.timeout) as stopped:
        connection.Reader(ours, Deadline(0.05)).more()
    assert connection.explain(stopped.value, Deadline(0.05)) == "no answer in 0.05 seconds"


@pytest.mark.parametrize(
    "error,ended",
    [
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), "closed"),
        (ssl.SSLZeroReturnError(6, "TLS/SSL connection has been closed"), "closed"),
        (ConnectionResetError(104, "Connection reset by peer"), "reset"),
        (BrokenPipeError(32, "Broken pipe"), "reset"),
        (socket.timeout("timed out"), "late"),
        (connection.Endless("more than 9 bytes"), "endless"),
        (ValueError("not an HTTP reply"), None),
        (ssl.SSLError(1, "tlsv13 alert certificate required"), None),
        (OSError(5, "Input/output error"), None),
    ],
)
def test_how_an_error_ends_an_exchange(error, ended):
    assert connection.ended_by(error) == ended


def test_a_request_is_sent_whole(peer):
    echo = peer(says(b"done", after=b"END"))
    with socket.create_connection(("127.0.0.1", echo.port)) as sock:
        connection.send(sock, b"x" * 300000 + b"END", Deadline(30))
        reader = connection.Reader(sock, Deadline(30))
        assert reader.more() and bytes(reader.data) == b"done"
