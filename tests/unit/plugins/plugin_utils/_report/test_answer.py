# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer: trouble first, a dozen lines a fault, each thing once, the end in the last line, and all of it in 80 columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.unknowns import NOT_A_PROXY
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report import document
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.answer import (
    FINDING_LINES,
    NARROWEST,
    NO_REPORT,
    render,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.safe_text import safe_text


def probe(before, after, asker="host"):
    return {"url": "http://site/", "host": "web", "from": asker, "before": before, "after": after}


def finding(outcome="fixed", **more):
    return {
        "cause": "php_fpm_stopped",
        "title": "PHP-FPM is not running",
        "says": "PHP-FPM on web is not running",
        "seen_from": "web",
        "on": "web",
        "subject": "unix:/run/php.sock",
        "confidence": 0.97,
        "evidence": ["no master process"],
        "remedy": "php_fpm",
        "change": "start php8.2-fpm",
        "outcome": outcome,
        "why": "",
        "advice": [],
        "began": None,
        "because": [],
        **more,
    }


def entry(*findings, status="fixed", says="http://site/ answered 502, and answers 200 now.", unknown=(), **more):
    return {
        "status": status,
        "says": says,
        "probes": [probe(502, 200)],
        "findings": list(findings),
        "unknown": list(unknown),
        **more,
    }


WELL = entry(status="healthy", says="1 URL answers.", probes=[probe(200, 200)])
BACKEND = entry(
    status="healthy", says="no URL was asked here.", probes=[], unknown=[{"missing": "nginx", "why": NOT_A_PROXY}]
)


def report(mode="fix", run=(), **hosts):
    return {"run": {"mode": mode, **dict(run)}, "hosts": hosts}


def shown(*findings, **more):
    return render(report(web=entry(*findings, **more))).splitlines()


def test_what_was_fixed_is_said_with_its_cause_its_change_and_what_was_seen():
    cured = finding(
        evidence=["no master process", "the unit is inactive", "the log says so"], why="its unit is enabled"
    )
    run = {"undo": "ansible-playbook x -e rollback_502_run=r1"}
    assert render(report(run=run, web=entry(cured), app=BACKEND), page="/srv/report.html").splitlines() == [
        "FIXED  web: http://site/ answered 502, and answers 200 now.",
        "  Cause    PHP-FPM on web is not running (php_fpm_stopped, certain).",
        "  Changed  web: start php8.2-fpm",
        "  Why      its unit is enabled",
        "  Seen     no master process",
        "           the unit is inactive",
        "",
        "WELL  app: no URL was asked here.",
        "",
        "The report: /srv/report.html",
        "",
        "To undo what this run changed:",
        "  $ ansible-playbook x -e rollback_502_run=r1",
        "",
        "1 fixed: web.",
    ]


def test_a_dry_run_is_a_plan_with_the_command_that_carries_it_out():
    planned = entry(finding("planned", on="app"), status="would_fix", says="http://site/ answers 502.")
    assert render(report("check", {"apply": "ansible-playbook fix -i hosts"}, web=planned)).splitlines() == [
        "PLANNED  web: http://site/ answers 502.",
        "  Cause    PHP-FPM on web is not running (php_fpm_stopped, certain).",
        "  Would    on app: start php8.2-fpm",
        "  Seen     no master process",
        "",
        "To carry this plan out:",
        "  $ ansible-playbook fix -i hosts",
        "",
        "1 would be fixed: web. Nothing was changed.",
    ]


@pytest.mark.parametrize(
    ("cause", "more"), [("slow_upstream", "; 1 of these with more for you to do: web"), ("transient", "")]
)
def test_a_plan_says_where_it_leaves_something_to_do(cause, more):
    planned, advised = finding("planned"), finding("advice", cause=cause, change="", advice=["look"])
    web = entry(planned, advised, status="would_fix", says="http://site/ answers 502.")
    app = entry(finding("planned", on="app"), status="would_fix", says="http://app/ answers 502.")
    text = " ".join(render(report("check", app=app, web=web)).split())
    assert "2 would be fixed: app, web%s. Nothing was changed." % more in text


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        ("relieved", "  Changed  web: start php8.2-fpm (for now)"),
        ("undone", "  Undone   web: start php8.2-fpm"),
        ("failed", "  Failed   web: start php8.2-fpm"),
        ("not_allowed", "  Barred   web: start php8.2-fpm (fix_502_allow forbids it)"),
    ],
)
def test_what_was_not_changed_says_why_not(outcome, line):
    assert line in shown(finding(outcome))


def test_trouble_comes_first_and_the_counts_stand_on_top_of_many():
    hosts = {"web%d" % number: WELL for number in range(9)}
    hosts["bad"] = entry(finding("advice"), status="advice", says="http://site/ still answers 502.")
    lines = render(report(**hosts)).splitlines()
    assert lines[0] == "10 hosts: 1 for you to do, 9 well."
    assert lines[2] == "FOR YOU TO DO  bad: http://site/ still answers 502."
    assert "WELL  %s: all URLs that were asked answer." % ", ".join(
        "web%d" % number for number in range(9)
    ) in " ".join(map(str.strip, lines))
    assert lines[-1] == "1 for you to do: bad. Nothing was changed."


def test_hosts_of_which_the_same_is_to_be_said_stand_together():
    hosts = {
        name: entry(finding(on=name, says="PHP-FPM on %s is not running" % name), says="http://site/ answered 502.")
        for name in ("w1", "w2")
    }
    lines = render(report(**hosts)).splitlines()
    assert lines[:3] == [
        "FIXED  2 hosts (w1, w2): http://site/ answered 502.",
        "  Cause    PHP-FPM on each host is not running (php_fpm_stopped, certain).",
        "  Changed  each: start php8.2-fpm",
    ]
    assert lines[-1] == "2 fixed: w1, w2."


def test_of_many_sites_each_finding_says_which_suffer_from_it():
    one = finding(urls=["http://a/", "http://b/"])
    lines = shown(one, finding(cause="slow_upstream", subject="tcp:10.0.0.2:80", urls=["http://c/"]))
    assert [line for line in lines if line.startswith("  Pages")] == [
        "  Pages    http://a/, http://b/",
        "  Pages    http://c/",
    ]
    assert not any(line.startswith("  Pages") for line in [*shown(one), *shown(one, {**one, "cause": "disk_full"})])


def test_only_what_can_be_pasted_has_a_prompt():
    command, remark = (
        "nginx -T 2>/dev/null | " + "grep -n fastcgi_pass " * 9,
        "# at the main level: " + "worker_rlimit_nofile 2048 " * 9,
    )
    lines = shown(finding("advice", change="", advice=[command, remark]), status="advice")
    assert "  Do       $ " + command in lines
    assert all(
        line.startswith("           # ") and len(line) <= 80
        for line in lines[lines.index("  Do       $ " + command) + 1 : -2]
    )
    assert " $ # " not in "\n".join(lines)


def test_what_makes_a_cure_last_is_said_with_it():
    lines = shown(finding(advice=["# lasting: name a resolver"]))
    assert lines[lines.index("  Changed  web: start php8.2-fpm") :][:3] == [
        "  Changed  web: start php8.2-fpm",
        "  Seen     no master process",
        "  Then     # lasting: name a resolver",
    ]


def test_many_commands_are_cut_and_the_report_has_them():
    lines = shown(finding("advice", change="", advice=["command %d" % number for number in range(19)]), status="advice")
    assert lines[11:15] == ["           $ command 9", "           # and more in the report", "", NO_REPORT]
    assert NO_REPORT not in shown(finding("advice", change="", advice=["command"]), status="advice")


def test_no_sentence_is_cut_in_the_middle():
    sentence = "# write the address of the proxy into the list of those that are never banned, in the file of this jail"
    lines = shown(finding("advice", change="", advice=["command", *[sentence] * 6, "command"]), status="advice")
    first = lines.index("  Do       $ command")
    assert " ".join(line.strip("# ") for line in lines[first + 7 : first + 9]) == sentence.strip("# ")
    assert lines[first + 9] == "           # and more in the report"


def test_of_one_long_sentence_the_first_lines_are_shown():
    lines = shown(finding("advice", change="", advice=["# " + "many words " * 120]), status="advice")
    first = next(number for number, line in enumerate(lines) if line.startswith("  Do       # many words"))
    assert lines[first + 10] == "           # and more in the report"


def test_a_backend_that_a_finding_is_about_is_not_said_to_be_well():
    hosts = {"web%d" % number: WELL for number in range(9)}
    lines = render(report(bad=entry(finding(on="app")), app=BACKEND, other=BACKEND, **hosts)).splitlines()
    assert lines[0] == "12 hosts: 1 fixed, 10 well, 1 behind them."
    assert "WELL  other: no URL was asked here." in lines
    assert not any(line.startswith("WELL  app") for line in lines)


def test_each_reason_is_said_once():
    why = "all servers of upstream shop are marked down"
    seen = ["upstream shop: all servers are marked down", "http://site/ answers 502", "nginx says: no live upstreams"]
    lines = shown(
        finding("advice", change="", why=why, evidence=seen), status="advice", says="http://site/ answers 502."
    )
    assert lines[2:5] == ["  Why      " + why, "  Seen     nginx says: no live upstreams", ""]


def test_what_is_to_be_typed_has_room_before_what_was_seen_and_when_it_began():
    one = {
        "began": "2026-11-29T02:13:07Z",
        "because": ["2 s after %s was written" % ("/etc/long" * 9)],
        "why": "a reason",
    }
    lines = shown(
        finding("advice", change="", advice=["command %d" % number for number in range(9)], **one), status="advice"
    )
    assert lines[2:6] == [
        "  Why      a reason",
        "  Began    2026-11-29 02:13:07 UTC",
        "  Do       $ command 0",
        "           $ command 1",
    ]


def test_a_reason_is_cut_at_a_word():
    lines = shown(finding(why="word " * 200))
    assert lines[6] == "           " + "word " * 13 + "…"


def test_what_was_changed_is_wrapped_and_never_cut():
    change = "pm.max_children = 43, " * 12
    lines = shown(finding(change=change, why="w" * 900, evidence=["e" * 900]))
    assert change.split() == [
        word for line in lines for word in line.replace("Changed", "").split() if word in change.split()
    ]
    assert max(map(len, lines)) <= 80


def test_what_was_not_seen_is_said_once_for_all_hosts():
    unknown = [{"missing": "log kernel", "why": "/dev/kmsg: none"}]
    text = render(
        report(web=entry(finding(), unknown=unknown), app=entry(status="healthy", unknown=unknown, probes=[]))
    )
    assert text.count("log kernel") == 1
    assert "Not seen on all 2 hosts: log kernel (/dev/kmsg: none)" in text
    down = [{"missing": "answers", "why": "nginx does not run"}]
    quiet = entry(status="healthy", says="no URL was asked here.", probes=[], unknown=down)
    assert "Not seen" not in render(report(web=WELL, app=quiet))
    assert "Not seen on web: answers (nginx does not run)" in render(report(web=entry(finding(), unknown=down)))
    alone = render(report(web=entry(finding(), unknown=unknown), app=BACKEND))
    assert "Not seen on web: log kernel (/dev/kmsg: none)" in alone


def test_where_nothing_is_wrong_it_says_how_much_was_asked():
    assert (
        render(report(web=WELL, app=BACKEND)).splitlines()[-1]
        == "No host answers 502 (1 URL asked). Nothing was changed."
    )


def test_what_is_gone_by_itself_asks_nobody_to_do_anything():
    gone = finding("advice", cause="transient", change="", advice=["look"], says="requests failed a while ago")
    lines = shown(gone, status="healthy")
    assert "  Cause    Requests failed a while ago (transient)." in lines
    assert not any("$ look" in line for line in lines)


words = st.text(max_size=200)


@pytest.mark.parametrize(
    "told, line",
    [
        ({}, None),
        ({"because": ["shop.service was stopped at 02:13"]}, "  Began    shop.service was stopped at 02:13"),
        ({"because": ["2 s after /etc/x was written; owner root"]}, "  Began    2 s after /etc/x was written"),
        ({"began": "2026-11-29T02:13:07Z", "rhythm": "once"}, "  Began    2026-11-29 02:13:07 UTC; logged once"),
        (
            {"began": "2026-11-29T02:13:07Z", "because": ["2 s after a boot", "3 s after b"]},
            "  Began    2026-11-29 02:13:07 UTC, 2 s after a boot",
        ),
    ],
)
def test_when_it_began_and_why(told, line):
    lines = [one for one in shown(finding(**told)) if one.startswith("  Began")]
    assert lines == ([line] if line else [])


def test_of_hosts_that_are_alike_each_has_its_own_begin():
    one = entry(finding(began="2026-11-29T02:13:07Z", because=["2 s after a boot"]))
    assert "Began" not in render(report(web1=one, web2=one))


outcomes = st.sampled_from(["fixed", "relieved", "planned", "advice", "undone", "failed", "not_allowed"])


@given(
    st.lists(st.tuples(words, words, outcomes, words), max_size=5),
    st.integers(1, 200),
    st.text(max_size=60),
    st.sampled_from([None, 101, 999]),
)
def test_fits_the_terminal_whatever_was_found(found, width, name, status):
    findings = [
        {**finding(outcome), "key": str(number), "cause": cause, "says": why, "change": change, "on": why, "why": why}
        | {
            "evidence": [why],
            "advice": [why, "# " + why],
            "subject": "",
            "step": None,
            "routes": [],
            "recurs": "",
            "fades": "",
            "fault": "",
            "behind": "",
            "history": [],
            "given_up": False,
            "waits": "",
        }
        for number, (cause, change, outcome, why) in enumerate(found)
    ]
    answer = {
        "url": "http://site/",
        "host": "web",
        "from": "host",
        "connect": None,
        "status": status,
        "masked": False,
        "signature": None,
        "timed_out": True,
        "route": None,
    }
    judgement = {
        "findings": findings,
        "answers": [answer],
        "unknown": [{"missing": one[0], "why": one[3]} for one in found],
    }
    text = render(
        {"run": {"mode": "fix"}, "hosts": {safe_text(name): document.host_entry("fix", [judgement], {}, None)}}, width
    )
    for line in text.split("\n"):
        assert line.isprintable()
        assert len(line) <= max(width, NARROWEST) or " $ " in line


@given(st.lists(words, max_size=9), words, words)
def test_a_finding_takes_a_dozen_lines(texts, why, says):
    texts, why, says = [safe_text(text) for text in texts], safe_text(why), safe_text(says)
    one = finding("advice", change="", evidence=texts, advice=texts, why=why, says=says[:60])
    assert len(shown(one, status="advice")) - 3 <= FINDING_LINES


def test_what_is_no_502_and_no_page_either_is_said_beside():
    broken = {**WELL, "also": ["10.0.0.2:80 broke off an answer"]}
    text = render({"run": {"mode": "fix"}, "hosts": {"web1": broken, "web2": WELL, "web3": WELL}})
    assert "web1: 1 URL answers.\n  Also     10.0.0.2:80 broke off an answer\n" in text
    assert "web2, web3: all URLs that were asked answer." in text
    sick = {**entry(finding()), "also": ["10.0.0.2:80 broke off an answer"]}
    assert "  Also     10.0.0.2:80 broke off" in render({"run": {"mode": "fix"}, "hosts": {"web1": sick}})


def test_an_nginx_that_is_not_believed_is_said_to_be_unseen():
    quiet = {**WELL, "unknown": [{"missing": "nginx", "why": "process 9 says that it is a master"}]}
    assert "Not seen on web1: nginx (process 9 says that it is a master)" in render(report(web1=quiet))
