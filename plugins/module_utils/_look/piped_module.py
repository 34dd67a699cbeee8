# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module of this collection that is piped to its host: it runs with a stand-in for AnsibleModule, which takes longer to import than most modules take to run.

The controller has validated the arguments. Private to this collection: it may change in any release.
"""

import importlib
import sys
from types import ModuleType
from typing import Any, Dict, List

#: Where a module imports AnsibleModule from.
BASIC = "ansible.module_utils.basic"
#: Where our modules are.
MODULES = __name__.partition(".module_utils.")[0] + ".modules."


class Ended(SystemExit):
    """A module has ended, with this result."""

    def __init__(self, result: Dict[str, Any]) -> None:
        super().__init__(0)
        self.result = result


class AnsibleModule:
    """What our modules use of the class of this name."""

    #: The arguments of the only module that runs in this process, and how it runs.
    given: Dict[str, Any] = {}

    def __init__(self, argument_spec: Dict[str, Any], **_specification: Any) -> None:
        self.params = dict({name: one.get("default") for name, one in argument_spec.items()}, **self.given["params"])
        self.check_mode: bool = self.given["check_mode"]
        self._diff: bool = self.given["diff"]
        self.warnings: List[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def exit_json(self, **result: Any) -> None:
        if self.warnings:
            result["warnings"] = self.warnings
        raise Ended(dict({"changed": False}, **result))

    def fail_json(self, msg: str, **result: Any) -> None:
        self.exit_json(**dict(result, failed=True, msg=msg))


def run(module: str, params: Dict[str, Any], check_mode: bool, diff: bool) -> Dict[str, Any]:
    """What the module of this full name returns with these arguments, as if Ansible had run it."""
    AnsibleModule.given = {"params": params, "check_mode": check_mode, "diff": diff}
    basic: Any = ModuleType(BASIC)
    basic.AnsibleModule = AnsibleModule
    sys.modules[BASIC] = basic
    try:
        importlib.import_module(module).main()
    except Ended as ended:
        return ended.result
    raise RuntimeError("%s ended without a result" % module)
