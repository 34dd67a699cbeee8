# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the recipes of changes are made of: calls of our own modules, and how a call says that it failed.

Private to this collection: it may change in any release.
"""

from typing import Any, Callable, Dict, List

#: Runs one of our modules by its name, with arguments and whether in check mode, and returns its result. On a host it runs in the same process.
Call = Callable[[str, Dict[str, Any], bool], Dict[str, Any]]


class Failed(Exception):
    """A call has failed, with this result."""

    def __init__(self, result: Dict[str, Any]) -> None:
        super().__init__(result.get("msg"))
        self.result = result


def done(result: Dict[str, Any]) -> Dict[str, Any]:
    """A result. Raises Failed where it is a failure."""
    if result.get("failed"):
        raise Failed(result)
    return result


class Recipe:
    """One kind of change: it compares what is there with what is wanted, reads what an undo needs, says what to save, and applies."""

    def __init__(self, settings: Dict[str, Any]) -> None:
        self.settings = settings
        #: What the comparison returned, by the module that was called.
        self.compared: Dict[str, Dict[str, Any]] = {}

    def compare(self, call: Call) -> bool:
        """Whether anything has to be changed."""
        raise NotImplementedError

    def prepare(self, call: Call) -> None:
        """Read what an undo needs. Fails where the change must not be made."""

    def to_save(self) -> Dict[str, Any]:
        """What the change is about to touch, as change_journal takes it."""
        raise NotImplementedError

    def apply(self, call: Call) -> None:
        """Make the change."""
        raise NotImplementedError

    def ask(self, call: Call, module: str, arguments: Dict[str, Any]) -> bool:
        """Whether a module would change something; what it said is kept."""
        self.compared[module] = done(call(module, arguments, True))
        return bool(self.compared[module]["changed"])

    def said(self, module: str) -> Dict[str, Any]:
        """What a module said in the comparison; nothing where it was not asked."""
        return self.compared.get(module, {})

    def diff(self) -> List[Dict[str, Any]]:
        """What would be different, file by file, where the modules were asked to say so."""
        return [diff for result in self.compared.values() for diff in result.get("diff", [])]
