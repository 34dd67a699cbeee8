# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be written for requests that always take long, and what has no part in it."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _longer_waits, slow_upstream
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet

APP, LATE = "tcp:10.0.0.2:8000", "upstream_read_timeout"


def hop(*, process=None, http="", target="http://10.0.0.2:8000"):
    listeners = {"tcp": [small_fleet.listener(small_fleet.ANY, 8000, process=process)], "unix": []}
    web = small_fleet.proxy(target, http=http, reach=[small_fleet.reached(APP, small_fleet.tried(APP))])
    (found,) = small_fleet.fleet(web=web, app=small_fleet.host("10.0.0.2", listeners=listeners)).hops
    return found


@pytest.mark.parametrize(
    ("http", "seconds"), [("", 120), ("proxy_read_timeout 30s;", 120), ("proxy_read_timeout 10m;", 1200)]
)
def test_it_is_longer_than_what_is_in_force_and_than_nginxs_own(http, seconds):
    assert (
        "workers: proxy_read_timeout %ds; in the location at " % seconds in _longer_waits.longer_wait(hop(http=http))[0]
    )


@pytest.mark.parametrize(
    ("process", "words"),
    [
        ("gunicorn", "; its --timeout (30 s without)"),
        ("apache2", "; its own Timeout"),
        ("haproxy", "; its `timeout server`"),
    ],
)
def test_what_else_has_to_allow_as_much(process, words):
    assert words in _longer_waits.longer_wait(hop(process=process))[0]


def test_a_program_without_such_a_limit_is_given_none():
    assert _longer_waits.longer_wait(hop(process="shop"))[0].count(";") == 1


@pytest.mark.parametrize(
    ("http", "said"),
    [
        ("fastcgi_read_timeout 300s;", True),
        ("fastcgi_read_timeout 30s;", False),
        ("fastcgi_read_timeout 300s; proxy_read_timeout 300s;", False),
        ("fastcgi_send_timeout 300s;", False),
    ],
)
def test_a_directive_for_others_has_no_part_in_it(http, said):
    lines = [line for line in _longer_waits.longer_wait(hop(http=http)) if "has no part in it" in line]
    assert [": it is for fastcgi_pass, and this is proxy_pass" in line for line in lines] == [True] * said


def test_a_reload_follows_what_is_written():
    lines = _longer_waits.longer_wait(hop())
    assert lines[1] == "nginx -t && systemctl reload nginx   # on web, after that"


def test_no_packets_are_lost_on_the_way_to_a_container_of_the_same_host():
    far = hop()
    assert slow_upstream.if_packets_are_lost(far)
    far.proxy.facts["containers"] = [{"name": "app", "addresses": ["10.0.0.2"]}]
    assert slow_upstream.if_packets_are_lost(far) == ()


def test_what_the_location_has_is_edited_in_its_place():
    found = hop()
    at = found.routes[0]["location"]["place"]
    own = {
        "args": ["30s"],
        "place": {"file": at["file"], "line": 9},
        "level": "location",
        "block": {"name": "location", **at},
    }
    found.routes[0]["settings"]["proxy_read_timeout"] = own
    assert (
        "proxy_read_timeout 120s; in place of what stands at %s:9" % at["file"] in _longer_waits.longer_wait(found)[0]
    )


@pytest.mark.parametrize(
    ("paths", "known"),
    [
        (["/http-bind/"], True),
        (["/_matrix/client/v3/sync"], True),
        (["/longpolling/poll", "/bosh"], True),
        (["/http-bind/", "/report"], False),
        (["/polls/7"], False),
        ([], False),
    ],
)
def test_requests_that_are_held_until_there_is_news(paths, known):
    assert ("long poll" in _longer_waits.held(paths)) is known
