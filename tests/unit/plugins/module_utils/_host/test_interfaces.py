# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses of a host, without netlink."""

import re

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.interfaces import neighbours
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.system import system_facts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


IFCONFIG = """\
lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384
\tinet 127.0.0.1 netmask 0xff000000
\tinet6 ::1 prefixlen 128
en0: flags=8863<UP,BROADCAST,SMART,RUNNING> mtu 1500
\tinet6 fe80::1c%en0 prefixlen 64 secured scopeid 0x6
\tinet 192.0.2.7 netmask 0xffffff00 broadcast 192.0.2.255
en1: flags=8822<BROADCAST,SMART> mtu 1500
\tinet 192.0.2.8 netmask 0xffffff00
"""


def test_without_netlink_ifconfig_is_asked(host, monkeypatch):
    monkeypatch.setattr(netlink, "interface_addresses", _refused)
    host.answers["ifconfig"] = IFCONFIG
    found = system_facts(host)
    assert found["interfaces"] == {"lo0": ["127.0.0.1/8", "::1/128"], "en0": ["fe80::1c/64", "192.0.2.7/24"]}
    assert found["addresses"] == ["127.0.0.1", "192.0.2.7", "::1", "fe80::1c"]


def test_addresses_that_cannot_be_read_are_unknown(host, monkeypatch):
    monkeypatch.setattr(netlink, "interface_addresses", _refused)
    found = system_facts(host)
    assert (found["interfaces"], found["addresses"]) == (None, None)
    assert re.match("netlink: .*; ifconfig", host.unknown[0]["why"])


def test_where_the_kernel_says_nothing_of_hardware_nothing_is_known(host, monkeypatch):
    monkeypatch.setattr(netlink, "hardware_addresses", _refused)
    monkeypatch.setattr(netlink, "neighbours", _refused)
    assert (system_facts(host)["hardware"], neighbours()) == (None, {})


def _refused():
    raise PermissionError(1, "Operation not permitted")
