# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table fits a terminal, says for each host what it was and is, and below what somebody has to do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report import document
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.safe_text import safe_text
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.table import HEAD, MIN_WIDTH, render, rows


def probe(before, after, asker="host"):
    return {"url": "http://site/", "host": "web", "from": asker, "before": before, "after": after}


def finding(outcome="fixed", **more):
    return {
        "cause": "php_fpm_stopped",
        "title": "PHP-FPM is not running",
        "seen_from": "web",
        "on": "web",
        "confidence": 0.97,
        "evidence": ["no master process"],
        "remedy": "php_fpm",
        "change": "start php8.2-fpm",
        "outcome": outcome,
        "why": "",
        "advice": [],
        **more,
    }


def entry(*findings, status="fixed", probes=None, unknown=(), **more):
    return {
        "status": status,
        "probes": [probe(502, 200)] if probes is None else probes,
        "findings": list(findings),
        "unknown": list(unknown),
        **more,
    }


def report(**hosts):
    return {"hosts": hosts}


@pytest.mark.parametrize(
    "outcome,change",
    [
        ("fixed", "start php8.2-fpm"),
        ("relieved", "not proven: start php8.2-fpm"),
        ("planned", "would: start php8.2-fpm"),
        ("undone", "undone: start php8.2-fpm"),
        ("failed", "failed: start php8.2-fpm"),
        ("not_allowed", "not allowed: start php8.2-fpm"),
        ("advice", "advice"),
    ],
)
def test_a_row_says_what_was_done(outcome, change):
    assert rows(report(web=entry(finding(outcome)))) == [("web", "php_fpm_stopped", change, "502", "200")]


def test_nothing_is_done_about_what_is_gone():
    assert rows(report(web=entry(finding("advice", cause="transient", change=""))))[0][2] == "nothing"
    assert rows(report(web=entry(finding("planned", change=""))))[0][2] == "would: nothing"


def test_another_host_that_is_changed_is_named():
    assert rows(report(web=entry(finding(on="app"))))[0][2] == "start php8.2-fpm on app"


def test_a_host_has_its_name_and_answers_once():
    shown = rows(report(web=entry(finding(), finding(cause="response_header_too_big"))))
    assert [(row[0], row[3], row[4]) for row in shown] == [("web", "502", "200"), ("", "", "")]


def test_a_host_without_findings_has_its_status():
    assert rows(
        report(web=entry(status="healthy", probes=[probe(200, 200)]), app=entry(status="failed", probes=[]))
    ) == [
        ("web", "healthy", "-", "200", "200"),
        ("app", "failed", "-", "-", "-"),
    ]


@pytest.mark.parametrize(
    "probes,before,after",
    [
        ([probe(200, 200), probe(502, 404), probe(404, 200)], "502", "404"),
        ([probe(502, None)], "502", "-"),
        ([probe(502, None), probe(502, 200)], "502", "none"),
        ([probe(None, 200)], "none", "200"),
        ([probe(200, 200), probe(502, 502, "controller")], "200", "200"),
        ([probe(502, 502, "controller")], "-", "-"),
    ],
)
def test_the_worst_answer_is_told(probes, before, after):
    assert rows(report(web=entry(finding(), probes=probes)))[0][3:] == (before, after)


def test_what_is_cured_is_told_with_the_evidence_for_it():
    cured = finding(evidence=["no master process", "the unit is inactive", "the log says so"])
    assert render(report(web=entry(cured), app=entry(status="healthy"))).splitlines() == [
        "HOST  CAUSE            CHANGE            BEFORE  AFTER",
        "web   php_fpm_stopped  start php8.2-fpm  502     200",
        "app   healthy          -                 502     200",
        "",
        "web: fixed",
        "  php_fpm_stopped on web (confidence 0.97): PHP-FPM is not running",
        "    seen: no master process",
        "    seen: the unit is inactive",
    ]


def test_below_the_table_stands_what_somebody_has_to_do():
    left = finding(
        "advice",
        why="php8.2-fpm is masked",
        advice=["systemctl unmask php8.2-fpm"],
        evidence=["one", "two", "three", "four", "five"],
    )
    shown = render(
        report(
            web=entry(
                left,
                status="advice",
                why="http://site/ still answers 502",
                unknown=[{"missing": "firewall", "why": "not permitted"}],
            ),
            app=entry(status="healthy", unknown=[{"missing": "nginx", "why": "none"}]),
        )
    ).split("\n\n")[1]
    assert shown.splitlines() == [
        "web: advice, http://site/ still answers 502",
        "  php_fpm_stopped on web (confidence 0.97): php8.2-fpm is masked",
        "    seen: one",
        "    seen: two",
        "    seen: three",
        "    seen: four",
        "    $ systemctl unmask php8.2-fpm",
        "  not seen: firewall (not permitted)",
    ]


def test_a_plan_is_told_with_its_reason_or_its_title():
    assert "php_fpm_stopped on web (confidence 0.97): 8 x 32k hold it" in render(
        report(web=entry(finding("planned", why="8 x 32k hold it")))
    )
    assert "php_fpm_stopped on web (confidence 0.97): PHP-FPM is not running" in render(
        report(web=entry(finding("planned")))
    )


def test_long_names_are_cut_and_short_columns_are_not():
    table = render(report(**{"w" * 90: entry(finding(cause="c" * 90, change="d" * 90))}), 60).splitlines()
    assert [len(line) <= 60 for line in table[:2]] == [True, True]
    assert table[1].split() == ["w" * 11 + "…", "c" * 16 + "…", "d" * 11 + "…", "502", "200"]
    short = render(report(web=entry(finding(change="d" * 90))), 60).splitlines()[1].split()
    assert [short[0], short[1]] == ["web", "php_fpm_stopped"]


def test_a_command_is_left_in_one_piece():
    command = "nginx -T 2>/dev/null | " + "grep -n fastcgi_pass " * 9
    assert "    $ " + command in render(report(web=entry(finding("advice", advice=[command]))), 60).splitlines()


def test_a_remark_has_no_prompt():
    remark = "# set worker_rlimit_nofile 2048; " + "at the main level of nginx.conf " * 9
    assert "    " + remark in render(report(web=entry(finding("advice", advice=[remark]))), 60).splitlines()


words = st.text(max_size=200)
outcomes = st.sampled_from(["fixed", "relieved", "planned", "advice", "undone", "failed", "not_allowed"])


@given(
    st.lists(st.tuples(words, words, outcomes, words), max_size=5),
    st.integers(1, 200),
    st.text(max_size=60),
    st.sampled_from([None, 101, 999]),
)
def test_fits_the_terminal_whatever_was_found(found, width, name, status):
    findings = [
        {
            **finding(outcome),
            "key": str(number),
            "cause": cause,
            "change": change,
            "on": why,
            "why": why,
            "evidence": [why],
            "advice": [why],
            "subject": "",
            "step": None,
            "routes": [],
            "recurs": "",
        }
        for number, (cause, change, outcome, why) in enumerate(found)
    ]
    answer = {
        "url": "http://site/",
        "host": "web",
        "from": "host",
        "connect": None,
        "status": status,
        "signature": None,
        "timed_out": True,
    }
    judgement = {
        "findings": findings,
        "answers": [answer],
        "unknown": [{"missing": one[0], "why": one[3]} for one in found],
    }
    shown = render({"hosts": {safe_text(name): document.host_entry("fix", [judgement], {}, None)}}, width)
    assert shown.splitlines()[0].split() == list(HEAD)
    for line in shown.split("\n"):
        assert line.isprintable()
        assert len(line) <= max(width, MIN_WIDTH) or line.startswith(("    $ ", "    # "))
