# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words for hosts, findings and runs."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report import words


@pytest.mark.parametrize(
    ("cause", "confidence", "expected"),
    [
        ("disk_full", 0.95, ("certain",)),
        ("disk_full", 0.7, ("likely",)),
        ("disk_full", 0.5, ("possible",)),
        ("upstream_failed", 0.97, ()),
        ("transient", 0.9, ()),
    ],
)
def test_how_sure_a_finding_is(cause, confidence, expected):
    assert words.confidence_words({"cause": cause, "confidence": confidence}) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nothing serves it", "Nothing serves it"),
        ("app1's firewall", "app1's firewall"),
        ("nginx's workers", "nginx's workers"),
        ("unix:/x lies", "unix:/x lies"),
    ],
)
def test_a_sentence_begins_with_a_capital_and_a_name_does_not(text, expected):
    assert words.as_sentence(text) == expected


def probe(before, after, url="http://a/"):
    return {"url": url, "before": before, "after": after}


@pytest.mark.parametrize(
    ("mode", "status", "probes", "expected"),
    [
        ("fix", "healthy", [], "no URL was asked here."),
        ("fix", "healthy", [probe(200, 200)], "1 URL answers."),
        ("fix", "healthy", [probe(200, 200), probe(404, 404)], "2 URLs answer."),
        (
            "fix",
            "healthy",
            [probe(200, 200), probe(403, 403, "http://b/"), probe(404, 404)],
            "3 URLs answer, 1 of them with a refusal (http://b/: 403): what visitors get there was not seen.",
        ),
        ("fix", "healthy", [probe(None, 200), probe(403, 200)], "2 URLs answer."),
        ("fix", "healthy", [probe(500, 500)], "1 URL answers, with an error that is no 502 (http://a/: 500)."),
        (
            "fix",
            "healthy",
            [probe(200, 200), probe(503, 503), probe(None, None)],
            "3 URLs answer, 1 of them with an error that is no 502 (http://a/: 503)"
            ", 1 of them with a refusal (http://a/: no answer): what visitors get there was not seen.",
        ),
        ("fix", "fixed", [probe(502, 200)], "http://a/ answered 502, and answers 200 now."),
        (
            "fix",
            "fixed",
            [probe(200, 200), probe(502, 404, "http://b/")],
            "http://b/ answered 502, and answers 404 now (1 of the 2 URLs that were asked failed).",
        ),
        ("fix", "not_fixed", [probe(502, 502)], "http://a/ still answers 502."),
        ("fix", "not_fixed", [probe(None, None)], "http://a/ still answers nothing in time."),
        (
            "fix",
            "not_fixed",
            [probe(502, 200), probe(502, 502, "http://b/"), probe(200, 200)],
            "http://b/ still answers 502 (1 of the 3 URLs that were asked fails).",
        ),
        ("check", "would_fix", [probe(502, None)], "http://a/ answers 502."),
        (
            "check",
            "would_fix",
            [probe(502, None), probe(504, None)],
            "http://a/ answers 504 (both URLs that were asked fail).",
        ),
        (
            "fix",
            "fixed",
            [probe(502, 200), probe(502, 200), probe(502, 200)],
            "http://a/ answered 502, and answers 200 now (all 3 URLs that were asked failed).",
        ),
        ("fix", "not_fixed", [probe(502, 504)], "http://a/ answered 502, and answers 504 now."),
        ("fix", "advice", [probe(200, 200)], "Unreachable."),
        ("fix", "failed", [], "unreachable"),
        ("fix", "advice", [], "unreachable"),
    ],
)
def test_what_is_said_of_a_host(mode, status, probes, expected):
    sick = [one for one in probes if one["before"] in (502, 504, None)]
    assert words.host_says(mode, status, probes, "unreachable", sick) == expected


def test_a_page_in_place_of_a_502_is_said_to_be_one():
    shown = {**probe(200, 200), "masked": ["before"]}
    assert (
        words.host_says("fix", "fixed", [shown], "", [shown])
        == "http://a/ answered 200 by error_page, and answers 200 now."
    )
    shown["masked"] = ["before", "after"]
    assert words.host_says("fix", "not_fixed", [shown], "", [shown]) == "http://a/ still answers 200 by error_page."
    assert words.host_says("check", "advice", [shown], "", [shown]) == "http://a/ answers 200 by error_page."


def test_the_error_of_another_site_heads_no_host():
    other, page = probe(500, 500, "http://other/"), probe(502, 200)
    assert (
        words.host_says("fix", "fixed", [other, page], "", [page])
        == "http://a/ answered 502, and answers 200 now (1 of the 2 URLs that were asked failed)."
    )
    assert words.host_says("fix", "advice", [other], "a 502 that comes again", []) == "A 502 that comes again."


def test_what_a_host_without_urls_has_is_said_without_a_reason():
    assert words.host_says("fix", "advice", [], "", []) == "no URL was asked here."
    assert words.host_says("fix", "advice", [probe(200, 200)], "", []) == "the URLs that were asked answer."
    shut = words.host_says("check", "advice", [probe(200, None), probe(None, None)], "", [])
    assert shut.startswith("the URLs that were asked answer, 1 of them with a refusal (http://a/: no answer): what")


def test_names_are_listed_up_to_a_number():
    assert words.listed(["a", "b"], 2) == "a, b"
    assert words.listed(["a", "b", "c"], 2) == "a, b and 1 more"
