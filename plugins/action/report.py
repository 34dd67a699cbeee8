# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compose the report of a run from what its rounds left in variables of the hosts, and show its answer."""

from __future__ import annotations

import shutil
import time
import typing as t
from collections import ChainMap

import yaml
from ansible import constants, context
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._console import LastWords
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.because import read_histories, with_onset
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report import answer, commands, document, entries
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.alike import in_one_article

#: Callbacks whose standard output is one document for a program, which a text would spoil.
FOR_PROGRAMS = ("json", "jsonl")


def show(text: str) -> None:
    """Show a text on the terminal: on standard output where people read it."""
    callback = str(constants.config.get_config_value("DEFAULT_STDOUT_CALLBACK"))
    Display().display("\n" + text, stderr=callback.rpartition(".")[2] in FOR_PROGRAMS)


# Ansible's main process loads this plugin before it forks the processes of the tasks.
LAST = LastWords(show)


class ActionModule(ActionBase):
    """Reads what the rounds left, and shows the answer on the terminal, below all else."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _spec, args = self.validate_argument_spec(
            {
                "hosts": {"type": "list", "elements": "str", "required": True},
                "mode": {"type": "str", "choices": ["fix", "check", "diagnose"], "required": True},
                "judgement": {"type": "str", "required": True},
                "rounds": {"type": "str", "required": True},
                "outcomes": {"type": "str", "required": True},
                "changed_by": {"type": "str", "required": True},
                "again": {"type": "str", "default": ""},
                "histories": {"type": "str", "default": ""},
                "started": {"type": "str", "default": ""},
                "file": {"type": "str", "default": ""},
            }
        )
        report = self._compose(args, task_vars or {})
        page = args["file"].replace(".json", ".html")
        LAST.leave(answer.render(report, shutil.get_terminal_size((80, 24)).columns, page))
        result.update(
            changed=False,
            report=report,
            failures=document.failures(report),
            articles=in_one_article(report["hosts"]),
        )
        return result

    def _compose(self, args: t.Mapping[str, t.Any], task_vars: t.Mapping[str, t.Any]) -> entries.ReportDocument:
        hostvars = task_vars["hostvars"]
        seen = {name: hostvars[name] for name in args["hosts"]}
        first = next((one[args["judgement"]] for one in seen.values() if args["judgement"] in one), None)
        if first is None:
            first = {"run": "", "judgements": {}, "failures": {}}
        # What an earlier run of the same playbook left is not of this run.
        changed = {
            name: variables for name, variables in seen.items() if variables.get(args["changed_by"]) == first["run"]
        }
        outcomes = {one["step"]: one for variables in changed.values() for one in variables.get(args["outcomes"]) or []}
        histories, unknown = read_histories({name: one.get(args["histories"]) for name, one in seen.items()})
        rounds = {}
        for name in seen:
            judgements = [first["judgements"].get(name), *(changed.get(name, {}).get(args["rounds"]) or [])]
            rounds[name] = [with_onset(one, histories, unknown.get(name, [])) for one in judgements if one]
        run: entries.RunEntry = {
            "id": first["run"],
            "mode": args["mode"],
            "started": args["started"] or first.get("started") or started(first["run"]),
            "finished": now(),
            "version": version(),
        }
        if "approved" in first:
            run["plan"] = first["approved"]["run"]
        command = commands.called(context.CLIARGS, args["file"])
        if args["mode"] == "check" and command:
            run["apply"] = command
        if any(one["outcome"] in ("fixed", "relieved") for one in outcomes.values()):
            run["undo"] = commands.rollback(context.CLIARGS, run["id"])
        lost = [(one.get(args["again"]) or {}).get("failures", {}) for one in changed.values()]
        return document.report_of(run, rounds, outcomes, dict(ChainMap(first["failures"], *lost)))


def now() -> str:
    """The time in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def started(run: str) -> str:
    """The time in a run's id; now where it has none."""
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.strptime(run.split("-")[0], "%Y%m%dT%H%M%SZ"))
    except ValueError:
        return now()


def version() -> str:
    """The version of this collection, as its one place says: galaxy.yml in a checkout, MANIFEST.json once installed."""
    import json
    import pathlib

    top = pathlib.Path(__file__).resolve().parents[2]
    manifest = top / "MANIFEST.json"
    if manifest.exists():
        return str(json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"])
    return str(yaml.safe_load((top / "galaxy.yml").read_text(encoding="utf-8"))["version"])
