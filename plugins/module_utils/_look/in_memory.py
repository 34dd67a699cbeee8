# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that are imported from a dict of their texts. This file is the head of a program that reaches a host over stdin and leaves no file there.

Private to this collection: it may change in any release.
"""

import importlib
import importlib.machinery
import json
import sys
from types import ModuleType
from typing import Any, Dict, Optional

#: What is printed instead of a result where this Python was built without bz2. Nothing was run.
CANNOT_UNPACK = '{"cannot_unpack": true}'


class InMemory:
    """Finds and loads the modules that it was given as text; what stands above them in their names is an empty package."""

    def __init__(self, texts: Dict[str, str]) -> None:
        self.texts = texts
        self.packages = {name.rsplit(".", depth)[0] for name in texts for depth in range(1, name.count(".") + 1)}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Optional[importlib.machinery.ModuleSpec]:
        if name in self.packages:
            return self._spec(name, True)
        return self._spec(name, False) if name in self.texts else None

    def _spec(self, name: str, is_package: bool) -> importlib.machinery.ModuleSpec:
        return importlib.machinery.ModuleSpec(name, self, is_package=is_package)  # type: ignore[arg-type]  # importlib.abc costs more than the look

    def get_source(self, name: str) -> str:
        """The text of a module, as every loader of Python has it: the undo program on the host is made of such texts."""
        return self.texts[name]

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        """None: Python makes the module as it makes any other."""

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__
        exec(compile(self.texts.get(name, ""), "<%s>" % name, "exec"), module.__dict__)  # noqa: S102 - as an import would: the texts are our own files


def unpacked(packed: bytes) -> Dict[str, str]:
    """The texts by their names; raises ImportError where Python has no bz2.

    Packed they are a package, for which \\1 stands in what follows, then name, text, name, text, ...
    """
    import bz2

    package, _end, rest = bz2.decompress(packed).decode().partition("\0")
    words = rest.replace("\1", package).split("\0")
    return dict(zip(words[::2], words[1::2]))


def run_packed(packed: bytes, call: str) -> None:
    """Import the texts that were packed, call the function that is named, and print what it returns as the last line."""
    try:
        texts = unpacked(packed)
    except ImportError:
        sys.stdout.write("\n%s\n" % CANNOT_UNPACK)
        return
    sys.meta_path.insert(0, InMemory(texts))
    named = json.loads(call)
    function = getattr(importlib.import_module(named["module"]), named["function"])
    sys.stdout.write("\n%s\n" % json.dumps(function(**named["arguments"])))
