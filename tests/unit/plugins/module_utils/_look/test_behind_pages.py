# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An upstream is asked directly where error_page may have hidden its own 502."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look.behind_pages import (
    add_upstream_status,
    behind_pages,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.upstreams_to_reach import PeerRequest

URL = "http://site.test/"
PAGE = (("=200", "/sorry.html"),)


def asked(status, intercepts="on", page=PAGE, signature=None, upstreams=("tcp:10.0.0.2:80",)):
    """The answer, and what is to be asked behind it."""
    settings = {"proxy_intercept_errors": {"args": [intercepts]}} if intercepts else {}
    route = {"pass": {"family": "proxy", "scheme": "http"}, "settings": settings, "error_page": page}
    answer = {"url": URL, "status": status, "signature": signature}
    request = {"method": "GET", "uri": "/", "host": "site.test"}
    requests = {URL: [PeerRequest(route, address, request) for address in ("tcp:10.0.0.2:80", "tcp:10.0.0.3:80")]}
    known = [{"id": "proxy " + address, "address": address, "family": "proxy"} for address in upstreams]
    return answer, behind_pages([answer], requests, known)


@pytest.mark.parametrize(
    ("given", "is_asked"),
    [
        ({"status": 200}, True),
        ({"status": 503, "page": [["@maintenance"]]}, True),
        ({"status": 200, "page": [["/sorry.html"]]}, False),
        ({"status": 200, "page": []}, False),
        ({"status": 200, "intercepts": "off"}, False),
        ({"status": 200, "intercepts": None}, False),
        ({"status": 200, "signature": "backend_port_closed"}, False),
        ({"status": None}, False),
        ({"status": 200, "upstreams": []}, False),
    ],
)
def test_asked_where_a_page_may_stand_in_for_what_the_upstream_said(given, is_asked):
    assert bool(asked(**given)[1]) is is_asked


def test_each_upstream_of_the_route_gets_the_request_itself():
    found = asked(200, upstreams=["tcp:10.0.0.2:80", "tcp:10.0.0.3:80"])[1]
    assert [
        (name, one.upstream["id"], one.upstream["address"], one.upstream["request"]["uri"])
        for name, one in found.items()
    ] == [(name, name, address, "/") for name, address in zip(found, ("tcp:10.0.0.2:80", "tcp:10.0.0.3:80"))]


@pytest.mark.parametrize(
    ("reply", "status"),
    [({"status": 502}, 502), ({"status": 504}, 504), ({"status": 200}, None), ({"status": None}, None), (None, None)],
)
def test_the_answer_says_how_its_upstream_failed(reply, status):
    answer, found = asked(200)
    add_upstream_status(found, [{"id": name, "reply": reply} for name in found])
    assert answer.get("upstream_status") == status
