# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import socket
import struct
import threading

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._net import resolve as net_resolve
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.dns_message import AAAA, A

V4, V6 = (A, b"\x0a\x00\x00\x02"), (AAAA, b"\0" * 15 + b"\x01")


def on_one_port():
    """A UDP and a TCP socket with one number. What is free for the one may be taken for the other: then another number."""
    while True:
        udp, tcp = socket.socket(type=socket.SOCK_DGRAM), socket.socket()
        tcp.bind(("127.0.0.1", 0))
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            udp.close()
            tcp.close()
        else:
            return udp, tcp


class Resolver:
    """A DNS server on loopback. zone: what to answer to each type: a list of records, a code, or None for silence."""

    def __init__(self, zone, truncated=False):
        self.zone, self.truncated = zone, truncated
        self.udp, self.tcp = on_one_port()
        self.tcp.listen(5)
        self.address = "127.0.0.1:%d" % self.udp.getsockname()[1]
        self.asked = []
        for serve in (self.over_udp, self.over_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def answer(self, question, truncated=False):
        kind = struct.unpack(">H", question[-4:-2])[0]
        self.asked.append(kind)
        # What a resolver that checks signatures has without that check.
        is_unchecked = struct.unpack(">H", question[2:4])[0] & 0x0010
        found = self.zone.get("unchecked" if is_unchecked else kind, [])
        if found is None:
            return None
        records = found if isinstance(found, list) and not truncated else []
        flags = 0x8180 | (0x0200 if truncated else 0) | (found if isinstance(found, int) else 0)
        body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data for kind, data in records)
        return question[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0) + question[12:] + body

    def over_udp(self):
        while True:
            try:
                question, sender = self.udp.recvfrom(4096)
            except OSError:
                return
            answer = self.answer(question, self.truncated)
            if answer:
                self.udp.sendto(b"\x00\x00" + answer[2:], sender)
                self.udp.sendto(answer, sender)

    def over_tcp(self):
        while True:
            try:
                connection, _sender = self.tcp.accept()
            except OSError:
                return
            with connection:
                answer = self.answer(connection.recv(4096)[2:])
                connection.sendall(struct.pack(">H", len(answer)))
                connection.sendall(answer)

    def close(self):
        self.udp.close()
        self.tcp.close()


@pytest.fixture(name="resolver")
def _resolver():
    made = []

    def make(*arguments, **named):
        made.append(Resolver(*arguments, **named))
        return made[-1]

    yield make
    for one in made:
        one.close()


def ask(address, name="app.example", timeout=30.0):
    return net_resolve.by_resolver(name, address, timeout)


@pytest.mark.parametrize(
    ("zone", "addresses", "error"),
    [
        ({A: [V4], AAAA: [V6]}, ["10.0.0.2", "::1"], None),
        ({A: [V4]}, ["10.0.0.2"], None),
        ({}, [], "no address"),
        ({A: 3, AAAA: 3}, [], "NXDOMAIN"),
        ({A: 2, AAAA: 2}, [], "SERVFAIL"),
        ({A: 5, AAAA: 5}, [], "REFUSED"),
        ({A: 9, AAAA: 9}, [], "rcode 9"),
        ({A: [V4], AAAA: 2}, ["10.0.0.2"], "AAAA SERVFAIL"),
        ({A: [V4], AAAA: 3}, ["10.0.0.2"], "AAAA NXDOMAIN"),
    ],
)
def test_a_resolver_is_asked_itself(resolver, zone, addresses, error):
    assert ask(resolver(zone).address) == (addresses, error)


@pytest.mark.parametrize(
    ("unchecked", "error"),
    [
        ([V4], "SERVFAIL (DNSSEC: 10.0.0.2 without its check)"),
        (2, "A SERVFAIL, AAAA REFUSED"),
        (None, "A SERVFAIL, AAAA REFUSED"),
    ],
)
def test_what_a_resolver_refuses_is_asked_for_without_its_check(resolver, unchecked, error):
    at = resolver({A: 2, AAAA: 5, "unchecked": unchecked}).address
    assert net_resolve.by_resolver("app.example", at, 0.5) == ([], error)


def test_silence_is_a_timeout_after_a_second_try(resolver):
    mute = resolver({A: None, AAAA: None})
    assert ask(mute.address, timeout=0.2) == ([], "timeout")
    assert sorted(mute.asked) == [A, A, AAAA, AAAA]


def test_a_truncated_answer_is_asked_for_again_over_tcp(resolver):
    assert ask(resolver({A: [V4] * 40, AAAA: []}, truncated=True).address) == (["10.0.0.2"], None)


def test_a_closed_port():
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    assert ask("127.0.0.1:%d" % port) == ([], "Connection refused (111)")


def test_what_cannot_be_asked(resolver):
    assert ask("no/resolver") == ([], "resolver: not the address of a resolver")
    assert ask(resolver({}).address, name="a..b") == ([], "not a name that can be looked up")


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("127.0.0.53", ("127.0.0.53", 53)),
        ("10.0.0.1:5353", ("10.0.0.1", 5353)),
        ("[::1]", ("::1", 53)),
        ("[::1]:5353", ("::1", 5353)),
        ("::1", ("::1", 53)),
        ("dns.example", ("dns.example", 53)),
    ],
)
def test_resolvers_as_nginx_writes_them(text, server):
    assert net_resolve.server(text)[:2] == server


@pytest.mark.parametrize("text", ["", "a:b", "10.0.0.1:0", "10.0.0.1:70000", "[::1", "1:2:x"])
def test_what_is_no_resolver(text):
    with pytest.raises(ValueError, match="not the address of a resolver"):
        net_resolve.server(text)


def test_libc_is_asked_first():
    assert net_resolve.resolve(["127.0.0.1"]) == [
        {"name": "127.0.0.1", "addresses": ["127.0.0.1"], "error": None, "resolver": None}
    ]


def test_each_resolver_is_asked_after_libc(resolver, monkeypatch):
    monkeypatch.setattr(net_resolve, "by_libc", lambda name: (["10.0.0.9"], None))
    asked = resolver({A: [V4]}).address
    found = net_resolve.resolve(["a.example", "b.example"], [asked])
    assert [(entry["name"], entry["resolver"], entry["addresses"]) for entry in found] == [
        ("a.example", None, ["10.0.0.9"]),
        ("a.example", asked, ["10.0.0.2"]),
        ("b.example", None, ["10.0.0.9"]),
        ("b.example", asked, ["10.0.0.2"]),
    ]


def test_libc_s_error_is_reported(monkeypatch):
    def nothing(*_arguments):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    assert net_resolve.resolve(["gone.example"])[0] == {
        "name": "gone.example",
        "addresses": [],
        "error": "Name or service not known",
        "resolver": None,
    }


def test_a_hanging_libc_is_unknown_and_not_a_missing_name(monkeypatch):
    monkeypatch.setattr(net_resolve, "by_libc", lambda _name: threading.Event().wait())
    (late,) = net_resolve.resolve(["slow.example"], deadline=0.1)
    assert late == {"name": "slow.example", "addresses": None, "error": "not done within 0.1 seconds", "resolver": None}


def test_no_names_no_questions():
    assert net_resolve.resolve([], ["127.0.0.53"]) == []
