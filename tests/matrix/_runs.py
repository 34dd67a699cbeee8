# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runs of a scenario made of its faults: read from the reports that a scenario leaves in .lab/, kept in verdicts/SCENARIO.yml.

A fault that is run again has its newest verdict, so that a run of a few faults leaves those of the others.
"""

from __future__ import annotations

import json
import pathlib
import typing as t

import yaml
from _faults import Fault, faults

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
KEPT = HERE / "verdicts"
#: What a finding's outcome is called in the matrix.
CALLED = {"fixed": "cured", "relieved": "relieved", "advice": "advised"}
WELL, WRONG = "left alone", "not as wanted"
#: The row of hosts on which nothing is broken.
NOTHING = "nothing is broken"
#: The run that counts, and what the dry run before it must have said, by what a fault's file wants.
RUNS = {"fixed": ("fix", "would_fix"), "advice": ("advice", "advice"), "healthy": ("fix", "healthy")}

Reports = t.Mapping[str, t.Mapping[str, t.Any]]


def reports_of(folder: pathlib.Path) -> dict[str, t.Any]:
    """The reports of a scenario by the names of its runs: check, advice, fix, again."""
    return {path.parent.name: json.loads(path.read_text()) for path in folder.glob("*/report.json")}


def verdicts_of(fault: Fault, proxy: str, reports: Reports) -> dict[str, str] | None:
    """What was seen of each cause that belongs to a fault; None where no run met its host."""
    expect = fault.expect
    run, foretold = RUNS[expect["status"]]
    entry, dry = (reports.get(name, {}).get("hosts", {}).get(proxy) for name in (run, "check"))
    if entry is None or dry is None:
        return None
    wanted = [one for one in [expect, *expect.get("also", [])] if one.get("cause")]
    is_right = (dry["status"], entry["status"]) == (foretold, expect["status"]) and _is_left_well(
        expect, proxy, reports
    )
    if expect["status"] == "healthy":
        return {fault.cause or NOTHING: WELL if is_right else WRONG}
    outcomes = {finding["cause"]: finding["outcome"] for finding in _findings(reports[run], proxy, wanted, fault)}
    return {one["cause"]: CALLED.get(outcomes.get(one["cause"], ""), WRONG) if is_right else WRONG for one in wanted}


def _is_left_well(expect: t.Mapping[str, t.Any], proxy: str, reports: Reports) -> bool:
    """Whether a second run found nothing left to do; advice is given once."""
    if expect["status"] == "advice":
        return True
    again = reports.get("again", {}).get("hosts", {}).get(proxy)
    return again is not None and again["status"] == expect.get("status_again", "healthy")


def _findings(report: t.Any, proxy: str, wanted: t.Sequence[t.Any], fault: Fault) -> list[t.Any]:
    """The findings of all proxies of a fault."""
    proxies = {proxy, *("%s-%s" % (fault.stem, one["proxy"]) for one in wanted if "proxy" in one)}
    return [finding for name in sorted(proxies) for finding in report["hosts"].get(name, {}).get("findings", [])]


def met(reports: Reports, proxies: t.Mapping[str, str]) -> dict[str, t.Any]:
    """Each fault that the runs met: the day, and what was seen of its causes. proxies: topology to the role that serves."""
    day = reports["check"]["run"]["finished"][:10]
    found = {}
    for name, fault in faults().items():
        seen = verdicts_of(fault, "%s-%s" % (fault.stem, proxies[fault.topology]), reports)
        if seen:
            found[name] = {"seen": day, "causes": seen}
    return found


def kept(scenario: str) -> dict[str, t.Any]:
    """The verdicts of a scenario: packages, and faults; empty where it has never been run."""
    path = KEPT / (scenario + ".yml")
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {"packages": {}, "faults": {}}


def keep(scenario: str, packages: t.Mapping[str, str], seen: t.Mapping[str, t.Any]) -> None:
    """Lay new verdicts over the old ones. Those of faults that are no more go."""
    known = {**kept(scenario)["faults"], **seen}
    verdicts = {name: known[name] for name in sorted(known.keys() & faults().keys())}
    KEPT.mkdir(exist_ok=True)
    text = yaml.safe_dump({"packages": dict(packages), "faults": verdicts}, width=160, sort_keys=True)
    (KEPT / (scenario + ".yml")).write_text("---\n# Written by `make matrix`.\n" + text, encoding="utf-8")
