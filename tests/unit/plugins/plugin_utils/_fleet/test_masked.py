# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which answers hide a failure behind error_page, and which are the page after all."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look.behind_pages import may_stand_for
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    answer,
    fleet,
    proxy,
    reached,
    tried,
)

DOWN, UP = (
    reached("tcp:10.0.0.2:80", tried("tcp:10.0.0.2:80", 111)),
    reached("tcp:10.0.0.2:80", tried("tcp:10.0.0.2:80")),
)
TOO_BIG, RESET = "response_header_too_big", "upstream_connection_reset"


def asked(
    status, page="error_page 502 504 =200 /sorry.html;", target="http://10.0.0.2", signature=TOO_BIG, reach=(), **more
):
    """The answer of a proxy with this error_page, as the judgement has it."""
    upstream = "upstream app { server 10.0.0.2; server 10.0.0.3; }"
    given = answer(status, signature=signature, **more)
    (web,) = fleet(web=proxy(target, http="%s %s" % (upstream, page), answers=[given], reach=list(reach))).proxies()
    return web.answers[0]


@pytest.mark.parametrize(
    ("status", "page", "masks"),
    [
        (200, "error_page 502 504 =200 /sorry.html;", True),
        (404, "error_page 502 504 =200 /sorry.html;", True),
        (503, "error_page 500 502 503 @maintenance;", True),
        (302, "error_page 504 http://status.example/;", True),
        (200, "error_page 502 = @old;", True),
        (401, "error_page 502 /sorry.html;", True),
        (200, "error_page 502 /sorry.html;", False),
        (500, "error_page 502 =200 /sorry.html;", False),
        (200, "error_page 404 =200 /sorry.html;", False),
        (200, "error_page 504 /slow.html; error_page 502 =200 /sorry.html;", True),
        (200, "error_page 502 /sorry.html; error_page 504 /slow.html;", False),
        (200, "", False),
    ],
)
def test_a_status_that_error_page_gives_in_place_of_a_502(status, page, masks):
    assert asked(status, page).get("masked", False) is masks


def test_an_answer_that_masks_a_failure_is_one():
    assert answer_fails(asked(200)) and answer_fails(asked(403))
    assert not answer_fails(asked(200, signature=None))


@pytest.mark.parametrize(
    ("level", "state", "reach", "fails"),
    [
        ("crit", "ok", [DOWN], True),
        (None, "not_a_file", [DOWN], True),
        ("error", "ok", [DOWN], False),
        ("crit", "deleted", [UP], False),
        ("crit", "ok", [], False),
    ],
)
def test_without_lines_it_counts_whether_anybody_can_be_connected_to(level, state, reach, fails):
    given = answer(200, signature=None)
    log = {"sources": [{"kind": "nginx", "level": level, "state": state}], "records": []}
    page = "error_page 502 504 =200 /sorry.html;"
    (web,) = fleet(web=proxy("http://10.0.0.2", http=page, answers=[given], reach=reach, log=log)).proxies()
    assert answer_fails(web.answers[0]) is fails


def test_what_the_upstream_answers_itself_counts():
    assert answer_fails(asked(200, signature=None, upstream_status=502))


def test_of_several_servers_the_next_one_may_have_given_the_page():
    assert not answer_fails(asked(200, target="http://app", signature=RESET))
    assert not answer_fails(asked(200, target="http://localhost:8000", signature=RESET))
    assert answer_fails(asked(503, "error_page 502 @maintenance;", target="http://app"))


@pytest.mark.parametrize(
    ("target", "addresses", "connected", "masks"),
    [
        ("http://app", ["tcp:10.0.0.2:80", "tcp:10.0.0.3:80"], False, True),
        ("http://app", ["tcp:10.0.0.2:80", "tcp:10.0.0.3:80"], None, False),
        ("http://app", ["tcp:10.0.0.2:80"], False, False),
        ("http://localhost:8000", ["tcp:localhost:8000"], False, True),
        ("http://localhost:8000", ["tcp:localhost:8000"], True, False),
    ],
)
def test_where_no_server_can_be_reached_none_gave_the_page(target, addresses, connected, masks):
    reach = [{**reached(address), "connected": connected} for address in addresses]
    assert answer_fails(asked(200, target=target, signature=RESET, reach=reach)) is masks


@pytest.mark.parametrize(
    ("setting", "signature", "masks"),
    [
        ("", TOO_BIG, True),
        ("proxy_next_upstream error timeout invalid_header;", TOO_BIG, False),
        ("proxy_next_upstream off;", RESET, True),
        ("proxy_next_upstream error;", RESET, False),
    ],
)
def test_where_nginx_does_not_go_on_the_next_server_gave_no_page(setting, signature, masks):
    page = "error_page 502 =200 /sorry.html; " + setting
    assert answer_fails(asked(200, page, target="http://app", signature=signature)) is masks


def test_where_no_server_is_left_none_gave_the_page():
    assert answer_fails(asked(200, target="http://app", signature="no_live_upstreams"))


def test_a_copy_that_fails_hides_nothing():
    assert not answer_fails(asked(200, "error_page 502 =200 /sorry.html; mirror /copy;"))


def test_what_another_location_failed_with_says_nothing_of_the_page():
    both = "server { listen 81; location / { proxy_pass http://10.0.0.9; } }"
    page = "error_page 502 =200 /sorry.html; " + both
    assert not answer_fails(asked(200, page, route=1, upstream="tcp:10.0.0.9:80"))


@pytest.mark.parametrize(
    ("page", "status", "expected"),
    [
        (["=503", "@down"], 503, True),
        (["=503", "@down"], 502, False),
        (["/50x.html"], 502, False),
        (["=410", "/gone.html"], 200, False),
        (["@down"], 301, True),
    ],
)
def test_what_the_words_behind_the_codes_stand_for(page, status, expected):
    assert may_stand_for(page, status) is expected
