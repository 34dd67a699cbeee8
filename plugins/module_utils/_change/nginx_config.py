# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of nginx's configuration: directives in files that are there, files of our own, and the reload.

Private to this collection: it may change in any release.
"""

from typing import Any, Dict

from ansible_collections.webops.bad_gateway.plugins.module_utils._change.recipe import Call, Recipe, done
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager

#: edits has its options from the module nginx_directive, which the controller adds.
OPTIONS: Dict[str, Any] = {
    "edits": {"type": "list", "elements": "dict", "default": []},
    "files": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"path": {"type": "str", "required": True}, "content": {"type": "str", "required": True}},
    },
    "service": {"type": "str", "default": "nginx"},
    "manager": {"type": "str", "default": "none"},
    "timeout": {"type": "float", "default": 30.0},
}
MODULES = ("nginx_directive", "nginx_service", "whole_files")


class NginxConfig(Recipe):
    """Settings are those of the role nginx_config."""

    def compare(self, call: Call) -> bool:
        edited = bool(self.settings["edits"]) and self.ask(call, "nginx_directive", self._edits())
        written = bool(self.settings["files"]) and self.ask(call, "whole_files", self._files())
        return edited or written

    def prepare(self, call: Call) -> None:
        """Whether nginx accepts its configuration, and how it is checked and reloaded."""
        self.ask(call, "nginx_service", {"state": "reloaded"})

    def to_save(self) -> Dict[str, Any]:
        nginx = self.said("nginx_service")
        paths = [one["path"] for one in self.settings["edits"] + self.settings["files"]]
        return {"files": list(dict.fromkeys(paths)), "after_undo": [nginx["test_command"], nginx["command"]]}

    def apply(self, call: Call) -> None:
        if self.settings["edits"]:
            done(call("nginx_directive", self._edits(), False))
        if self.settings["files"]:
            done(call("whole_files", self._files(), False))
        # nginx's own way, where no service manager has one.
        command = service_manager.command(self.settings["manager"], "reload", self.settings["service"])
        arguments = {"state": "reloaded", "command": command or None, "timeout": self.settings["timeout"]}
        done(call("nginx_service", arguments, False))

    def _edits(self) -> Dict[str, Any]:
        # nginx checks when all is written: the parts may be valid only together.
        return {"edits": self.settings["edits"], "validate": False}

    def _files(self) -> Dict[str, Any]:
        return {"files": [dict(one, mode="0644") for one in self.settings["files"]]}
