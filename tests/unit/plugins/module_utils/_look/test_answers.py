# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import threading

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look import answers as look_answers
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import ask_all, ask_of, asks_of
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.net import over_tls, resets, says, silent

PAGE = b"HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\nbody"
BAD = b"HTTP/1.1 502 Bad Gateway\r\n\r\n"


def ask(url, timeout=30.0, **more):
    return ask_all([ask_of(dict({"url": url}, **more))], timeout, 60.0)[0]


def test_an_answer_has_the_contract_s_keys(peer):
    made = peer(says(PAGE))
    answer = ask("http://a.test/x?y=1", connect=made.address, route=7)
    seconds = answer.pop("seconds")
    assert 0 < seconds < 30
    assert answer == {
        "url": "http://a.test/x?y=1",
        "connect": made.address,
        "method": "GET",
        "proxy_protocol": False,
        "route": 7,
        "from": "host",
        "status": 200,
        "asked": 1,
        "error": None,
        "timed_out": False,
        "signature": None,
        "upstream": None,
        "server_header": "nginx",
        "header_bytes": 34,
        "client": "127.0.0.1",
        "log_read": None,
    }


def test_a_server_that_takes_http2_alone_is_asked_in_it(peer):
    def behaviour(connection):
        heard = connection.recv(1000)
        connection.sendall(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        while heard.startswith(b"PRI") and b"a.test" not in heard:
            heard += connection.recv(1000)
        connection.sendall(b"\x00\x00\x05\x01\x04\x00\x00\x00\x01\x48\x03502" if heard.startswith(b"PRI") else b"")

    answer = ask("http://a.test/x", connect=peer(behaviour).address)
    assert (answer["status"], answer["error"], answer["timed_out"]) == (502, None, False)


def test_what_is_sent(peer):
    heard = []

    def behaviour(connection):
        text = b""
        while b"\r\n\r\n" not in text:
            text += connection.recv(1000)
        heard.append(text)
        connection.sendall(PAGE)

    made = peer(behaviour)
    ask("http://a.test:8080/x?y=1#z", connect=made.address)
    ask("http://user:secret@127.0.0.1:%d/" % made.port)
    ask("http://a.test/", connect=made.address, proxy_protocol=True, method="HEAD")
    assert heard[0].startswith(b"GET /x?y=1 HTTP/1.1\r\nHost: a.test:8080\r\nUser-Agent: webops.bad_gateway\r\n")
    assert b"secret" not in heard[1] and b"Authorization" not in heard[1]
    line, _end, rest = heard[2].partition(b"\r\n")
    assert line.startswith(b"PROXY TCP4 127.0.0.1 127.0.0.1 ") and line.endswith(b" %d" % made.port)
    assert rest.startswith(b"HEAD / HTTP/1.1\r\n")


def test_what_a_server_calls_itself_is_bounded_and_printable(peer):
    answer = ask(
        "http://a.test/", connect=peer(says(b"HTTP/1.1 200 OK\r\nServer: \x1b[2J" + b"x" * 500 + b"\r\n\r\n")).address
    )
    assert answer["server_header"] == "\\x1b[2J" + "x" * 96


def test_credentials_are_not_told_again():
    assert ask_of("https://user:secret@a.test/x@y").url == "https://a.test/x@y"


def test_over_tls_and_over_a_unix_socket(peer):
    assert ask("https://a.test/", connect=peer(over_tls(says(PAGE))).address)["status"] == 200
    over_unix = ask("http://a.test/", connect=peer(says(PAGE), unix="a.sock").address)
    assert (over_unix["status"], over_unix["client"]) == (200, None)


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (says(b""), "connection closed without an answer"),
        (says(b"SSH-2.0-x\r\n"), "not an HTTP reply"),
        (resets, "reset by peer"),
    ],
)
def test_no_answer_says_why(peer, behaviour, error):
    answer = ask("http://a.test/", connect=peer(behaviour).address)
    assert (answer["status"], answer["timed_out"]) == (None, False)
    assert error in answer["error"]


def test_plain_http_where_tls_is_asked(peer):
    assert (
        ask("https://a.test/", connect=peer(says(BAD)).address)["error"]
        == "TLS handshake with nginx: wrong version number"
    )


def test_no_answer_in_time(peer):
    answer = ask("http://a.test/", timeout=0.1, connect=peer(silent).address)
    assert (answer["status"], answer["timed_out"], answer["error"]) == (None, True, "no answer in 0.1 seconds")


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"url": "ftp://a.test/"}, "begins with"),
        ({"connect": "127.0.0.1"}, "is not an address"),
        ({"connect": "unix:/nowhere/a.sock"}, "No such file or directory (2)"),
        ({"method": "POST", "connect": None}, "only GET and HEAD"),
    ],
)
def test_what_cannot_be_asked_says_why(peer, more, error):
    answer = ask(**dict({"url": "http://127.0.0.1:%d/" % peer(says(PAGE)).port}, **more))
    assert answer["status"] is None
    assert error in answer["error"]


def test_a_closed_port(closed_port):
    assert ask("http://127.0.0.1:%d/" % closed_port)["error"] == "Connection refused (111)"


def test_what_is_not_asked_in_time_says_so(peer):
    address = peer(silent).address
    answers = ask_all(
        [ask_of({"url": "http://a.test/%d" % number, "connect": address}) for number in range(6)], 60.0, 0.2
    )
    assert len(answers) == 6
    assert {answer["status"] for answer in answers} == {None}
    assert answers[5]["error"] == "not asked within 0.2 seconds"


@pytest.mark.parametrize("raw", [[{}], [{"connect": "unix:/x"}], [3], ["http://a.test/"] * 51])
def test_arguments_that_are_no_questions(raw):
    with pytest.raises(ValueError):
        asks_of(raw)


def test_few_are_asked_at_a_time(peer):
    now, most, lock = [0], [0], threading.Lock()
    full = threading.Barrier(look_answers.AT_ONCE)

    def behaviour(connection):
        connection.recv(1000)
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        full.wait(30)
        with lock:
            now[0] -= 1
        connection.sendall(PAGE)

    address = peer(behaviour).address
    answers = ask_all(
        [ask_of({"url": "http://a.test/%d" % number, "connect": address}) for number in range(12)], 30.0, 60.0
    )
    assert {answer["status"] for answer in answers} == {200}
    assert most[0] == look_answers.AT_ONCE == 4


class TestAskedSeveralTimes:
    def ask(self, peer, *replies, times=3):
        """The answer of a site that gives one reply after the other, and how many it gave."""
        left = list(replies)
        made = peer(lambda connection: connection.recv(1000) and connection.sendall(left.pop(0)))
        question = ask_of({"url": "http://a.test/", "connect": made.address})._replace(times=times)
        (answer,) = ask_all([question], 30.0, 60.0)
        assert answer["asked"] == len(replies) - len(left)
        return answer["status"], len(replies) - len(left)

    def test_the_worst_is_told(self, peer):
        gone = b"HTTP/1.1 404 Not Found\r\n\r\n"
        assert self.ask(peer, PAGE, gone, PAGE, PAGE) == (404, 3)

    @pytest.mark.parametrize("bad,asked", [(0, 1), (1, 2), (2, 3)])
    def test_a_failure_ends_it(self, peer, bad, asked):
        replies = [PAGE] * 3
        replies[bad] = BAD
        assert self.ask(peer, *replies) == (502, asked)

    @pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "429 Too Many Requests"])
    def test_who_is_refused_does_not_go_on(self, peer, status):
        refused = b"HTTP/1.1 %s\r\n\r\n" % status.encode()
        assert self.ask(peer, *[refused] * 5, times=5) == (int(status[:3]), 3)

    def test_it_ends_where_time_may_not_suffice(self, peer):
        seen = []

        def slow(connection):
            seen.append(connection.recv(1000))
            threading.Event().wait(0.5)
            connection.sendall(PAGE)

        question = ask_of({"url": "http://a.test/", "connect": peer(slow).address})._replace(times=3)
        ask_all([question], 30.0, 1.2)
        assert len(seen) == 1


def test_each_url_may_say_how_often_it_is_asked():
    assert [ask.times for ask in asks_of(["http://a/", {"url": "http://b/", "times": 1}], 3)] == [3, 1]


@pytest.mark.parametrize("times", [0, 11, "many", 1.5])
def test_no_url_is_asked_without_end(times):
    with pytest.raises(ValueError, match="times of http://b/ is %s" % times):
        asks_of([{"url": "http://b/", "times": times}])


def test_an_address_may_be_written_as_people_write_it(peer):
    address = peer(says(PAGE)).address
    answer = ask("http://a.test/", connect=address[len("tcp:") :])
    assert (answer["status"], answer["connect"]) == (200, address[len("tcp:") :])


@pytest.mark.parametrize("connect", ["127.0.0.1", "tcp:a", "run/a.sock", "a:b"])
def test_what_is_no_address_is_refused_before_anything_is_asked(connect):
    with pytest.raises(ValueError, match="%s is not an address: write" % connect):
        asks_of([{"url": "http://b/", "connect": connect}])
