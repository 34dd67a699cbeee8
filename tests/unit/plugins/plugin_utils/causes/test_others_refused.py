# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that nginx refuses for those that fail: of other paths, and of a path that is well at times."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._others_refused import others_refused
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet

APP, RESET = "tcp:10.0.0.2:80", "upstream_connection_reset"
GET = {"method": "GET", "path": "/"}
TWO, BESIDE = "server 10.0.0.2; server 10.0.0.3;", "server 10.0.0.2; server 127.0.0.1 down;"


def hop(servers=TWO, *, statuses=None, generated=None):
    """A request for / is reset, and others for / find no server: at once, by nginx's log."""
    reset = small_fleet.record(APP, RESET, request=GET, action="reading response header from upstream")
    refused = small_fleet.record("tcp:app:80", "no_live_upstreams", request=GET)
    row = {"source": "logs/access.log", **GET, "statuses": statuses or {}, "failed": 9, "span": 20, "since": 0}
    log = {**small_fleet.log(reset, refused), "visits": [row] if statuses else []}
    reach = [small_fleet.reached(APP, small_fleet.tried(APP))]
    web = small_fleet.proxy("http://app", http="upstream app { %s }" % servers, log=log, reach=reach)
    web["nginx"]["config"]["generated"] = {"/etc/nginx/nginx.conf": generated} if generated else {}
    return next(one for one in small_fleet.fleet(web=web).hops if str(one.address) == APP)


def test_a_path_that_is_well_at_times_takes_its_own_requests_along():
    found = others_refused(hop(statuses={"200": 40, "502": 9}), RESET)
    assert found.words.endswith("aside for 10 s: with none left, all other requests get 502 (no live upstreams)")
    assert found.advice[0].startswith(
        "# so that such a failure takes no other request along: max_fails=0 on the servers at "
    )


@pytest.mark.parametrize("statuses", [None, {"502": 9}])
def test_one_that_always_fails_takes_nothing_along(statuses):
    assert others_refused(hop(statuses=statuses), RESET).words == ""


def test_a_server_that_is_alone_but_for_one_that_a_template_writes_down():
    found = others_refused(hop(BESIDE, statuses={"200": 40, "502": 9}, generated="nginx-proxy"), RESET)
    assert "nginx-proxy has written `server 127.0.0.1 down` beside it (/etc/nginx/nginx.conf:" in found.words
    assert "an nginx-proxy of the middle of 2021 or later" in found.advice[0]
    by_hand = others_refused(hop(BESIDE, statuses={"200": 40, "502": 9}), RESET)
    assert "nginx-proxy" not in by_hand.words and "max_fails=0" in by_hand.advice[0]
