# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import (
    Address,
    covers,
    given_address,
    is_loopback,
    parse_address,
    read_address,
    tcp_address,
)

ANY = "0.0.0.0"  # noqa: S104 - what others listen on


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp:10.0.0.2:7080", ("10.0.0.2", 7080, "")),
        ("tcp:[::1]:8080", ("::1", 8080, "")),
        ("tcp:app.example:80", ("app.example", 80, "")),
        ("unix:/run/php/a:b c.sock", ("", 0, "/run/php/a:b c.sock")),
    ],
)
def test_canonical_addresses_are_read(text, address):
    assert tuple(parse_address(text)) == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.2:80", "tcp:10.0.0.2:80"),
        ("[::1]:80", "tcp:[::1]:80"),
        ("/run/a", "unix:/run/a"),
        ("app:1", "tcp:app:1"),
    ],
)
def test_a_person_needs_no_scheme(text, address):
    assert given_address(text) == given_address(address) == parse_address(address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.0.0.2:80",
        "tcp:10.0.0.2",
        "tcp:a:0",
        "tcp:a:65536",
        "tcp:::1:80",
        "unix:run/x",
        "unix:",
        "tcp:a/b:80",
        "unix:/a\0b",
    ],
)
def test_all_else_is_refused(text):
    with pytest.raises(ValueError, match="is not an address"):
        parse_address(text)


@given(st.text(max_size=200))
def test_no_text_breaks_the_parser(text):
    try:
        address = parse_address(text)
    except ValueError as error:
        assert len(str(error)) < 500
    else:
        assert bool(address.path) != bool(address.host)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp:10.0.0.2:7080", ("10.0.0.2", 7080, "")),
        ("tcp:[::1]:8080", ("::1", 8080, "")),
        ("unix:/run/php/a:b c.sock", ("", 0, "/run/php/a:b c.sock")),
        # what nginx's log has where no server of an upstream{} was left to try
        ("tcp:app", ("app", 0, "")),
        ("tcp:[::1]", ("::1", 0, "")),
    ],
)
def test_an_address_that_is_read_is_written_as_it_was(text, address):
    assert tuple(read_address(text)) == address
    assert str(read_address(text)) == text
    assert str(read_address(text).normal()) == text


@given(st.text(max_size=200))
def test_any_text_is_read(text):
    address = read_address(text)
    assert isinstance(address, Address)
    assert read_address(str(address)) == address


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("tcp:10.0.0.2:80", "10.0.0.2:80"),
        ("tcp:[::1]:80", "[::1]:80"),
        ("tcp:app", "app"),
        ("unix:/run/a.sock", "/run/a.sock"),
    ],
)
def test_an_address_as_commands_take_it(text, bare):
    assert read_address(text).bare == bare


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("tcp:app.example:80", True),
        ("tcp:localhost:80", True),
        ("tcp:10.0.0.2:80", False),
        ("tcp:[2001:db8::1]:80", False),
        ("unix:/run/app.sock", False),
    ],
)
def test_names(text, named):
    assert read_address(text).is_name is named


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("tcp:app.example:http", "app.example", 0), ("tcp:", "", 0), ("", "", 0)],
)
def test_what_is_missing_in_a_text_is_empty(text, host, port):
    assert read_address(text) == Address(host, port)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("10.0.0.1", False), ("app", False)],
)
def test_loopback(host, loopback):
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("unix:/var/run/php/php.sock", "unix:/run/php/php.sock"),
        ("unix:/run//php/./php.sock", "unix:/run/php/php.sock"),
        ("unix:/var/running.sock", "unix:/var/running.sock"),
        ("tcp:[2001:DB8:0:0::1]:80", "tcp:[2001:db8::1]:80"),
        ("tcp:10.0.0.2:80", "tcp:10.0.0.2:80"),
        ("tcp:App.example:80", "tcp:App.example:80"),
    ],
)
def test_each_address_has_one_spelling(text, spelling):
    assert str(read_address(text).normal()) == spelling


@given(st.ip_addresses(), st.integers(1, 65535))
def test_a_number_keeps_its_meaning(number, port):
    found = read_address(tcp_address(number.exploded, port)).normal()
    assert found == found.normal() == read_address(str(found))
    assert (ipaddress.ip_address(found.host), found.port) == (number, port)


@pytest.mark.parametrize(
    ("listening", "host", "takes"),
    [
        (ANY, "10.0.0.2", True),
        (ANY, "app.example", True),
        (ANY, "::1", False),
        ("::", "10.0.0.2", True),
        ("::", "2001:db8::1", True),
        ("*", "10.0.0.2", True),
        ("10.0.0.2", "10.0.0.2", True),
        ("10.0.0.2", "10.0.0.3", False),
        ("2001:db8:0::1", "2001:db8::1", True),
        ("127.0.0.1", "10.0.0.2", False),
        ("127.0.0.1", "localhost", True),
        ("::1", "localhost", True),
        ("10.0.0.2", "localhost", False),
        ("app.example", "app.example", True),
        ("10.0.0.2", "app.example", False),
    ],
)
def test_who_takes_connections_to_an_address(listening, host, takes):
    assert covers(listening, host) is takes
