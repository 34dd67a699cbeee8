# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which relay listens behind a hop, where it leads to, and what a change there makes of older lines."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.relays import leads_to, relay_at
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    ANY,
    NOW,
    fleet,
    host,
    listener,
    log,
    proxy,
    record,
)

HERE = "tcp:127.0.0.1:8090"


def relay(name="haproxy", to="tcp:10.0.0.2:9000", listens="tcp:0.0.0.0:8090"):
    return {"name": name, "listens": [listens], "to": [to], "via": None, "file": "", "line": 0}


def seen(one, **listens):
    facts = {"tcp": [listener(ANY, 8090, **listens)], "unix": []}
    hosts = fleet(web=proxy("http://127.0.0.1:8090", listeners=facts, relays=[one], log=log(record(HERE))))
    return relay_at(hosts.hops[0])


@pytest.mark.parametrize(
    ("one", "listens", "is_it"),
    [
        (relay(), {"process": "haproxy"}, True),
        (relay("way.service"), {"process": "socat", "unit": "way.service"}, True),
        (relay("way.service"), {"process": "systemd", "unit": "way.socket"}, True),
        (relay(), {"process": "python3"}, False),
        (relay("ssh"), {"process": None}, False),
        (relay(listens="tcp:0.0.0.0:8091"), {"process": "haproxy"}, False),
        (relay(listens="unix:/run/a.sock"), {"process": "haproxy"}, False),
    ],
)
def test_a_relay_is_the_one_that_listens_there(one, listens, is_it):
    assert (seen(one, **listens) is not None) is is_it


def test_where_it_leads_to():
    assert [one.bare for one in leads_to(relay(to="tcp:[::1]:80"))] == ["[::1]:80"]
    assert leads_to({**relay(), "to": None}) == []


def test_a_host_that_no_hop_leads_to_has_no_relay():
    hosts = fleet(web=proxy("http://192.0.2.9:80", log=log(record("tcp:192.0.2.9:80"))))
    assert relay_at(hosts.hops[0]) is None


@pytest.mark.parametrize(("changed", "left"), [(NOW - 50, 0), (NOW - 200, 1)], ids=["since", "before"])
def test_lines_from_before_a_change_beyond_it_are_history(changed, left):
    facts = {"tcp": [listener(ANY, 8090, process="haproxy")], "unix": []}
    web = proxy("http://127.0.0.1:8090", listeners=facts, relays=[relay()], log=log(record(HERE, last=NOW - 100)))
    hosts = fleet(web=web, app=host("10.0.0.2", clock={"now": NOW, "last_change": changed}))
    assert len(hosts.hops[0].records) == left
