# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from typing import Any

class ActionBase:
    _connection: Any
    _play_context: Any
    _task: Any
    _templar: Any
    def run(self, tmp: str | None = ..., task_vars: dict[str, Any] | None = ...) -> dict[str, Any]: ...
    def validate_argument_spec(
        self,
        argument_spec: dict[str, Any],
        mutually_exclusive: list[list[str]] | None = None,
        *,
        required_one_of: list[list[str]] | None = None,
    ) -> tuple[Any, dict[str, Any]]: ...
    def _compute_environment_string(self) -> str: ...
    def _execute_module(
        self,
        module_name: str | None = ...,
        module_args: dict[str, Any] | None = ...,
        task_vars: dict[str, Any] | None = ...,
    ) -> dict[str, Any]: ...
    def _low_level_execute_command(self, cmd: str, *, in_data: bytes | None = ...) -> dict[str, Any]: ...
