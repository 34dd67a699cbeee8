# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of PHP-FPM: the folder of its sockets, a pool's settings, a start, reload or restart.

Private to this collection: it may change in any release.
"""

import re
from typing import Any, Dict, List

from ansible_collections.webops.bad_gateway.plugins.module_utils._change.recipe import Call, Recipe, done
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager

OPTIONS: Dict[str, Any] = {
    "binary": {"type": "str", "required": True},
    "config": {"type": "str", "required": True},
    "unit": {"type": "str", "default": ""},
    "service_manager": {"type": "str", "default": "none"},
    "action": {"type": "str", "choices": ["started", "reloaded", "restarted", "none"], "default": "none"},
    "pool": {"type": "str", "default": ""},
    "settings": {"type": "dict", "default": {}},
    "socket_dir": {"type": "str", "default": ""},
    "drain": {"type": "float", "default": 10.0},
    "timeout": {"type": "float", "default": 30.0},
}
MODULES = ("php_fpm_pool", "php_fpm_service", "whole_files")

TMPFILE = "/etc/tmpfiles.d/bad_gateway%s.conf"
TMPFILE_TEXT = "# Written by webops.bad_gateway\nd %s 0755 root root -\n"


class PhpFpm(Recipe):
    """Settings are those of the role php_fpm."""

    def compare(self, call: Call) -> bool:
        wanted = self.settings
        folder = bool(wanted["socket_dir"]) and self.ask(call, "whole_files", self._folder())
        pool = bool(wanted["settings"]) and self.ask(call, "php_fpm_pool", self._pool())
        service = wanted["action"] != "none" and self.ask(call, "php_fpm_service", self._service(self._has_to_act()))
        return folder or pool or service

    def to_save(self) -> Dict[str, Any]:
        wanted = self.settings
        unit = wanted["unit"] if wanted["action"] != "none" and wanted["service_manager"] != "none" else ""
        folder = self._folder()
        return {
            "files": self.said("php_fpm_pool").get("files", [])
            + ([folder["files"][0]["path"], folder["folders"][0]["path"]] if wanted["socket_dir"] else []),
            "after_undo": self._after_undo(),
            "units": [unit] if unit else [],
        }

    def apply(self, call: Call) -> None:
        if self.settings["socket_dir"]:
            done(call("whole_files", self._folder(), False))
        if self.settings["settings"]:
            done(call("php_fpm_pool", self._pool(), False))
        # What the comparison found current is left alone.
        if self.said("php_fpm_service").get("changed"):
            done(call("php_fpm_service", self._service(force=True), False))

    def _this(self) -> Dict[str, Any]:
        return {"binary": self.settings["binary"], "config": self.settings["config"]}

    def _folder(self) -> Dict[str, Any]:
        """The folder of the sockets, now and after each boot."""
        path = self.settings["socket_dir"]
        tmpfile = TMPFILE % re.sub("[^A-Za-z0-9_-]", "-", path)
        return {
            "files": [{"path": tmpfile, "content": TMPFILE_TEXT % path, "mode": "0644"}],
            "folders": [{"path": path, "mode": "0755"}],
        }

    def _pool(self) -> Dict[str, Any]:
        return dict(self._this(), pool=self.settings["pool"], settings=self.settings["settings"])

    def _names(self) -> List[str]:
        """The settings that are about to change, or that had been written before."""
        return self.said("php_fpm_pool").get("settings") or list(self.settings["settings"])

    def _has_to_act(self) -> bool:
        """Whether PHP-FPM has something to do whatever it runs with: a file is about to be written, or no setting says what to look for."""
        return not self._names() or bool(self.said("php_fpm_pool").get("files"))

    def _service(self, force: bool) -> Dict[str, Any]:
        wanted = self.settings
        # A restart for settings is done in the way that does the least harm for them.
        by_settings = wanted["action"] == "restarted" and wanted["settings"]
        return dict(
            self._this(),
            unit=wanted["unit"] or None,
            service_manager=wanted["service_manager"],
            state="applied" if by_settings else wanted["action"],
            settings=self._names(),
            force=force,
            drain=wanted["drain"],
            timeout=wanted["timeout"],
        )

    def _after_undo(self) -> List[List[str]]:
        """How PHP-FPM is made to read its files again."""
        wanted = self.settings
        needs = self.said("php_fpm_pool").get("needs", "none")
        command = service_manager.command(wanted["service_manager"], needs, wanted["unit"], "SIGUSR2")
        if wanted["action"] not in ("reloaded", "restarted") or not wanted["unit"] or not command:
            return []
        # It may have been halted for its requests to end when the change was cut off.
        master = self.said("php_fpm_service").get("master")
        goes_on = [["/bin/sh", "-c", "kill -CONT %d 2>/dev/null || :" % master]] if master else []
        return [*goes_on, [wanted["binary"], "-t", "--fpm-config", wanted["config"]], command]
