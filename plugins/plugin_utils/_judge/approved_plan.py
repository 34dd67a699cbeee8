# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan that somebody has approved: report.json of a run that changed nothing, which names the steps that may be made.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import json
import typing as t

#: Modes of runs that change nothing.
DRY = ("check", "diagnose")


class ApprovedPlan(t.TypedDict):
    """The run that made the plan, and the ids of its steps."""

    run: str
    steps: list[str]


class NotAPlan(Exception):
    """The file is no plan; the text says why, in one line."""


def plan_problems(path: t.Any, read: t.Callable[[str], str]) -> list[str]:
    """A line where no plan can be read from a value of fix_502_plan; empty where one can, and where none is named. read: gives the text of a file."""
    if path in ("", None):
        return []
    try:
        read_plan(path, read)
    except NotAPlan as error:
        return [str(error)]
    return []


def read_plan(path: t.Any, read: t.Callable[[str], str]) -> ApprovedPlan:
    """The plan in a file, whose text read gives. Raises NotAPlan."""
    if not isinstance(path, str):
        raise NotAPlan("fix_502_plan has to be the path of one report.json")
    try:
        text = read(path)
    except (OSError, ValueError) as error:  # ValueError: no text, or no path
        raise _refused(path, getattr(error, "strerror", None) or "it is no text") from error
    try:
        return plan_of(json.loads(text))
    except ValueError as error:
        raise _refused(path, "it is no JSON") from error
    except NotAPlan as error:
        raise _refused(path, str(error)) from error


def plan_of(report: t.Any) -> ApprovedPlan:
    """The plan in a report: the steps of the findings whose outcome is planned. Raises NotAPlan."""
    try:
        run, mode = report["run"]["id"], report["run"]["mode"]
        planned = [
            finding.get("step")
            for host in report["hosts"].values()
            for finding in host["findings"]
            if finding["outcome"] == "planned"
        ]
    except (AttributeError, KeyError, TypeError) as error:
        raise NotAPlan("it is no report of this collection") from error
    if mode not in DRY:
        raise NotAPlan("it is the report of a run that made changes (%s), and no plan: name that of a dry run" % run)
    if not all(isinstance(step, str) and step for step in planned):
        raise NotAPlan("it names no steps, as it was written by an older version: run the dry run again")
    return {"run": str(run), "steps": sorted(set(planned))}


def _refused(path: str, why: str) -> NotAPlan:
    return NotAPlan("fix_502_plan (%s) cannot be followed: %s" % (path, why))
