# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One change as one call on its host: compare, save, apply, ask the site again, and keep or undo. It ends well even where the controller dies meanwhile.

Private to this collection: it may change in any release.
"""

import sys
import traceback
from functools import partial
from typing import Any, Dict, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._change import nginx_config, php_fpm
from ansible_collections.webops.bad_gateway.plugins.module_utils._change.recipe import Call, Failed, Recipe, done
from ansible_collections.webops.bad_gateway.plugins.module_utils._look import piped_module

RECIPES = {"nginx_config": nginx_config.NginxConfig, "php_fpm": php_fpm.PhpFpm}
JOURNAL = "change_journal"


class Change:
    """A change of a run. order: run, change, owner, driver, take_over, confirm_within, causes (that it cures); begins, ends: whether the run takes the host
    before it, and leaves it after it; ask: what site_answers_info takes, None where the site is not to be asked from here; before: what each of those URLs
    answered that is a page of another site, None for all others."""

    def __init__(self, call: Call, order: Dict[str, Any]) -> None:
        self.call = call
        self.order = order
        self.warnings: List[str] = []

    def make(self, recipe: Recipe) -> Dict[str, Any]:
        """What became of the change. kept, undone: what the journal said; answers: those of the site, where only the controller can judge them."""
        said: Dict[str, Any] = {"changed": False}
        try:
            if self.order["begins"]:
                self.journal("begun", **self._claim())
            said["changed"] = recipe.compare(self.call)
            said["diff"] = recipe.diff()
            if said["changed"]:
                said.update(self._apply(recipe, said))
            else:
                self._end()
        except Failed as failed:
            said.update(self.undo(), failure=failed.result)
        return dict(said, warnings=self.warnings)

    def _apply(self, recipe: Recipe, said: Dict[str, Any]) -> Dict[str, Any]:
        recipe.prepare(self.call)
        # What failed first must not be hidden: whether anything was saved is known in any case.
        said["saved"] = self.tried(
            "saved",
            confirm_within=self.order["confirm_within"],
            driver=self.order["driver"],
            **self._claim(),
            **recipe.to_save(),
        )
        done(said["saved"])
        recipe.apply(self.call)
        self.journal("applied")
        if self.order["ask"] is None:
            return {}
        answers = done(self.call("site_answers_info", self.order["ask"], False))["answers"]
        before = self.order["before"]
        are_well = all(is_well(answer, before[number]) for number, answer in enumerate(answers))
        return dict(self.keep() if are_well else {}, answers=answers)

    def keep(self) -> Dict[str, Any]:
        """Keep the change, and leave the host where it was the last one."""
        kept = self.journal("kept", diffs=True, causes=self.order["causes"])
        self._end()
        return {"kept": kept}

    def undo(self) -> Dict[str, Any]:
        """Undo what was made of the change, and leave the host where it was the last one."""
        undone = self.tried("undone")
        if self.order["ends"]:
            self.tried("closed", driver=self.order["driver"])
        return {"undone": undone}

    def _end(self) -> None:
        if self.order["ends"]:
            self.journal("closed", driver=self.order["driver"])

    def _claim(self) -> Dict[str, Any]:
        return {"owner": self.order["owner"], "take_over": self.order["take_over"]}

    def journal(self, state: str, **arguments: Any) -> Dict[str, Any]:
        return done(self.tried(state, **arguments))

    def tried(self, state: str, **arguments: Any) -> Dict[str, Any]:
        """What the journal says, failure or not."""
        named = {} if state in ("begun", "closed") else {"change": self.order["change"]}
        result = self.call(JOURNAL, dict(arguments, state=state, run=self.order["run"], **named), False)
        self.warnings += result.get("warnings", [])
        return result


def is_well(answer: Dict[str, Any], before: Optional[int]) -> bool:
    """Whether an answer is so good that nobody has to judge it. before: what a page of another site answered, which it may answer still."""
    status = answer["status"]
    return status is not None and (status == before or (status < 400 and not answer["signature"]))


def make(recipe: str, settings: Dict[str, Any], order: Dict[str, Any], diff: bool) -> Dict[str, Any]:
    """Make a change on this host, in this process."""
    return Change(partial(here, diff=diff), order).make(RECIPES[recipe](settings))


def end(state: str, order: Dict[str, Any]) -> Dict[str, Any]:
    """Keep or undo a change that was made by a call before. state: kept | undone"""
    return ended(Change(here, order), state)


def ended(change: Change, state: str) -> Dict[str, Any]:
    try:
        said = change.keep() if state == "kept" else change.undo()
    except Failed as failed:
        said = dict(change.undo(), failure=failed.result)
    return dict(said, warnings=change.warnings)


def compare(recipe: str, settings: Dict[str, Any], diff: bool) -> Dict[str, Any]:
    """What a change would be."""
    return compared(partial(here, diff=diff), RECIPES[recipe](settings))


def compared(call: Call, recipe: Recipe) -> Dict[str, Any]:
    try:
        changed = recipe.compare(call)
    except Failed as failed:
        return {"changed": False, "failure": failed.result}
    return {"changed": changed, "diff": recipe.diff()}


def here(module: str, arguments: Dict[str, Any], check_mode: bool, diff: bool = False) -> Dict[str, Any]:
    """Run one of our modules in this process. One that breaks off has failed: what was made before it has to be undone."""
    try:
        return piped_module.run(piped_module.MODULES + module, arguments, check_mode, diff and check_mode)
    except Exception as error:  # noqa: BLE001  whatever it is, the change is undone
        traceback.print_exc(file=sys.stderr)
        return {"failed": True, "msg": "%s broke off with %s: %s" % (module, type(error).__name__, error)}
