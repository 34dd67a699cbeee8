# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outgoing connections, counted by peer."""

import socket

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.connections import connection_facts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


def test_peers_are_counted_by_the_ports_that_they_take(host, monkeypatch):
    answers = {
        socket.AF_INET: [(netlink.TCP_ESTABLISHED, "10.0.0.2", 7080)] * 2 + [(netlink.TCP_TIME_WAIT, "10.0.0.2", 7080)],
        socket.AF_INET6: [(netlink.TCP_TIME_WAIT, "fd00::2", 80)],
    }
    asked = []
    monkeypatch.setattr(netlink, "outgoing", lambda family, skipped: asked.append(skipped) or answers[family])
    found = connection_facts(host, {"tcp": [{"port": 80}], "unix": []})
    assert found == {"time_wait": 2, "established": 2, "by_peer": {"tcp:10.0.0.2:7080": 3, "tcp:[fd00::2]:80": 1}}
    assert asked == [frozenset([80])] * 2


def test_where_listeners_are_not_known_connections_are_not_either(host):
    assert connection_facts(host, None) is None
