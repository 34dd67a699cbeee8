# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors that a site answers by itself where a gateway's error was."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.own_answers import foreseen, own_answers


def answer(status, url="http://web/a?key=secret", had=(), connect="tcp:127.0.0.1:80", method="GET", **more):
    signature = "backend_port_closed" if status == 502 else None
    return {
        "url": url,
        "from": "host",
        "connect": connect,
        "method": method,
        "status": status,
        "route": 0,
        "had": list(had),
        "signature": signature,
        "timed_out": False,
        "covers": None,
        **more,
    }


def looks(*answers):
    return [{"answers": list(one)} for one in answers]


@pytest.mark.parametrize(
    ("status", "had", "well"),
    [
        (404, [], True),
        (404, [404], True),
        (404, [200], False),
        (500, [], False),
        (500, [200], False),
        (403, [200, 403], True),
    ],
)
def test_an_error_is_well_where_the_page_had_it_or_may_have_it(status, had, well):
    (found,) = own_answers(looks([answer(502)], [answer(status, had=had)]))
    assert (found.well, found.route) == (well, 0)
    assert "answers %d now" % status in found.text and "secret" not in found.text


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (answer(502), answer(200)),
        (answer(502), answer(502)),
        (answer(502), answer(None)),
        (answer(404), answer(404)),
        (answer(502), answer(404, connect="tcp:10.0.0.1:80")),
        (answer(502), answer(405, had=[200], method="HEAD")),
        (answer(502), answer(501, method="HEAD")),
    ],
)
def test_nothing_is_said_of_other_answers(first, last):
    assert own_answers(looks([first], [last])) == []


def test_what_is_not_well_comes_first():
    before = [answer(502, "http://web/%d" % number) for number in range(2)]
    after = [answer(404, "http://web/0"), answer(500, "http://web/1")]
    assert [one.well for one in own_answers(looks(before, after))] == [False, True]


def test_a_page_in_place_of_the_applications_error_is_not_the_page():
    first = answer(502, route=1, covers=500)
    (found,) = own_answers(looks([first], [answer(200)]))
    assert (found.well, found.route) == (False, 1)
    assert found.text.endswith("shows the page of error_page: asked directly, the application answers 500")
    assert "secret" not in found.text
    (own,) = own_answers(looks([first], [answer(500)]))
    assert "answers 500 now" in own.text


def test_a_dry_run_foresees_that_page():
    (found,) = foreseen(looks([answer(502, route=1, covers=503), answer(502), answer(200)])[0])
    assert (found.well, found.route) == (False, 1)
    assert found.text.endswith("asked directly, the application answers 503")
