# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report of a run says: the status of each host, how each finding ended, and nothing that harms who reads it."""

from __future__ import annotations

import json
import pathlib
import typing as t

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report import document, entries

SCHEMA = json.loads(
    (pathlib.Path(__file__).parents[5] / "roles/report/files/report.schema.json").read_text(encoding="utf-8")
)

PLAIN = {str: "string", int: "integer", float: "number", type(None): "null"}


def finding(cause="php_fpm_stopped", outcome="planned", step="s1", **more):
    return {
        "key": cause + "|web|web|unix:/run/php.sock",
        "cause": cause,
        "title": "PHP-FPM is not running",
        "says": "PHP-FPM on web is not running",
        "seen_from": "web",
        "on": "web",
        "subject": "unix:/run/php.sock",
        "confidence": 0.9,
        "evidence": ["connect: no such file"],
        "remedy": "php_fpm" if step else None,
        "change": "start php-fpm" if step else "",
        "outcome": outcome,
        "why": "",
        "advice": [],
        "step": step,
        "routes": [0],
        "recurs": "",
        "fades": "",
        "fault": "",
        "behind": "",
        "history": [],
        "given_up": False,
        "waits": "",
        **more,
    }


def advice(cause="worker_segfault", **more):
    return finding(cause, **{"outcome": "advice", "step": None, "why": "a person has to look", **more})


def answer(status=502, url="http://site/", **more):
    return {
        "host": "web",
        "url": url,
        "from": "host",
        "connect": "tcp:127.0.0.1:80",
        "status": status,
        "signature": None,
        "timed_out": False,
        "masked": False,
        "route": 0,
        "had": [],
        "covers": None,
        **more,
    }


def look(*findings, status=502, answers=None, unknown=()):
    return {
        "findings": list(findings),
        "steps": [],
        "answers": [answer(status)] if answers is None else answers,
        "unknown": list(unknown),
    }


def report(entry, mode="fix"):
    run = {
        "id": "20261122T143000Z-1a2b",
        "mode": mode,
        "started": "2026-11-22T14:30:00Z",
        "finished": "2026-11-22T14:30:09Z",
        "version": "0.1.0",
    }
    whole = {"schema_version": document.SCHEMA_VERSION, "run": run, "hosts": {"web": entry}}
    jsonschema.validate(whole, SCHEMA, cls=jsonschema.Draft202012Validator, format_checker=jsonschema.FormatChecker())
    return whole


FIXED = {"s1": {"step": "s1", "outcome": "fixed"}}
UNDONE = {"s1": {"step": "s1", "outcome": "undone", "why": "php-fpm: bad value"}}
LATE = {"s1": {"step": "s1", "outcome": "relieved", "why": "shop.service does not listen yet"}}
BUSY = {"s1": {"step": "s1", "outcome": "failed", "why": "another run has this host"}}
TRANSIENT = finding("transient", outcome="advice", step=None, why="gone on asking again")

CASES = {
    # name: (mode, judgements, outcomes, status, outcome of the first finding, whether the run fails for this host)
    "well": ("fix", [look(status=200)], {}, "healthy", None, False),
    "well in check mode": ("check", [look(status=200)], {}, "healthy", None, False),
    "a backend without nginx": ("fix", [look(answers=[])], {}, "healthy", None, False),
    "gone again": ("fix", [look(TRANSIENT, status=200)], {}, "healthy", "advice", False),
    "gone again in a dry run": ("check", [look(TRANSIENT, status=200)], {}, "healthy", "advice", False),
    "seen in the log again and again": (
        "fix",
        [look(advice(recurs="3 of 27"), status=200)],
        {},
        "advice",
        "advice",
        True,
    ),
    "seen in the log again and again, beside what was cured": (
        "fix",
        [look(finding(), advice(recurs="3 of 3"), status=200), look(status=200)],
        FIXED,
        "not_fixed",
        "fixed",
        True,
    ),
    "seen in the log again and again, and cured": (
        "fix",
        [look(finding(recurs="3 of 27"), status=200), look(status=200)],
        FIXED,
        "fixed",
        "fixed",
        False,
    ),
    "seen in the log, in a dry run": (
        "check",
        [look(advice(recurs="3 of 27"), status=200)],
        {},
        "advice",
        "advice",
        False,
    ),
    "cured": ("fix", [look(finding()), look(status=200)], FIXED, "fixed", "fixed", False),
    "cured, and the log still has the old line": (
        "fix",
        [look(finding()), look(TRANSIENT, status=200)],
        FIXED,
        "fixed",
        "fixed",
        False,
    ),
    "cured before it failed a request": (
        "fix",
        [look(finding(), status=200), look(status=200)],
        FIXED,
        "fixed",
        "fixed",
        False,
    ),
    "would be cured": ("check", [look(finding())], {}, "would_fix", "planned", False),
    "would be cured, diagnosed only": ("diagnose", [look(finding())], {}, "would_fix", "planned", False),
    "advice only": ("fix", [look(advice())], {}, "advice", "advice", True),
    "advice for what does not fail now": ("fix", [look(advice(), status=200)], {}, "advice", "advice", False),
    "advice in a dry run": ("check", [look(advice())], {}, "advice", "advice", False),
    "not allowed": ("fix", [look(finding(outcome="not_allowed", step=None))], {}, "advice", "not_allowed", True),
    "not allowed in a dry run": (
        "check",
        [look(finding(outcome="not_allowed", step=None))],
        {},
        "advice",
        "not_allowed",
        False,
    ),
    "put back": ("fix", [look(finding()), look(finding())], UNDONE, "not_fixed", "undone", True),
    "kept without a proof, and it still fails": (
        "fix",
        [look(finding()), look()],
        LATE,
        "not_fixed",
        "relieved",
        True,
    ),
    "kept without a proof, and it answers by the last look": (
        "fix",
        [look(finding()), look(status=200)],
        LATE,
        "fixed",
        "fixed",
        False,
    ),
    "another run is at it": ("fix", [look(finding()), look(finding())], BUSY, "not_fixed", "failed", True),
    "put back, and the site answers": (
        "fix",
        [look(finding(), status=200), look(finding(), status=200)],
        UNDONE,
        "not_fixed",
        "undone",
        True,
    ),
    "changed, and still there": (
        "fix",
        [look(finding()), look(finding(outcome="failed"))],
        FIXED,
        "not_fixed",
        "failed",
        True,
    ),
    "never run": ("fix", [look(finding())], {}, "not_fixed", "failed", True),
    "cured, and something unknown fails": ("fix", [look(finding()), look()], FIXED, "not_fixed", "fixed", True),
    "cured, with advice left": (
        "fix",
        [look(finding(), advice()), look(advice(), status=200)],
        FIXED,
        "fixed",
        "fixed",
        False,
    ),
    "unexplained": ("fix", [look()], {}, "not_fixed", None, True),
    "unexplained in a dry run": ("check", [look()], {}, "not_fixed", None, False),
}


@pytest.mark.parametrize("mode,judgements,outcomes,status,outcome,fails", CASES.values(), ids=CASES)
def test_status(mode, judgements, outcomes, status, outcome, fails):
    entry = document.host_entry(mode, judgements, outcomes, None)
    assert entry["status"] == status
    assert (entry["findings"][0]["outcome"] if entry["findings"] else None) == outcome
    assert ("web" in document.failures(report(entry, mode))) is fails


def schema_of(kind):
    """A type as a JSON Schema; what it refers to is written out."""
    if kind in PLAIN:
        return {"type": PLAIN[kind]}
    if t.is_typeddict(kind):
        parts = {name: schema_of(part) for name, part in t.get_type_hints(kind).items()}
        return {"type": "object", "properties": parts}
    arguments = t.get_args(kind)
    if t.get_origin(kind) is t.Literal:
        return {"const": arguments[0]} if len(arguments) == 1 else {"enum": sorted(arguments)}
    if t.get_origin(kind) is list:
        return {"type": "array", "items": schema_of(arguments[0])}
    if t.get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": schema_of(arguments[1])}
    return {"type": [PLAIN[part] for part in arguments]}


def written_out(schema):
    """A JSON Schema with what it refers to in place, less what types do not say."""
    if "$ref" in schema:
        return written_out(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
    kept = {key: schema[key] for key in ("type", "const") if key in schema}
    kept.update({key: sorted(schema[key]) for key in ("enum",) if key in schema})
    kept.update({key: written_out(schema[key]) for key in ("items", "additionalProperties") if key in schema})
    if "properties" in schema:
        kept["properties"] = {name: written_out(part) for name, part in schema["properties"].items()}
    return kept


def test_the_types_of_a_report_are_those_of_its_schema():
    assert schema_of(entries.ReportDocument) == written_out(SCHEMA)


@pytest.mark.parametrize(
    "kind,schema",
    [
        (entries.ReportDocument, SCHEMA),
        (entries.RunEntry, SCHEMA["properties"]["run"]),
        (entries.HostEntry, SCHEMA["$defs"]["host"]),
        (entries.ProbeEntry, SCHEMA["$defs"]["probe"]),
        (entries.UnknownEntry, SCHEMA["$defs"]["host"]["properties"]["unknown"]["items"]),
        (entries.FindingEntry, SCHEMA["$defs"]["finding"]),
        (entries.SharedEntry, SCHEMA["properties"]["shared"]["items"]),
    ],
)
def test_a_report_has_all_that_its_schema_promises(kind, schema):
    assert kind.__required_keys__ >= set(schema["required"])


def test_every_status_has_a_case():
    assert {case[3] for case in CASES.values()} | {"failed"} == set(
        SCHEMA["$defs"]["host"]["properties"]["status"]["enum"]
    )


def test_every_outcome_has_a_case():
    assert {case[4] for case in CASES.values()} - {None} == set(
        SCHEMA["$defs"]["finding"]["properties"]["outcome"]["enum"]
    )


@pytest.mark.parametrize(
    "judgements,failure,why",
    [
        ([], None, "not looked at"),
        ([], "unreachable: no route to host", "unreachable: no route to host"),
        ([look()], "nginx runs on no host", "it could not be looked at again: nginx runs on no host"),
        ([], "ssh://root:secret@web: \x1b[2Jrefused", "ssh://web: \\x1b[2Jrefused"),
    ],
)
def test_a_host_that_could_not_be_judged_fails_in_every_mode(judgements, failure, why):
    for mode in ("fix", "check", "diagnose"):
        entry = document.host_entry(mode, judgements, {}, failure)
        assert entry["status"] == "failed"
        assert document.failures(report(entry, mode)) == {"web": why}


def test_what_was_done_on_a_host_that_was_lost_then_is_in_the_report():
    entry = document.host_entry("fix", [look(finding())], FIXED, "unreachable: timed out")
    assert (entry["status"], entry["why"], entry["says"]) == ("failed",) + (
        "it could not be looked at again: unreachable: timed out",
    ) * 2
    assert [one["outcome"] for one in entry["findings"]] == ["fixed"]
    assert [(one["before"], one["after"]) for one in entry["probes"]] == [(502, None)]


@pytest.mark.parametrize(
    "judgements,outcomes,mode,line",
    [
        ([look(advice())], {}, "fix", "http://site/ still answers 502 (worker_segfault: a person has to look)"),
        ([look()], {}, "fix", "http://site/ still answers 502 (no cause in the catalogue explains it)"),
        (
            [look(answers=[answer(None, timed_out=True)])],
            {},
            "fix",
            "http://site/ still answers nothing in time (no cause in the catalogue explains it)",
        ),
        (
            [look(finding(), TRANSIENT, advice()), look(TRANSIENT, advice())],
            FIXED,
            "fix",
            "http://site/ still answers 502 (worker_segfault: a person has to look)",
        ),
        (
            [look(finding(outcome="not_allowed", step=None))],
            {},
            "fix",
            "http://site/ still answers 502 (php_fpm_stopped: not_allowed)",
        ),
        (
            [look(finding(), status=200), look(finding(), status=200)],
            UNDONE,
            "fix",
            "a change was not kept: php_fpm_stopped: php-fpm: bad value",
        ),
    ],
)
def test_one_line_says_why_a_host_fails(judgements, outcomes, mode, line):
    entry = document.host_entry(mode, judgements, outcomes, None)
    assert document.failures(report(entry, mode)) == {"web": line}
    assert "\n" not in line


def test_a_dry_run_does_not_say_that_something_was_tried():
    assert document.host_entry("check", [look(finding())], {}, None)["why"].startswith(
        "http://site/ answers 502 (php_fpm_stopped: planned"
    )


def test_what_a_role_said_is_the_reason():
    entry = document.host_entry("fix", [look(finding()), look(finding())], UNDONE, None)
    assert entry["findings"][0]["why"] == "php-fpm: bad value"


def test_a_change_that_was_kept_while_the_cause_is_still_seen_is_no_fix():
    again = finding(outcome="failed", why="the remedy was run and the cause is still there")
    entry = document.host_entry("fix", [look(finding()), look(again)], FIXED, None)
    assert (entry["findings"][0]["outcome"], entry["findings"][0]["why"]) == (
        "failed",
        "the change was made and the cause is still seen",
    )


def test_a_cause_that_takes_two_rounds_is_reported_once_with_its_last_remedy():
    small = finding("response_header_too_big", change="buffers 16k", evidence=["header of 9000 bytes"])
    large = finding("response_header_too_big", change="buffers 32k", step="s2", evidence=["header of 20000 bytes"])
    outcomes = {**UNDONE, "s2": {"step": "s2", "outcome": "fixed"}}
    entry = document.host_entry("fix", [look(small), look(large), look(status=200)], outcomes, None)
    assert entry["status"] == "fixed"
    assert [(one["change"], one["outcome"], one["evidence"]) for one in entry["findings"]] == [
        ("buffers 32k", "fixed", ["header of 9000 bytes"])
    ]


def test_what_was_advice_at_first_and_was_cured_later_is_fixed():
    unsure = finding(outcome="advice", step=None, remedy="php_fpm", why="not sure enough")
    entry = document.host_entry("fix", [look(unsure), look(finding()), look(status=200)], FIXED, None)
    assert (entry["status"], entry["findings"][0]["outcome"], entry["findings"][0]["why"]) == ("fixed", "fixed", "")


def test_a_change_that_did_not_suffice_leaves_the_advice_of_the_last_look():
    left = finding(outcome="advice", step=None, remedy=None, change="", advice=["add memory"])
    entry = document.host_entry("fix", [look(finding()), look(left)], FIXED, None)
    shown = entry["findings"][0]
    assert (entry["status"], shown["outcome"], shown["change"], shown["advice"]) == (
        "not_fixed",
        "failed",
        "start php-fpm",
        ["add memory"],
    )


def test_findings_of_later_rounds_come_after_those_of_the_first():
    hidden = finding("response_header_too_big", step="s2")
    outcomes = {**FIXED, "s2": {"step": "s2", "outcome": "fixed"}}
    entry = document.host_entry("fix", [look(finding()), look(hidden), look(status=200)], outcomes, None)
    assert [one["cause"] for one in entry["findings"]] == ["php_fpm_stopped", "response_header_too_big"]


@pytest.mark.parametrize("mode,after", [("fix", 200), ("check", None), ("diagnose", None)])
def test_probes_have_an_after_only_where_something_was_to_be_changed(mode, after):
    entry = document.host_entry(mode, [look(finding()), look(status=200)], FIXED, None)
    assert entry["probes"] == [{"url": "http://site/", "host": "web", "from": "host", "before": 502, "after": after}]


class TestAnErrorInPlaceOfThe502:
    def entry(self, status, had=(), mode="fix", **more):
        looks = [look(finding()), look(answers=[answer(status, had=list(had), **more)])]
        return document.host_entry(mode, looks, FIXED, None)

    @pytest.mark.parametrize(("status", "had"), [(404, [200, 404]), (403, [403]), (404, []), (401, [])])
    def test_its_own_is_fixed_and_said(self, status, had):
        entry = self.entry(status, had)
        assert (entry["status"], entry["findings"][0]["outcome"]) == ("fixed", "fixed")
        for why in (entry["why"], entry["findings"][0]["why"]):
            assert why.startswith("the 502 is gone, and http://site/ answers %d now (" % status)
        assert document.failures(report(entry)) == {}

    @pytest.mark.parametrize(("status", "had"), [(500, []), (503, [200]), (404, [200]), (403, [200, 302])])
    def test_one_that_it_never_had_is_not_fixed(self, status, had):
        entry = self.entry(status, had)
        assert (entry["status"], entry["findings"][0]["outcome"]) == ("not_fixed", "failed")
        assert entry["findings"][0]["advice"][-1].startswith("# the gateway works again")
        assert "answers %d now" % status in document.failures(report(entry))["web"]

    @pytest.mark.parametrize("status", [200, 304, 302])
    def test_a_page_needs_no_word(self, status):
        entry = self.entry(status)
        assert "why" not in entry
        assert entry["findings"][0]["why"] == ""

    def test_of_another_route_it_is_said_of_the_host_alone(self):
        looks = [look(finding(), answers=[answer(route=7)]), look(answers=[answer(404, route=7)])]
        entry = document.host_entry("fix", looks, FIXED, None)
        assert entry["findings"][0]["why"] == ""
        assert "answers 404 now" in entry["why"]

    def test_the_page_of_error_page_in_place_of_the_applications_error_is_no_cure(self):
        looks = [look(finding(), answers=[answer(covers=500)]), look(answers=[answer(200)])]
        entry = document.host_entry("fix", looks, FIXED, None)
        assert (entry["status"], entry["findings"][0]["outcome"]) == ("not_fixed", "failed")
        assert "asked directly, the application answers 500" in document.failures(report(entry))["web"]
        planned = document.host_entry("check", looks[:1], {}, None)["findings"][0]
        assert (planned["outcome"], planned["why"]) == (
            "planned",
            "http://site/ would then show the page of error_page alone: asked directly, the application answers 500",
        )

    def test_one_that_was_there_from_the_start_is_none(self):
        looks = [look(finding(), answers=[answer(), answer(500, "http://site/old")])]
        looks.append(look(answers=[answer(200), answer(500, "http://site/old")]))
        assert document.host_entry("fix", looks, FIXED, None)["status"] == "fixed"


def test_probes_join_the_same_question():
    """The same URL, asked at two addresses and from two places."""
    at = {"tcp:10.0.0.1:80": (502, 200), "tcp:10.0.0.2:80": (504, 404), None: (502, 301)}
    asked = [
        [
            answer(pair[number], connect=connect, **{"from": "host" if connect else "controller"})
            for connect, pair in at.items()
        ]
        for number in (0, 1)
    ]
    entry = document.host_entry("fix", [look(answers=asked[0]), look(answers=asked[1][::-1])], {}, None)
    assert [(one["before"], one["after"]) for one in entry["probes"]] == list(at.values())


def test_a_status_that_error_page_gave_is_marked():
    hidden = [look(answers=[answer(200, masked=True)]), look(answers=[answer(200)])]
    assert [one.get("masked") for one in document.probes("fix", hidden)] == [["before"]]
    assert [one.get("masked") for one in document.probes("fix", hidden[::-1])] == [["after"]]
    assert [one.get("masked") for one in document.probes("check", hidden[::-1])] == [None]
    assert document.host_entry("fix", hidden[::-1], {}, None)["status"] == "not_fixed"


def test_a_url_that_was_not_asked_again_has_no_after():
    entry = document.host_entry("fix", [look(), look(answers=[])], {}, None)
    assert entry["probes"][0]["after"] is None


def test_what_hosts_say_is_shown_without_secrets_of_urls():
    text, safe = "http://u:p@site/a?token=secret answers\x1b 502", "http://site/a answers\\x1b 502"
    hostile = finding(evidence=[text], why=text, advice=[text], on=text, subject=text, change=text, seen_from=text)
    judgement = look(hostile, answers=[answer(url=text)], unknown=[{"missing": text, "why": text}])
    entry = document.host_entry("check", [judgement], {}, None)
    shown = entry["findings"][0]
    assert [shown["evidence"], shown["advice"]] == [[safe], [safe]]
    assert {shown[key] for key in ("why", "on", "subject", "change", "seen_from")} == {safe}
    assert entry["unknown"] == [{"missing": safe, "why": safe}]
    assert entry["probes"][0]["url"] == "http://site/a"


def strings(value):
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(one)


@given(st.text(), st.sampled_from(["fix", "check", "diagnose"]), st.booleans())
def test_nothing_in_a_report_moves_a_cursor(text, mode, ran):
    hostile = finding(evidence=[text], why=text, advice=[text], on=text, subject=text, change=text)
    outcomes = {"s1": {"step": "s1", "outcome": "undone", "why": text}} if ran else {}
    judgement = look(hostile, answers=[answer(url="http://site/" + text)], unknown=[{"missing": text, "why": text}])
    entry = document.host_entry(mode, [judgement, judgement], outcomes, None)
    assert all(one.isprintable() for one in strings(entry))
    report(entry, mode)


def test_the_words_of_a_module_are_one_line():
    outcomes = {"s1": {"step": "s1", "outcome": "undone", "why": 'not started:\n  See "systemctl status"\n'}}
    entry = document.host_entry("fix", [look(finding()), look(finding())], outcomes, None)
    assert entry["findings"][0]["why"] == 'not started: See "systemctl status"'


class TestACauseThatComesBack:
    """What the host remembers of its cures."""

    CURES: t.ClassVar = [{"at": 1763821800.0, "held": 120.0}, {"at": 1763821920.0, "held": 60.5}]

    def test_earlier_cures_stand_with_the_finding(self):
        entry = document.host_entry("check", [look(finding(history=self.CURES))], {}, None)
        assert entry["findings"][0]["history"] == [
            {"at": "2025-11-22T14:30:00Z", "held": 120.0},
            {"at": "2025-11-22T14:32:00Z", "held": 60.5},
        ]
        report(entry, "check")

    def test_without_any_there_is_no_history(self):
        assert "history" not in document.host_entry("check", [look(finding())], {}, None)["findings"][0]

    @pytest.mark.parametrize("status", [502, 200])
    def test_a_host_of_which_the_cause_is_cured_no_more_fails_whatever_it_answers_now(self, status):
        given_up = advice("fpm_max_children", why="cured 3 times on web", given_up=True, history=self.CURES)
        entry = document.host_entry("fix", [look(given_up, status=status)], {}, None)
        assert entry["status"] == "advice"
        assert "fpm_max_children: cured 3 times on web" in document.failures(report(entry))["web"]

    def test_a_dry_run_says_so_and_does_not_fail(self):
        given_up = advice("fpm_max_children", why="cured 3 times on web", given_up=True)
        entry = document.host_entry("check", [look(given_up, status=200)], {}, None)
        assert (entry["status"], entry["why"]) == ("advice", "fpm_max_children: cured 3 times on web")
        assert document.failures(report(entry, "check")) == {}

    def test_another_finding_that_was_fixed_makes_the_host_no_better(self):
        given_up = advice("fpm_max_children", why="cured 3 times on web", given_up=True)
        after = look(given_up, status=200)
        entry = document.host_entry(
            "fix", [look(finding(), given_up), after], {"s1": {"step": "s1", "outcome": "fixed"}}, None
        )
        assert entry["status"] == "not_fixed"
        assert "cured 3 times on web" in document.failures(report(entry))["web"]


@pytest.mark.parametrize(
    "mode,outcomes,why",
    [
        ("check", {}, "a note; dpkg is at work"),
        ("fix", {"s1": {"step": "s1", "outcome": "fixed"}}, "a note"),
        ("fix", {"s1": {"step": "s1", "outcome": "failed", "why": "dpkg was waited for"}}, "dpkg was waited for"),
    ],
)
def test_whom_a_change_waits_for_is_said_until_it_was_made(mode, outcomes, why):
    looks = [look(finding(why="a note", waits="dpkg is at work"))] + [look(status=200)] * (mode == "fix")
    assert document.host_entry(mode, looks, outcomes, None)["findings"][0]["why"] == why


@pytest.mark.parametrize("status", [200, 502])
def test_what_failed_again_while_it_was_watched_is_relieved_and_the_host_is_not_fixed(status):
    ended = {
        "step": "s1",
        "outcome": "relieved",
        "came_back": True,
        "why": "it did not last: 20 s after the last change",
    }
    entry = document.host_entry("fix", [look(finding()), look(status=status)], {"s1": ended}, None)
    assert (entry["findings"][0]["outcome"], entry["status"]) == ("relieved", "not_fixed")
    assert "it did not last: 20 s" in entry["findings"][0]["why"]
    assert "it did not last: 20 s" in document.failures(report(entry))["web"]


def test_a_backend_that_a_finding_is_about_says_where_that_stands():
    run: entries.RunEntry = {
        "id": "r",
        "mode": "check",
        "started": "2026-11-22T14:30:00Z",
        "finished": "2026-11-22T14:30:09Z",
        "version": "1",
    }
    rounds = {"web": [look(advice(on="app"))], "app": [look(answers=[])], "other": [look(answers=[])]}
    hosts = document.report_of(run, rounds, {}, {})["hosts"]
    assert hosts["app"]["says"] == "no URL was asked here; what was found is said of web."
    assert hosts["other"]["says"] == "no URL was asked here."


OTHER = {"url": "http://other/", "route": 7}


def test_what_another_site_answers_by_itself_neither_heads_nor_decides():
    before = look(finding(), answers=[answer(500, **OTHER), answer()])
    entry = document.host_entry("fix", [before, look(answers=[answer(500, **OTHER), answer(200)])], FIXED, None)
    assert entry["status"] == "fixed"
    assert entry["says"] == "http://site/ answered 502, and answers 200 now (1 of the 2 URLs that were asked failed)."


def test_a_url_that_fails_is_explained_by_the_finding_over_its_own_route():
    unlike = [advice("disk_full", routes=[0], why="a"), advice(routes=[7], why="b", key="other")]
    entry = document.host_entry("fix", [look(*unlike, answers=[answer(200), answer(502, **OTHER)])], {}, None)
    assert entry["why"] == "http://other/ still answers 502 (worker_segfault: b)"


def test_of_many_sites_a_finding_has_the_urls_that_failed_over_its_own_routes():
    answers = [answer(url="http://a/x?y=z"), answer(url="http://a/"), answer(200, url="http://well/"), answer(**OTHER)]
    found = [advice(routes=[0]), advice(routes=[7], key="other"), advice(routes=[9], key="of no route that was asked")]
    entry = document.host_entry("fix", [look(*found, answers=answers), look(*found, answers=[])], {}, None)
    assert [one.get("urls") for one in entry["findings"]] == [["http://a/x", "http://a/"], ["http://other/"], None]


def test_answers_that_break_off_are_said_of_a_host_that_is_well():
    entry = document.host_entry("fix", [{**look(status=200), "also": ["app broke off an answer"]}], {}, None)
    assert (entry["status"], entry["also"]) == ("healthy", ["app broke off an answer"])
    assert "also" not in document.host_entry("fix", [look(status=200)], {}, None)
    report(entry)
