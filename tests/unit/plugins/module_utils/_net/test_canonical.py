# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._net.canonical import (
    covers,
    is_loopback,
    is_name,
    normal,
    split_tcp,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import ANY


@pytest.mark.parametrize(
    "address,host,port",
    [
        ("tcp:10.0.0.2:7080", "10.0.0.2", 7080),
        ("tcp:[::1]:8080", "::1", 8080),
        ("tcp:app.example:80", "app.example", 80),
        ("tcp:app.example:http", "app.example", 0),
        ("tcp:", "", 0),
        ("", "", 0),
    ],
)
def test_split(address, host, port):
    assert split_tcp(address) == (host, port)


@pytest.mark.parametrize(
    "address,named",
    [
        ("tcp:app.example:80", True),
        ("tcp:localhost:80", True),
        ("tcp:10.0.0.2:80", False),
        ("tcp:[2001:db8::1]:80", False),
        ("unix:/run/app.sock", False),
    ],
)
def test_names(address, named):
    assert is_name(address) is named


@pytest.mark.parametrize(
    "host,loopback",
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("10.0.0.1", False), ("app", False)],
)
def test_loopback(host, loopback):
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    "address,told",
    [
        ("unix:/var/run/php/php.sock", "unix:/run/php/php.sock"),
        ("unix:/run//php/./php.sock", "unix:/run/php/php.sock"),
        ("unix:/var/running.sock", "unix:/var/running.sock"),
        ("tcp:[2001:DB8:0:0::1]:80", "tcp:[2001:db8::1]:80"),
        ("tcp:10.0.0.2:80", "tcp:10.0.0.2:80"),
        ("tcp:App.example:80", "tcp:App.example:80"),
        ("", ""),
    ],
)
def test_each_address_is_told_in_one_way(address, told):
    assert normal(address) == told


@given(st.ip_addresses(), st.integers(1, 65535))
def test_a_number_keeps_its_meaning(number, port):
    written = number.exploded
    told = normal(("tcp:[%s]:%d" if number.version == 6 else "tcp:%s:%d") % (written, port))
    assert normal(told) == told
    assert (ipaddress.ip_address(split_tcp(told)[0]), split_tcp(told)[1]) == (number, port)


@pytest.mark.parametrize(
    "listening,host,takes",
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
