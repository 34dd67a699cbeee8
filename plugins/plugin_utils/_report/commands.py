# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that carry a dry run out, and that undo a run, made from how Ansible was called.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

ROLLBACK = "webops.bad_gateway.rollback_502"
#: Variables of this collection; others may be secrets, and are left out.
OWN = ("fix_502_", "rollback_502_")
PLAN = ("fix_502_plan=",)


def called(options: t.Mapping[str, t.Any], report: str = "") -> str | None:
    """The command that was called, without its dry run; None where it was no ansible-playbook. Variables that may be secrets are left out.

    report: path of the dry run's report.json, whose steps are all that the command may make; empty where none is written.
    """
    playbooks = options.get("args") or ()
    if not playbooks:
        return None
    given = variables(options, leave_out=PLAN if report else ())
    plan = ["-e", PLAN[0] + shlex.quote(report)] if report else []
    return shlex.join(["ansible-playbook", *playbooks, *where(options), *given, *plan])


def rollback(options: t.Mapping[str, t.Any], run: str) -> str:
    """The command that rolls a run back."""
    return shlex.join(["ansible-playbook", ROLLBACK, *where(options), "-e", "rollback_502_run=%s" % run])


def where(options: t.Mapping[str, t.Any]) -> list[str]:
    """The options that say on which hosts, and as whom."""
    words = [word for source in options.get("inventory") or () for word in ("-i", str(source))]
    words += ["-l", str(options["subset"])] if options.get("subset") else []
    connection = options.get("connection")
    words += ["-c", str(connection)] if connection not in (None, "ssh", "smart") else []
    words += ["-u", str(options["remote_user"])] if options.get("remote_user") else []
    words += ["--become"] if options.get("become") else []
    return words + (["--ask-become-pass"] if options.get("become_ask_pass") else [])


def variables(options: t.Mapping[str, t.Any], leave_out: tuple[str, ...]) -> list[str]:
    """Files of variables, and those variables that are this collection's own. leave_out: how those begin that are not wanted."""
    words = []
    for given in options.get("extra_vars") or ():
        pairs = [] if given.startswith("@") else [pair for pair in own_pairs(given) if not pair.startswith(leave_out)]
        words += ["-e", given] if given.startswith("@") else [word for pair in pairs for word in ("-e", pair)]
    return words


def own_pairs(given: str) -> list[str]:
    """The name=value pairs of a text that are this collection's; a text in another form is taken whole where all it names may be."""
    if given.lstrip().startswith("{"):
        return (
            [given]
            if all(part.strip().strip("{\"'").startswith(OWN) for part in given.split(",") if ":" in part)
            else []
        )
    try:
        return [pair for pair in shlex.split(given) if pair.startswith(OWN)]
    except ValueError:
        return []
