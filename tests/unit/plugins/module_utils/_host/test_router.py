# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The router on the way to an address."""

import socket
import sys

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.router import router_towards

#: What stands for any network, and for no router; nothing is bound here.
ALL = "0.0.0.0"  # noqa: S104
HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"


def number(address):
    return "%08X" % int.from_bytes(socket.inet_aton(address), sys.byteorder)


def row(network, router, mask, metric=0):
    return "eth0\t%s\t%s\t0003\t0\t0\t%d\t%s\t0\t0\t0\n" % (number(network), number(router), metric, number(mask))


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "route"
    path.write_text(
        HEAD
        + row(ALL, "192.0.2.9", ALL, 200)
        + row(ALL, "192.0.2.1", ALL, 100)
        + row("10.20.0.0", "192.0.2.2", "255.255.0.0")
        + row("192.0.2.0", ALL, "255.255.255.0")
    )
    return str(path)


@pytest.mark.parametrize(
    ("address", "router"),
    [
        ("10.20.3.4", "192.0.2.2"),
        ("10.21.3.4", "192.0.2.1"),
        ("192.0.2.77", None),
        ("2001:db8::1", None),
        ("app.example", None),
    ],
)
def test_the_narrowest_route_decides_and_of_two_the_cheaper(table, address, router):
    assert router_towards(address, table) == router


def test_without_a_route_or_a_table_no_router_is_named(tmp_path):
    path = tmp_path / "route"
    path.write_text(HEAD)
    assert router_towards("10.20.3.4", str(path)) is None
    assert router_towards("10.20.3.4", str(tmp_path / "none")) is None


def test_an_interface_may_have_any_name(tmp_path):
    path = tmp_path / "route"
    path.write_bytes((HEAD + row(ALL, "192.0.2.1", ALL)).encode().replace(b"eth0", b"eth\xe4"))
    assert router_towards("10.21.3.4", str(path)) == "192.0.2.1"
