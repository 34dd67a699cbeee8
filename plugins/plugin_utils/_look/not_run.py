# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a program or a module could not be run on its host at all, in one line.

Ansible says then that it found no JSON; what the shell, sudo or Python said stands beside it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

#: What a shell ends with where a command is not there or cannot be run, and what a process ends with that was killed.
NO_COMMAND, KILLED = (126, 127), (-9, 137)
NO_PYTHON = "the host has no Python where it is looked for (%s): install python3 there, or name its Python in ansible_python_interpreter"
#: By the words with which it ended. The first that fits says it; %s are these words.
_KINDS = (
    (re.compile(r"^The module interpreter |^\S*(?:sh|env): .*(?:not found|No such file or directory)$"), NO_PYTHON),
    (
        re.compile(r"^SyntaxError\b|no attribute 'buffer'$"),
        "the host's Python is too old (%s): name one of 3.6 or later in ansible_python_interpreter",
    ),
    (
        re.compile(
            r"^(?:sudo|su|doas): .*(?:password|terminal|tty|Authentication|Authorization|not permitted)"
            r"|^(?:Missing|Incorrect) \S+ password$"
        ),
        "root could not be become on the host (%s): --ask-become-pass asks for a password",
    ),
    (
        re.compile(r"No space left on device$|Disk quota exceeded$"),
        "the host has no room to run it (%s)",
    ),
)
_OTHER = "the program on the host ended%s: %s"
#: What ssh says when all is over.
_OF_SSH = re.compile(r"^(?:Shared )?[Cc]onnection to \S+ closed\.?$|^debug\d: |^OpenSSH_")


def with_words(result: dict[str, t.Any]) -> dict[str, t.Any]:
    """The result of a module, with a message that says why, where it could not be run."""
    return {**result, "msg": why_not_run(result)} if was_not_run(result) else result


def was_not_run(result: t.Mapping[str, t.Any]) -> bool:
    """Whether a result is what Ansible returns where a module has returned nothing that can be read."""
    return bool(result.get("failed")) and "module_stdout" in result


def why_not_run(result: t.Mapping[str, t.Any]) -> str:
    """Why, in the last words of what refused. Over a terminal all of them are in stdout."""
    lines = [
        line.strip() for key in ("module_stdout", "module_stderr") for line in str(result.get(key) or "").splitlines()
    ]
    lines = [line for line in lines if line and not _OF_SSH.match(line)]
    rc = result.get("rc")
    said = lines[-1] if lines else "it was killed" if rc in KILLED else "no output"
    if explained(said) == said:
        return (
            NO_PYTHON % said if lines and rc in NO_COMMAND else _OTHER % ("" if rc is None else " with %s" % rc, said)
        )
    return explained(said)


def explained(said: str) -> str:
    """What refused said, with what helps where that is known."""
    return next((text % said for words, text in _KINDS if words.search(said)), said)
