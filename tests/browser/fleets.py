# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of whole fleets, judged and composed by the collection itself from the facts of the causes' cases."""

from __future__ import annotations

import copy
import functools
import itertools
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judgement import judgements
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.document import report_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.words import verdict
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.causes import facts as cases
from ansible_collections.webops.bad_gateway.tests.unit.report_page import FINISHED, STARTED, UNDO

ALLOW = ("start", "reload", "restart", "config", "firewall", "selinux")
RUN = "20261129T025014Z-3569"
APPLY = "ansible-playbook webops.bad_gateway.fix_502 -i hosts"
DIFF = """--- /etc/php/8.2/fpm/pool.d/www.conf
+++ /etc/php/8.2/fpm/pool.d/www.conf
@@ -12 +12 @@
-pm.max_children = 5
+pm.max_children = 10
"""

#: A fleet that a person can take in: a firewall between two hosts, a pool that is too small, and a backend that somebody has to start.
FEW = (
    ("shop", "firewall_reject/fires_tcp_reset"),
    ("blog", "fpm_max_children/fires_line_and_limit"),
    ("wiki", "backend_start_fails/fires_program_is_gone"),
)


def case_of(name: str) -> dict[str, t.Any]:
    """A case by its folder and file, without the ending."""
    return t.cast("dict[str, t.Any]", cases.load(cases.CASES / (name + ".yml")))


def all_cases() -> list[str]:
    """Every case in which a cause is found."""
    return sorted("%s/%s" % (path.parent.name, path.stem) for path in cases.CASES.glob("*/fires_*.yml"))


def report_on(sites: t.Iterable[tuple[str, str | None]], mode: str = "fix") -> dict[str, t.Any]:
    """The report on sites, each a name and the case that it is in, None where it is well: its hosts are NAME-web and so on."""
    rounds: dict[str, list[t.Any]] = {}
    outcomes: dict[str, t.Any] = {}
    for name, case_name in sites:
        case = case_of(case_name) if case_name else {"base": "single"}
        for host, judged in judged_case(case, name).items():
            rounds[host] = [judged]
            for step in judged.get("steps", ()):
                outcomes[step["id"]] = {"step": step["id"], "outcome": "fixed", "seconds": 3.4}
                if "php_fpm" in step["role"]:
                    outcomes[step["id"]]["diffs"] = [{"path": "www.conf", "diff": DIFF}]
        if mode == "fix":
            after = judged_case({"base": case["base"]}, name)
            for host, judged in after.items():
                if any(step["id"] in outcomes for step in rounds[host][0].get("steps", ())):
                    rounds[host].append({**judged, "logged": rounds[host][0]["logged"]})
    run: dict[str, t.Any] = {
        "id": RUN,
        "mode": mode,
        "started": STARTED,
        "finished": FINISHED,
        "version": "1.0.0",
    }
    run.update({"undo": UNDO} if mode == "fix" else {"apply": APPLY})
    return t.cast("dict[str, t.Any]", report_of(run, rounds, outcomes if mode == "fix" else {}, {}))


def judged_case(case: dict[str, t.Any], name: str) -> dict[str, t.Any]:
    """The judgements of a case's hosts, which are named after the site."""
    facts = {"%s-%s" % (name, host): copy.deepcopy(one) for host, one in cases.case_facts(case).items()}
    return t.cast("dict[str, t.Any]", judgements(facts, ALLOW, RUN + name, {}, case.get("backend_services") or {}, ()))


def few(mode: str = "fix") -> dict[str, t.Any]:
    """The report on a few sites, one of them well."""
    return report_on([*FEW, ("docs", None)], mode)


def many(hosts: int, in_trouble: float = 0.1) -> dict[str, t.Any]:
    """The report on so many hosts, a part of them in trouble, over all the causes by turns."""
    report = every_cause()
    troubled = [one for one in report["hosts"].values() if one["status"] != "healthy"]
    well = next(one for one in report["hosts"].values() if one["status"] == "healthy")
    every = round(1 / in_trouble)
    entries = itertools.cycle(troubled)
    report["hosts"] = {
        "web%03d.example.org" % number: next(entries) if number % every == 0 else well for number in range(hosts)
    }
    report["run"]["says"] = verdict(report)
    return report


@functools.lru_cache(maxsize=None)
def _every_cause() -> dict[str, t.Any]:
    first: dict[str, str] = {}
    for name in all_cases():
        first.setdefault(name.partition("/")[0], name)
    return report_on((cause.replace("_", "-"), name) for cause, name in first.items())


def every_cause() -> dict[str, t.Any]:
    """The report on a site for each cause, so that every kind of finding is on the page."""
    return copy.deepcopy(_every_cause())
