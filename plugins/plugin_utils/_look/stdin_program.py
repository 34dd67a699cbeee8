# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A function of module_utils as a program that a host's Python reads from stdin: quicker than a module, and no file is written on the host.

A module is unpacked on the target's disk and brings AnsibleModule along, which takes longer to import than a look takes to look.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import ast
import base64
import functools
import json
import pathlib
import typing as t
import zlib

from ansible_collections.webops.bad_gateway.plugins.module_utils._look import in_memory

PACKAGE = in_memory.__name__.rpartition("._look.")[0]
FOLDER = pathlib.Path(in_memory.__file__).parents[1]


@functools.cache
def text_of(module: str) -> str:
    """The source of a module of module_utils, by its full name."""
    return FOLDER.joinpath(*module[len(PACKAGE) + 1 :].split(".")).with_suffix(".py").read_text(encoding="utf-8")


@functools.cache
def imports(module: str) -> frozenset[str]:
    """The modules of module_utils that this one imports, anywhere in its text."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text_of(module))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            names = [str(node.module)] + ["%s.%s" % (node.module, alias.name) for alias in node.names]
            found.update(
                name
                for name in names
                if FOLDER.joinpath(*name[len(PACKAGE) + 1 :].split(".")).with_suffix(".py").is_file()
            )
    return frozenset(found)


@functools.cache
def texts(module: str) -> dict[str, str]:
    """The sources of a module and of all that it imports from module_utils, directly or not, by their full names."""
    wanted = [module]
    found: dict[str, str] = {}
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = text_of(name)
            wanted += imports(name)
    return found


def program(module: str, function: str, arguments: t.Mapping[str, t.Any]) -> str:
    """Source of a program that calls a function of one of module_utils and prints what it returns as JSON."""
    name = "%s.%s" % (PACKAGE, module)
    call = {"module": name, "function": function, "arguments": arguments, "texts": texts(name)}
    packed = base64.b64encode(zlib.compress(json.dumps(call).encode(), 1)).decode()
    return "%s\nrun_packed(%r)\n" % (text_of(in_memory.__name__), packed)


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
    return {
        "failed": True,
        "msg": "the look ended with %s: %s" % (ran["rc"], words[-1]),
        "module_stdout": ran["stdout"],
        "module_stderr": ran["stderr"],
    }
