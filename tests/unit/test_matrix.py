# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/platforms.md is what the kept verdicts make, and a verdict is what the runs of a scenario said."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import known_causes
from ansible_collections.webops.bad_gateway.tests.matrix import _page, _runs

PLATFORMS = yaml.safe_load((_runs.HERE / "platforms.yml").read_text(encoding="utf-8"))
KNOWN = _runs.faults()


def reports(fault, check, run, again="healthy", outcome="fixed"):
    """Reports in which the fault's host has these statuses, and each of its causes this outcome."""
    expect = KNOWN[fault].expect
    wanted = [expect, *expect.get("also", [])]
    findings = [{"cause": one["cause"], "outcome": outcome} for one in wanted if one.get("cause")]
    statuses = {"check": check, "advice" if expect["status"] == "advice" else "fix": run, "again": again}
    host = KNOWN[fault].stem + "-web"
    return {name: {"hosts": {host: {"status": status, "findings": findings}}} for name, status in statuses.items()}


def verdicts(fault, *statuses, **more):
    return _runs.verdicts_of(KNOWN[fault], KNOWN[fault].stem + "-web", reports(fault, *statuses, **more))


def test_the_page_is_what_the_verdicts_make():
    assert _page.PAGE.read_text(encoding="utf-8") == _page.page(), "make matrix"


def test_each_platform_has_scenarios_of_its_own_and_no_scenario_is_left_out():
    scenarios = [name for entry in PLATFORMS for name in entry["scenarios"]]
    there = {path.parent.name for path in (_runs.TOP / "molecule").glob("*/molecule.yml")}
    assert set(scenarios) == there
    whole = [name for entry in PLATFORMS if "faults" not in entry for name in entry["scenarios"]]
    assert len(whole) == len(set(whole))


def test_recorded_platforms_name_causes_that_there_are():
    causes = {cause.name for cause in known_causes()} | {_runs.NOTHING}
    for platform in _page.platforms():
        assert set(platform.seen) <= causes


def test_a_cause_is_cured_where_all_runs_say_so():
    assert verdicts("php_fpm_stopped", "would_fix", "fixed") == {"php_fpm_stopped": "cured"}


@pytest.mark.parametrize(
    "statuses",
    [("advice", "fixed", "healthy"), ("would_fix", "not_fixed", "healthy"), ("would_fix", "fixed", "would_fix")],
    ids=["not foretold", "not fixed", "not for long"],
)
def test_a_run_that_says_something_else_is_not_a_cure(statuses):
    assert verdicts("php_fpm_stopped", *statuses) == {"php_fpm_stopped": "not as wanted"}


def test_a_cause_that_was_not_named_is_not_cured():
    said = reports("php_fpm_stopped", "would_fix", "fixed")
    said["fix"]["hosts"]["php-fpm-stopped-web"]["findings"] = []
    assert _runs.verdicts_of(KNOWN["php_fpm_stopped"], "php-fpm-stopped-web", said) == {
        "php_fpm_stopped": "not as wanted"
    }


def test_each_cause_of_a_stack_has_its_verdict():
    seen = verdicts("stacked_pool_and_header", "would_fix", "fixed")
    assert seen == {"php_fpm_stopped": "cured", "response_header_too_big": "cured"}


def test_advice_needs_no_second_run():
    assert verdicts("php_fpm_masked", "advice", "advice", again="advice", outcome="advice") == {
        "php_fpm_stopped": "advised"
    }


def test_a_host_on_which_nothing_is_broken_is_left_alone():
    assert verdicts("healthy", "healthy", "healthy") == {_runs.NOTHING: "left alone"}


def test_a_fault_that_no_run_met_has_no_verdict():
    assert _runs.verdicts_of(KNOWN["healthy"], "healthy-web", {"check": {"hosts": {}}}) is None


def test_new_verdicts_are_laid_over_old_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(_runs, "KEPT", tmp_path)
    old, new = ({"seen": day, "causes": {"php_fpm_stopped": "cured"}} for day in ("2026-11-28", "2026-11-29"))
    _runs.keep("default", {"nginx": "1.22.1-9"}, {"php_fpm_stopped": old, "php_fpm_masked": old, "is_no_more": old})
    _runs.keep("default", {"nginx": "1.26.3-3"}, {"php_fpm_stopped": new})
    assert _runs.kept("default") == {
        "packages": {"nginx": "1.26.3-3"},
        "faults": {"php_fpm_masked": old, "php_fpm_stopped": new},
    }
