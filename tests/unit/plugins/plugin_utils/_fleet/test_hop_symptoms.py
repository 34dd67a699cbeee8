# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong over a hop now: by connecting, by the answers, by what nginx remembers, and by asking directly."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    answer,
    fleet,
    hop_of,
    log,
    proxy,
    reached,
    record,
    tried,
)

APP = "tcp:10.0.0.2:80"
NOW, RESET = 1000.0, "upstream_connection_reset"


def test_a_connection_that_works_and_one_that_was_never_tried_say_nothing():
    assert hop_of(proxy("http://10.0.0.2", reach=[reached(APP, tried(APP))])).symptoms == {}
    nothing = hop_of(proxy("http://10.0.0.2", reach=None))
    assert (nothing.symptoms, nothing.tried, nothing.source, nothing.sick) == ({}, [], None, False)


@pytest.mark.parametrize(
    ("target", "parameters", "ago", "stands"),
    [
        ("http://app", "", 9.0, True),
        ("http://app", "", 30.0, False),
        ("http://app", "fail_timeout=10m", 30.0, True),
        ("http://app", "fail_timeout=10m", 500.0, True),
        ("http://app", "fail_timeout=10m", 700.0, False),
        ("http://app", "max_fails=0", 9.0, False),
        ("http://10.0.0.2", "", 9.0, True),
        ("http://10.0.0.2", "", 30.0, False),
    ],
)
def test_a_failure_stands_behind_no_live_upstreams_for_as_long(target, parameters, ago, stands):
    web = proxy(
        target,
        http="upstream app { server 10.0.0.2 %s; server 10.0.0.3 %s; }" % (parameters, parameters),
        answers=[answer(signature="no_live_upstreams")],
        log=log(record("tcp:10.0.0.2:80", RESET, last=NOW - ago, action="reading response header from upstream")),
        clock={"now": NOW},
    )
    hop = next(hop for hop in fleet(web=web).hops if str(hop.address) == "tcp:10.0.0.2:80")
    assert hop.has(RESET) is stands


@pytest.mark.parametrize(
    "answer,has",
    [
        ({"status": 502, "signature": None}, True),
        ({"status": 502, "signature": "upstream_invalid_header"}, False),
        ({"status": 200, "signature": None}, False),
    ],
)
def test_it_counts_only_where_nginx_says_nothing(answer, has):
    reply = {"protocol": "unknown", "began": "", "error": "Connection reset by peer (104)", "ended": "reset"}
    reached = {**small_fleet.tried("tcp:10.0.0.2:80"), "family": "proxy", "reply": reply}
    asked = {"url": "http://localhost/", "route": 0, "upstream": None, **answer}
    fleet = Fleet({"web": small_fleet.proxy("http://10.0.0.2", reach=[reached], answers=[asked])})
    assert fleet.hops[0].has("upstream_connection_reset") is has
