# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._net import dns_message

ASKED = dns_message.question(0x1234, "app.example", dns_message.A)


def answer(records, flags=0x8180, asked=ASKED, count=None):
    return (
        asked[:2]
        + struct.pack(">HHHHH", flags, 1, len(records) if count is None else count, 0, 0)
        + asked[12:]
        + b"".join(records)
    )


def record(kind, data, name=b"\xc0\x0c"):
    return name + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


def test_a_question():
    assert ASKED == b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03app\x07example\x00\x00\x01\x00\x01"
    assert dns_message.question(1, "app.example.", dns_message.A)[12:] == ASKED[12:]
    assert b"\x0exn--bcher-kva-" not in dns_message.question(1, "bücher.example", dns_message.A)
    assert b"xn--bcher-kva" in dns_message.question(1, "bücher.example", dns_message.A)


@pytest.mark.parametrize("name", ["", ".", "a..b", "x" * 64 + ".example", ".".join(["x" * 60] * 5)])
def test_what_is_no_name_is_not_asked(name):
    with pytest.raises(ValueError):
        dns_message.question(1, name, dns_message.A)


def test_addresses_behind_an_alias():
    alias = record(5, b"\x03www\xc0\x0c")
    got = dns_message.response(
        answer(
            [
                alias,
                record(1, b"\x0a\x00\x00\x02"),
                record(1, b"\x0a\x00\x00\x03", b"\x03www\xc0\x0c"),
                record(28, b"\0" * 16),
            ]
        ),
        ASKED,
    )
    assert got == dns_message.Response(0, False, ("10.0.0.2", "10.0.0.3"))


def test_ipv6():
    asked = dns_message.question(7, "app.example", dns_message.AAAA)
    assert dns_message.response(answer([record(28, b"\0" * 15 + b"\x01")], asked=asked), asked).addresses == ("::1",)


@pytest.mark.parametrize(
    ("flags", "rcode", "truncated"), [(0x8183, 3, False), (0x8182, 2, False), (0x8185, 5, False), (0x8380, 0, True)]
)
def test_codes_and_flags(flags, rcode, truncated):
    assert dns_message.response(answer([], flags), ASKED) == dns_message.Response(rcode, truncated, ())


@pytest.mark.parametrize(
    "message",
    [
        b"",
        ASKED,
        b"\x99\x99" + answer([])[2:],
        answer([], asked=dns_message.question(0x1234, "bad.example", dns_message.A)),
        answer([record(1, b"\x0a\x00")]),
        answer([], count=3),
        answer([record(1, b"\x0a\x00\x00\x02")])[:-2],
        answer([b"\x3f" + b"x" * 10]),
    ],
)
def test_what_is_no_response_to_our_question_is_dropped(message):
    assert dns_message.response(message, ASKED) is None


@given(st.binary(max_size=200))
def test_no_message_breaks_the_reader(data):
    got = dns_message.response(answer([], count=5) + data, ASKED)
    assert got is None or len(got.addresses) <= 5
