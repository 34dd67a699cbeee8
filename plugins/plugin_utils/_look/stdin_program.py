# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A function of module_utils as a program that a host's Python reads from stdin: quicker than a module, and no file is written on the host.

A module is unpacked on the target's disk and brings AnsibleModule along, which takes longer to import than a look takes to look.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import bz2
import functools
import hashlib
import importlib
import json
import pathlib
import sys
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._look import in_memory
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look import short_names, small_text
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.not_run import with_words

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.program_store import Store

PACKAGE = in_memory.__name__.rpartition("._look.")[0]
MODULES = PACKAGE.rpartition(".")[0] + ".modules"
#: Where the texts of PACKAGE and MODULES lie.
FOLDERS = {
    PACKAGE: pathlib.Path(in_memory.__file__).parents[1],
    MODULES: pathlib.Path(in_memory.__file__).parents[2] / "modules",
}
#: What Python is started with (-c): it reads the length of the source, and the source. What is packed follows in bytes, since text would be a quarter longer.
START = "import sys; stdin = sys.stdin.buffer; exec(stdin.read(int(stdin.readline())))"


class Packed:
    """A function of one of module_utils, with all that it imports from there, ready to be sent. Packing takes longer than sending: pack once."""

    def __init__(self, module: str, function: str, *also: str, store: Store | None = None) -> None:
        """also: full names of what the function imports by name. store: where an earlier run may have kept the same."""
        self.module = "%s.%s" % (PACKAGE, module)
        self.function = function
        name = hashlib.sha256(repr((self.module, also)).encode()).hexdigest()[:16]
        packed = store.fetch(name, sources()) if store else None
        if packed is None:
            packed = self._packed(also)
            if store:
                store.keep(name, sources(), packed)
        self.head, self.texts = packed.split(b"\0", 1)

    def _packed(self, also: t.Sequence[str]) -> bytes:
        """The head, and behind it the texts."""
        named = "\0".join(word for item in texts(self.module, *also).items() for word in item)
        # A fifth smaller than zlib makes it.
        packed = bz2.compress((PACKAGE + "\0" + named.replace(PACKAGE, "\1")).encode())
        return small_module(in_memory.__name__).text.encode() + b"\0" + packed

    def program(self, arguments: t.Mapping[str, t.Any]) -> bytes:
        """What START reads: source that calls the function with these arguments and prints what it returns as JSON, and the packed texts behind it."""
        call = json.dumps({"module": self.module, "function": self.function, "arguments": arguments}, sort_keys=True)
        source = self.head + ("run_packed(sys.stdin.buffer.read(), %r)\n" % call).encode()
        return b"%d\n%s%s" % (len(source), source, self.texts)


class PackedModule:
    """A module of this collection that runs without AnsibleModule, ready to be sent."""

    def __init__(self, name: str, store: Store | None = None) -> None:
        self.module = "%s.%s" % (MODULES, name)
        self.packed = Packed("_look.piped_module", "run", self.module, store=store)
        self.store = store

    @functools.cached_property
    def specification(self) -> t.Mapping[str, t.Any]:
        """What the module hands to AnsibleModule."""
        return specification(self.module, self.store)

    def program(self, params: t.Mapping[str, t.Any], check_mode: bool, diff: bool) -> bytes:
        """What START reads: runs the module with these arguments, all of them, as they were validated."""
        return self.packed.program({"module": self.module, "params": params, "check_mode": check_mode, "diff": diff})


def specification(module: str, store: Store | None = None) -> t.Mapping[str, t.Any]:
    """What a module, by its full name, hands to AnsibleModule. store: where it is kept, as importing what the module runs on its host takes longer."""
    name = hashlib.sha256(("specification of " + module).encode()).hexdigest()[:16]
    kept = store.fetch(name, sources()) if store else None
    if kept is None:
        kept = json.dumps(importlib.import_module(module).SPECIFICATION).encode()
        if store:
            store.keep(name, sources(), kept)
    found: t.Mapping[str, t.Any] = json.loads(kept)
    return found


@functools.cache
def sources() -> str:
    """The digest of all that a program is made of, and by: another one, another program."""
    digest = hashlib.sha256(repr((PACKAGE, sys.version)).encode())
    files = [(path.name, path) for path in map(pathlib.Path, (__file__, small_text.__file__, short_names.__file__))]
    for package, folder in FOLDERS.items():
        files += [(package + str(path)[len(str(folder)) :], path) for path in sorted(folder.rglob("*.py"))]
    for name, path in files:
        if path.is_file():
            digest.update(("%s %s\n" % (name, hashlib.sha256(path.read_bytes()).hexdigest())).encode())
    return digest.hexdigest()


@functools.cache
def small_module(module: str) -> small_text.Small:
    """A module of PACKAGE or MODULES, by its full name."""
    return small_text.small(_path(module).read_text(encoding="utf-8"))


def texts(*modules: str) -> dict[str, str]:
    """The small texts of modules and of all that they import from module_utils, directly or not, by their full names."""
    waiting = list(modules)
    found: dict[str, str] = {}
    while waiting:
        name = waiting.pop()
        if name not in found:
            made = small_module(name)
            found[name] = made.text
            waiting += sorted(one for one in made.imports if one.startswith(PACKAGE + ".") and _path(one).is_file())
    return dict(sorted(found.items()))


def _path(module: str) -> pathlib.Path:
    package = MODULES if module.startswith(MODULES + ".") else PACKAGE
    return FOLDERS[package].joinpath(*module[len(package) + 1 :].split(".")).with_suffix(".py")


def interpreter(task_vars: t.Mapping[str, t.Any], delegate_to: str | None = None) -> str | None:
    """Python of the host where it is known by now: as it was configured, or as Ansible discovered it. May be a template."""
    own = (task_vars.get("ansible_delegated_vars") or {}).get(delegate_to) or {} if delegate_to else task_vars
    configured = own.get("ansible_python_interpreter") or "auto"
    if configured.startswith("auto"):
        return (own.get("ansible_facts") or {}).get("discovered_interpreter_python")
    return str(configured)


def result(ran: t.Mapping[str, t.Any]) -> dict[str, t.Any] | None:
    """What the program returned, or a failure with the words that it, the shell or become ended with; None where the host's Python cannot unpack it."""
    lines = [line for line in ran["stdout"].splitlines() if line.strip()]
    if ran["rc"] == 0 and lines and lines[-1] == in_memory.CANNOT_UNPACK:
        return None
    if ran["rc"] == 0 and lines and lines[-1].startswith("{"):
        returned: dict[str, t.Any] = json.loads(lines[-1])
        return returned
    return with_words({"failed": True, "module_stdout": ran["stdout"], "module_stderr": ran["stderr"], "rc": ran["rc"]})
