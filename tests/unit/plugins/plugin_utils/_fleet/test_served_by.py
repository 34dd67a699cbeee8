# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The route that an answer comes from."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.served_by import with_its_route

ROUTES = [
    {"id": 0, "peers": ["tcp:127.0.0.1:3000"]},
    {"id": 1, "peers": ["tcp:127.0.0.1:9090", "unix:/run/auth.sock"]},
    {"id": 2, "peers": ["tcp:app.test:9090"]},
    {"id": 3, "peers": []},
    {"id": 4, "peers": ["tcp:login.test:8443"]},
    {"id": 5, "peers": ["tcp:one.test:7443"]},
    {"id": 6, "peers": ["tcp:other.test:7443"]},
]


@pytest.mark.parametrize(
    ("route", "upstream", "comes_from"),
    [
        (0, "tcp:127.0.0.1:3000", 0),
        (0, "tcp:127.0.0.1:9090", 1),
        (0, "unix:/run/auth.sock", 1),
        (0, "tcp:127.0.0.1:8443", 4),
        (0, "tcp:127.0.0.1:7443", 0),
        (None, "tcp:127.0.0.1:9090", 1),
        (0, "tcp:127.0.0.1:9", 0),
        (0, None, 0),
        (None, None, None),
        (2, "tcp:127.0.0.1:9090", 2),
        (3, "tcp:127.0.0.1:9090", 3),
        (99, "tcp:127.0.0.1:3000", 0),
    ],
    ids=[
        "its own",
        "a subrequest",
        "a subrequest to a socket",
        "a subrequest to a name",
        "either of two names",
        "no route of its own",
        "nobody's",
        "no line blames anybody",
        "a file",
        "a name may stand for it",
        "a variable may stand for it",
        "a route beyond the limit",
    ],
)
def test_the_route_whose_upstream_is_blamed(route, upstream, comes_from):
    answer = {"url": "http://shop.test/", "route": route, "upstream": upstream}
    assert with_its_route(answer, ROUTES) == {**answer, "route": comes_from}
