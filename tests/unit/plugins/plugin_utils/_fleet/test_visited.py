# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What visitors were answered, by the access logs of the route alone."""

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.visited import statuses_before, visits

LOG = "/var/log/nginx/access.log"


def row(statuses, path="/a", source=LOG, method="GET"):
    return {"source": source, "path": path, "method": method, "statuses": dict.fromkeys(statuses, 3)}


def proxy(*rows):
    routes = [{"id": 0, "access_logs": [LOG]}, {"id": 1, "access_logs": []}]
    return Host("web", {"nginx": {"config": {"routes": routes}}, "log": {"visits": list(rows)}})


def test_the_path_and_the_logs_of_the_route_count():
    rows = [row(["200"]), row(["404"], "/b"), row(["403"], source="/other.log"), row(["201"], method="POST")]
    host = proxy(*rows)
    assert visits(host, 0, "/a", {"GET"}) == rows[:1]
    assert visits(host, 1, "/a", {"GET"}) == visits(host, 7, "/a", {"GET"}) == []


def test_statuses_are_those_of_reading_below_500_whatever_the_query():
    host = proxy(row(["301", "200", "502"]), row(["204"], method="HEAD"), row(["201"], method="POST"))
    assert statuses_before(host, 0, "http://web/a?b=1") == [200, 204, 301]
    assert statuses_before(proxy(), 0, "http://web/a") == []
