# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names as a program in a container finds them."""

import socket

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._net import names_inside
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.names_inside import names_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.resolve import Found
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

KNOWN = {
    ("app", "127.0.0.11"): "172.18.0.6",
    ("db.shop.example", "127.0.0.11"): "172.18.0.7",
    ("far.example", "10.0.0.1"): "192.0.2.1",
}


@pytest.fixture
def names(tmp_path, monkeypatch):
    def ask(name, server, _timeout):
        address = KNOWN.get((name, server))
        return Found([address], None) if address else Found([], "timeout" if name == "far.example" else "NXDOMAIN")

    monkeypatch.setattr(names_inside, "by_resolver", ask)
    host = FakeHost(tmp_path)
    host.write("/etc/hosts", "127.0.0.1 localhost # here\n172.18.0.5 shop-web-1 Web\nnonsense\n")
    host.write(
        "/etc/resolv.conf",
        "# made by docker\nnameserver 127.0.0.11\nnameserver 10.0.0.1\nsearch shop.example\noptions ndots:0\n",
    )
    return names_of(host)


@pytest.mark.parametrize(
    "name, address",
    [
        ("localhost", "127.0.0.1"),
        ("WEB", "172.18.0.5"),
        ("app", "172.18.0.6"),
        ("app.", "172.18.0.6"),
        ("db", "172.18.0.7"),
        ("far.example", "192.0.2.1"),
        ("172.18.0.9", "172.18.0.9"),
    ],
)
def test_a_name_has_the_addresses_that_the_container_finds(names, name, address):
    found = names.getaddrinfo(name, 80, 0, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
    assert [sockaddr for _family, _kind, _protocol, _name, sockaddr in found] == [(address, 80)]


def test_a_name_that_nobody_knows_says_who_was_asked(names):
    with pytest.raises(OSError, match="NXDOMAIN .asked 127.0.0.11, 10.0.0.1"):
        names.getaddrinfo("bookstack", 80)


def test_without_a_name_server_nothing_is_known(tmp_path):
    with pytest.raises(OSError, match="no name server"):
        names_of(FakeHost(tmp_path)).addresses("app")
