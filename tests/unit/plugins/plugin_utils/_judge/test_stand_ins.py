# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which servers stand in for each other, and which of them serve."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.stand_ins import Server, groups_of
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    answer,
    fleet,
    host,
    listener,
    proxy,
    reached,
    tried,
)

UPSTREAM = "upstream app { server 10.0.0.1:80; server 10.0.0.2:80; server 10.0.0.3:80 down; }"
FIRST, SECOND = "tcp:10.0.0.1:80", "tcp:10.0.0.2:80"


def web(target="http://app", http=UPSTREAM):
    return proxy(target, http=http, reach=[reached(FIRST, tried(FIRST)), reached(SECOND, tried(SECOND, 111))])


def test_servers_of_an_upstream_have_their_daemon_and_whether_they_serve():
    serves = listener("10.0.0.1", 80, process="apache2", unit="apache2.service")
    app1 = host("10.0.0.1", listeners={"tcp": [serves], "unix": []})
    (group,) = groups_of(fleet(web=web(), app1=app1))
    assert group.name == "upstream app of web"
    assert group.servers == (
        Server("app1", ("app1", "apache2.service"), False),
        Server("10.0.0.2", None, True),
        Server("10.0.0.3", None, True),
    )


@pytest.mark.parametrize(("ended", "out"), [("closed", True), ("reset", True), ("late", False), (None, False)])
def test_who_lets_nobody_in_is_out_and_who_is_slow_is_not(ended, out):
    made = web()
    made["reach"][0]["reply"] = {"ended": ended, "error": "x"}
    made["answers"] = [answer(upstream=FIRST)]
    assert groups_of(fleet(web=made))[0].servers[0].out is out
    made["answers"].append(answer(200))
    assert groups_of(fleet(web=made))[0].servers[0].out is False


def test_without_a_probe_a_server_is_taken_to_serve():
    (group,) = groups_of(fleet(web={**web(), "reach": []}))
    assert [one.out for one in group.servers] == [False, False, True]


def test_one_server_alone_and_an_upstream_that_is_not_asked_are_no_group():
    assert groups_of(fleet(web=web(http="upstream app { server 10.0.0.1:80; }"))) == []
    assert groups_of(fleet(web=web(target="http://10.0.0.9"))) == []


def test_proxies_of_the_same_servers_stand_in_for_each_other():
    down = web("http://10.0.0.9")
    down["nginx"]["master"] = None
    (group,) = groups_of(
        fleet(a=web("http://10.0.0.9"), b=down, other=web("http://10.0.0.8"), local=web("http://127.0.0.1"))
    )
    assert group.servers == (
        Server("a", ("a", "nginx.service"), False),
        Server("b", ("b", "nginx.service"), True),
    )
