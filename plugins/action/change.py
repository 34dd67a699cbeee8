# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a change in one call on its host, judges the answers that the host leaves to judge, and has the change kept or undone."""

from __future__ import annotations

import os
import time
import typing as t
from functools import partial

from ansible.plugins.action import ActionBase

from ansible_collections.webops.bad_gateway.plugins.module_utils._change import make, nginx_config, php_fpm
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._controller import is_dead, owner
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge import proof
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.proof_questions import (
    Round,
    rounds,
    time_to_confirm,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.not_run import with_words
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.piped import (
    PROGRAMS,
    or_lost,
    pipe,
    python_for_pipe,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.stdin_program import (
    MODULES,
    Packed,
    specification,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import failure
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.planned_diffs import of_comparison

Values = dict[str, t.Any]

RECIPES = {"nginx_config": nginx_config, "php_fpm": php_fpm}
ARGUMENTS: Values = {
    "title": {"type": "str", "required": True},
    "run": {"type": "str", "required": True},
    "change": {"type": "str", "required": True},
    "recipe": {"type": "str", "choices": sorted(RECIPES), "required": True},
    "confirm_within": {"type": "int", "default": 600},
    "begins": {"type": "bool", "default": False},
    "ends": {"type": "bool", "default": False},
    "causes": {"type": "list", "elements": "str", "default": []},
    "proof": {"type": "list", "elements": "dict", "default": []},
    "tries": {"type": "int", "default": 12},
    "times": {"type": "int", "default": 3},
    "delay": {"type": "int", "default": 1},
    "timeout": {"type": "int", "default": 10},
}
#: What every change calls beside the modules of its recipe.
ALWAYS = ("change_journal", "site_answers_info")
#: The calls of a recipe, packed when they are first needed: a run rarely needs both.
_PACKED: dict[tuple[str, str], Packed] = {}


def packed(recipe: str, function: str) -> Packed:
    """A function of _change.make with all that it calls for a recipe."""
    if (recipe, function) not in _PACKED:
        names = [*ALWAYS, *RECIPES[recipe].MODULES]
        modules = ("%s.%s" % (MODULES, name) for name in names)
        _PACKED[recipe, function] = Packed("_change.make", function, *modules, store=PROGRAMS)
    return _PACKED[recipe, function]


def options_of(recipe: t.Any) -> Values:
    """What the settings of a recipe may have."""
    if recipe == "nginx_config":
        edits = specification(MODULES + ".nginx_directive", PROGRAMS)["argument_spec"]["edits"]
        return {**nginx_config.OPTIONS, "edits": {**edits, "required": False, "default": []}}
    return php_fpm.OPTIONS if recipe == "php_fpm" else {}


class ActionModule(ActionBase):
    """One call where the site is well at once; else the controller asks again, judges, and says what becomes of the change."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: Values | None = None) -> Values:
        result: Values = super().run(tmp, task_vars)
        options = {"type": "dict", "options": options_of(self._task.args.get("recipe")), "default": {}}
        _spec, args = self.validate_argument_spec({**ARGUMENTS, "settings": options})
        self._vars = task_vars or {}
        self._python = python_for_pipe(self, self._vars)
        self._recipe: str = args["recipe"]
        if self._task.check_mode:
            said = self._call("compare", settings=args["settings"], diff=True)
            result.update(run=args["run"], change=args["change"])
            compared = shown(said, args["title"])
            would = {"diffs": of_comparison(compared["diff"]), "diff": compared["diff"] if self._task.diff else []}
            return {**result, **compared, **would}
        began = time.time()
        made = or_lost(partial(self._changed, args), self._vars)
        if made.get("lost"):
            made = {"changed": True, "failure": made, "saved": {}, "undone": made}
        result.update(run=args["run"], change=args["change"], began=began)
        return {**result, **shown(made, args["title"])}

    def _changed(self, args: Values) -> Values:
        """What the calls on the host have said. half_made: the site is asked from elsewhere, by whoever has called this."""
        here = self._task.delegate_to or self._vars.get("inventory_hostname")
        asked = rounds(args["proof"])
        local = asked[0] if len(asked) == 1 and asked[0]["host"] == here else None
        order = {
            **{name: args[name] for name in ("run", "change", "begins", "ends", "causes")},
            "confirm_within": time_to_confirm(args["confirm_within"], asked),
            "driver": str(self._vars.get("inventory_hostname", "")),
            "owner": owner(os.getppid()),  # a task runs in a child of ansible-playbook
            "take_over": "",
            "ask": questions(local, args) if local else None,
            "before": [one.get("status") if one.get("beside") else None for one in local["before"]] if local else [],
        }
        said = self._make(order, args["settings"])
        if "module_stderr" in said:  # the program ended before it could say what it had done
            said = {"changed": True, "failure": said, "saved": {}, **self._call("end", state="undone", order=order)}
        if "failure" not in said and said["changed"] and "kept" not in said:
            warnings = said.get("warnings", [])
            if local:
                said.update(self._judged(local, order, args, said["answers"]))
            elif not asked:
                said.update(self._call("end", state="kept", order=order))
            said["warnings"] = [*warnings, *said.get("warnings", [])]
        return {**said, "half_made": bool(asked) and local is None}

    def _make(self, order: Values, settings: Values) -> Values:
        """Make the change; a second time where the host was held by a run whose process this controller knows to have ended."""
        said = self._call("make", settings=settings, order=order, diff=self._task.diff)
        lock = said.get("failure", {}).get("lock")
        if isinstance(lock, dict) and is_dead(str(lock["owner"])):
            return self._call(
                "make", settings=settings, order={**order, "take_over": lock["run"]}, diff=self._task.diff
            )
        return said

    def _judged(self, local: Round, order: Values, args: Values, answers: t.Any) -> Values:
        """What becomes of a change, by what the site answers: asked again until it answers better, or asking shows nothing more."""
        attempts, most = 1, max(args["tries"], local["wait"] // max(args["delay"], 1) + 1)
        verdict = proof.verdict(local["before"], answers)
        while not (verdict.passed or verdict.settled) and attempts < most:
            if not verdict.set_aside and attempts >= args["tries"]:
                break
            time.sleep(args["delay"])
            attempts += 1
            answers = self._module("site_answers_info", order["ask"], False)["answers"]
            verdict = proof.verdict(local["before"], answers)
        if verdict.passed:
            return self._call("end", state="kept", order=order)
        why = {"failed": True, "msg": "%s: %s" % (local["host"], verdict.why)}
        return {**self._call("end", state="undone", order=order), "failure": why}

    def _call(self, function: str, **arguments: t.Any) -> Values:
        """What a function of _change.make returns: on the host, in one program, where that can be; else here, by modules that Ansible runs one by one."""
        if self._python:
            named = {} if function == "end" else {"recipe": self._recipe}
            piped = pipe(self, self._python, packed(self._recipe, function).program({**named, **arguments}))
            if piped is not None:
                return piped
        call = partial(self._module, diff=arguments.get("diff", False))
        if function == "end":
            return make.ended(make.Change(call, arguments["order"]), arguments["state"])
        recipe = make.RECIPES[self._recipe](arguments["settings"])
        if function == "compare":
            return make.compared(call, recipe)
        return make.Change(call, arguments["order"]).make(recipe)

    def _module(self, name: str, arguments: Values, check_mode: bool, diff: bool = False) -> Values:
        """What one of our modules returns that Ansible runs."""
        was = self._task.check_mode, self._task.diff
        self._task.check_mode, self._task.diff = check_mode, diff and check_mode
        try:
            given = {key: value for key, value in arguments.items() if value is not None}
            done: Values = self._execute_module("webops.bad_gateway." + name, module_args=given, task_vars=self._vars)
        finally:
            self._task.check_mode, self._task.diff = was
        done.pop("invocation", None)
        return with_words(done)


def questions(asked: Round, args: Values) -> Values:
    """What site_answers_info takes."""
    return {
        "urls": asked["urls"],
        "error_logs": asked["error_logs"],
        "times": args["times"],
        "timeout": float(args["timeout"]),
    }


def shown(said: Values, title: str) -> Values:
    """What the task returns."""
    result: Values = {
        "changed": said["changed"],
        "diff": said.get("diff", []),
        "diffs": said.get("kept", {}).get("diffs", []),
        "to_prove": said.get("half_made", False) and said["changed"] and "failure" not in said,
        "warnings": said.get("warnings", []),
        "unproven": "",
        "half_undone": False,
    }
    if "failure" not in said:
        return result
    saved, undone = said.get("saved"), said.get("undone", {})
    failed = said["failure"]
    why = failure.reason(failed) if saved is None else failure.change_failed(title, failed, saved, undone)
    begun = saved is not None and not saved.get("failed")
    left = undone.get("changes") is None or any(change["problems"] for change in undone["changes"])
    return {**result, "failed": True, "msg": why, "begun": begun, "half_undone": begun and left}
