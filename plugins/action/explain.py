# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Explain pasted log lines on the controller."""

from __future__ import annotations

import json
import os
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.webops.bad_gateway.plugins.action.report import LAST
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._explain.explain import explain, text_of

#: Bytes that are read of a file; a log is for diagnose_502.
LIMIT = 8 * 1024 * 1024
STDIN = "-"


def _kept_stdin() -> int | None:
    """A second descriptor of this process's standard input; None where there is none."""
    try:
        return os.dup(0)
    except OSError:
        return None


# Ansible's main process loads this plugin; the process that it forks for the task gets another standard input, and keeps this one.
_STDIN = _kept_stdin()


class ActionModule(ActionBase):
    """Reads what was pasted, and shows what it says."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _spec, args = self.validate_argument_spec(
            {"line": {"type": "str"}, "file": {"type": "str"}, "output": {"type": "str"}},
            mutually_exclusive=[["line", "file"]],
            required_one_of=[["line", "file"]],
        )
        explained = explain(args["line"] if args["line"] is not None else text_in(args["file"]))
        LAST.leave(text_of(explained))
        if args["output"]:
            write_json(args["output"], explained)
        result.update(changed=False, **explained)
        return result


def text_in(path: str) -> str:
    """The text of a file, or of standard input."""
    try:
        if path != STDIN:
            with open(os.path.expanduser(path), "rb") as stream:
                return stream.read(LIMIT).decode("utf-8", "replace")
        if _STDIN is None:
            raise AnsibleActionFail("there is no standard input to read log lines from")
        with os.fdopen(os.dup(_STDIN), "rb") as stream:
            return stream.read(LIMIT).decode("utf-8", "replace")
    except OSError as error:
        raise AnsibleActionFail("%s cannot be read: %s" % (path, error.strerror)) from error


def write_json(path: str, explained: t.Mapping[str, t.Any]) -> None:
    """Write the explanation as JSON, readable by its owner only, as log lines name visitors."""
    try:
        descriptor = os.open(os.path.expanduser(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(json.dumps(explained, indent=2) + "\n")
    except OSError as error:
        raise AnsibleActionFail("%s cannot be written: %s" % (path, error.strerror)) from error
