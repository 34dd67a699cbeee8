# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked from the controller, to see what stands in front of nginx."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.from_controller import (
    from_controller,
    outside_asks,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.net import says
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import answer

BAD = b"HTTP/1.1 502 Bad Gateway\r\n\r\n"


def test_the_users_urls_as_anybody_would_ask_them():
    answers = [
        answer(url="http://a/"),
        answer(url="http://b/", route=3),
        answer(url="http://b/", route=3, **{"from": "controller"}),
    ]
    assert outside_asks(answers, ["http://b/", "http://elsewhere/"], "10.0.0.1") == [{"url": "http://b/", "route": 3}]


def test_else_the_first_few_at_the_hosts_own_address():
    answers = [answer(url="http://a/%d" % number, connect="tcp:127.0.0.1:8080", route=number) for number in range(9)]
    answers[1]["method"] = "HEAD"
    assert outside_asks(answers, [], "10.0.0.1", limit=2) == [
        {"url": "http://a/0", "connect": "tcp:10.0.0.1:8080", "method": "GET", "route": 0},
        {"url": "http://a/1", "connect": "tcp:10.0.0.1:8080", "method": "HEAD", "route": 1},
    ]
    assert len(outside_asks(answers, [], "10.0.0.1")) == 3
    six = [answer(url="http://a/", connect="tcp:[::1]:8080")]
    assert outside_asks(six, [], "2001:db8::1")[0]["connect"] == "tcp:[2001:db8::1]:8080"


@pytest.mark.parametrize(
    "address,more",
    [
        (None, {}),
        ("web1", {}),
        ("10.0.0.1", {"connect": "unix:/run/nginx.sock"}),
        ("10.0.0.1", {"connect": None}),
        ("10.0.0.1", {"proxy_protocol": True}),
        ("10.0.0.1", {"from": "controller"}),
        ("10.0.0.1", {"connect": "tcp:[::1]:80"}),
    ],
    ids=[
        "no address",
        "a name",
        "a socket",
        "nowhere said",
        "behind a balancer",
        "not the host's",
        "of the other family",
    ],
)
def test_what_cannot_be_asked_from_outside_is_not(address, more):
    assert outside_asks([answer(**more)], [], address) == []


def test_answers_of_the_controller_say_so(peer):
    made = peer(says(BAD))
    shown = from_controller([{"url": "http://a.test/", "connect": made.address, "route": 7}], timeout=30.0)
    assert [(one["from"], one["status"], one["route"], one["url"]) for one in shown] == [
        ("controller", 502, 7, "http://a.test/")
    ]
    assert from_controller([]) == []


def test_no_more_is_asked_than_of_a_host(peer):
    made = peer(says(BAD))
    assert (
        len(from_controller([{"url": "http://a.test/%d" % number, "connect": made.address} for number in range(60)]))
        == 50
    )
