# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each run said, against what each fault's file says it must say."""

import re

import _confusion
import pytest

PREDICTED = {"fixed": "would_fix"}


def entry_of(report, place, proxy=None):
    """What a report says of the host that serves the fault's URL, or of another proxy."""
    return report["hosts"][place.host(proxy or place.proxy)]


def wanted_findings(place):
    """The findings wanted of each proxy of a fault, the one that serves its URL first."""
    expect = place.fault.expect
    wanted = {place.proxy: [expect]}
    for one in expect.get("also", []):
        wanted.setdefault(one.get("proxy", place.proxy), []).append(one)
    return wanted


def assert_finding(entry, place, wanted, outcome):
    found = [one for one in entry["findings"] if one["cause"] == wanted["cause"]]
    assert len(found) == 1, [one["cause"] for one in entry["findings"]]
    assert found[0]["on"] == place.host(wanted["host"])
    assert found[0]["remedy"] == wanted["remedy"]
    assert _confusion.is_as_sure_as_it_may(found[0]), found[0]["confidence"]
    assert found[0]["evidence"]
    assert found[0]["outcome"] == (outcome if wanted["remedy"] else "advice"), found[0]["why"]


def test_dry_run_predicts_what_a_run_does(report, place):
    checked = report("check")
    entry = entry_of(checked, place)
    assert checked["run"]["mode"] == "check"
    assert entry["status"] == PREDICTED.get(place.fault.expect["status"], place.fault.expect["status"]), entry


def test_dry_run_names_the_cause_first(report, curable):
    entry = entry_of(report("check"), curable)
    assert_finding(entry, curable, curable.fault.expect, "planned")
    assert entry["findings"][0]["cause"] == curable.fault.expect["cause"]


def test_dry_run_sees_what_the_controller_sees(report, place):
    probes = entry_of(report("check"), place)["probes"]
    assert place.fault.status_before in [probe["before"] for probe in probes]


def test_run_cures_every_cause(report, curable):
    for proxy, findings in wanted_findings(curable).items():
        entry = entry_of(report("fix"), curable, proxy)
        assert entry["status"] == "fixed", entry
        for wanted in findings:
            assert_finding(entry, curable, wanted, wanted.get("outcome", "fixed"))


def test_run_names_nothing_but_the_causes(report, curable):
    for proxy, findings in wanted_findings(curable).items():
        named = {finding["cause"] for finding in entry_of(report("fix"), curable, proxy)["findings"]}
        assert named == {wanted["cause"] for wanted in findings}


def test_run_shows_before_and_after(report, curable):
    probes = entry_of(report("fix"), curable)["probes"]
    assert curable.fault.status_before in [probe["before"] for probe in probes]
    assert {probe["after"] for probe in probes} <= {200, curable.fault.expect["status_after"]}


@pytest.mark.parametrize("run", ["check", "fix"])
def test_well_hosts_are_reported_well(report, well, run):
    assert entry_of(report(run), well)["status"] == "healthy"


def test_second_run_finds_all_well(report, treated):
    hosts, proxy = report("again")["hosts"], treated.host(treated.proxy)
    assert hosts[proxy]["status"] == treated.fault.expect.get("status_again", "healthy")
    others = {name: entry["status"] for name, entry in hosts.items() if name in treated.names() and name != proxy}
    assert others == dict.fromkeys(others, "healthy")


def test_advice_names_cause_and_commands(report, advised):
    entry = entry_of(report("advice"), advised)
    assert entry["status"] == "advice", entry
    assert_finding(entry, advised, advised.fault.expect, "advice")
    assert entry["findings"][0]["cause"] == advised.fault.expect["cause"]
    assert re.search(advised.fault.expect.get("why", ""), entry["findings"][0]["why"]), entry["findings"][0]["why"]
    assert re.search(advised.fault.expect.get("advice", ""), "\n".join(entry["findings"][0]["advice"]))


def test_what_several_hosts_suffer_from_is_said_once(report, suffered):
    said = [one["says"] for one in report("advice")["shared"] if set(suffered.names()) <= set(one["hosts"])]
    assert len(said) == 1 and re.search(suffered.fault.expect["shared"], said[0]), said


def test_what_set_it_off_is_named_and_nothing_else(report, explained):
    expect = explained.fault.expect
    entry = entry_of(report("advice" if expect["status"] == "advice" else "check"), explained)
    found = next(one for one in entry["findings"] if one["cause"] == expect["cause"])
    assert found["began"] and found["rhythm"]
    for wanted in expect["because"]:
        assert any(re.search(wanted, text) for text in found["because"]), found["because"]
    for unrelated in expect.get("not_because", []):
        assert not re.search(unrelated, " ".join(found["because"])), found["because"]
