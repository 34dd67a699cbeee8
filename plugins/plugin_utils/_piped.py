# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A function of module_utils as a program that a host's Python reads from stdin: quicker than a module, and no file is written on the host.

A module is unpacked on the target's disk and brings AnsibleModule along, which takes longer to import than a look takes to look.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import base64
import functools
import json
import pathlib
import typing as t
import zlib

from ansible_collections.webops.bad_gateway.plugins.module_utils import _in_memory

PACKAGE = _in_memory.__name__.rpartition(".")[0]


@functools.cache
def texts() -> dict[str, str]:
    """All private module_utils by their full names."""
    folder = pathlib.Path(_in_memory.__file__).parent
    return {"%s.%s" % (PACKAGE, path.stem): path.read_text(encoding="utf-8") for path in sorted(folder.glob("_[a-z]*.py"))}


def program(module: str, function: str, arguments: t.Mapping[str, t.Any]) -> str:
    """Source of a program that calls a function of one of module_utils and prints what it returns as JSON."""
    call = {"module": "%s.%s" % (PACKAGE, module), "function": function, "arguments": arguments, "texts": texts()}
    packed = base64.b64encode(zlib.compress(json.dumps(call).encode(), 1)).decode()
    return "%s\nrun_packed(%r)\n" % (texts()[_in_memory.__name__], packed)


def interpreter(task_vars: t.Mapping[str, t.Any]) -> str | None:
    """Python of the host where it is known by now: as it was configured, or as Ansible discovered it."""
    configured = task_vars.get("ansible_python_interpreter") or "auto"
    if configured.startswith("auto"):
        return (task_vars.get("ansible_facts") or {}).get("discovered_interpreter_python")
    return str(configured)


def result(ran: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What the program returned; or a failure with the words that it, the shell or become ended with."""
    lines = [line for line in ran["stdout"].splitlines() if line.strip()]
    if ran["rc"] == 0 and lines and lines[-1].startswith("{"):
        returned: dict[str, t.Any] = json.loads(lines[-1])
        return returned
    words = [line.strip() for line in ran["stderr"].splitlines() if line.strip()] or lines or ["it said nothing"]
    return {"failed": True, "msg": "the look ended with %s: %s" % (ran["rc"], words[-1]), "module_stdout": ran["stdout"], "module_stderr": ran["stderr"]}
