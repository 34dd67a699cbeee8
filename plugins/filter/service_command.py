# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter webops.bad_gateway.service_command."""

from __future__ import annotations

DOCUMENTATION = r"""
name: service_command
author:
  - The webops.bad_gateway authors (@webops)
version_added: 0.1.0
short_description: The command by which a service manager does something to a service
description:
  - Returns the arguments of a command that starts, stops, restarts or reloads a service, in the way of the service manager of the host.
positional: _input, action, manager, signal
options:
  _input:
    description: Name of the service, such as V(nginx) or V(php8.2-fpm.service). Only C(systemctl) is given the V(.service) of a name.
      A job of launchd is named as C(launchctl) names it (V(gui/501/homebrew.mxcl.php)); one of Homebrew's is started by C(brew services) as its owner.
    type: str
    required: true
  action:
    description: What is to be done to the service. For any other word there is no command.
    type: str
    required: true
    choices: [start, stop, restart, reload, status]
  manager:
    description: What starts services on the host. For any other word there is no command.
    type: str
    required: true
    choices: [systemd, sysvinit, openrc, launchd, none]
  signal:
    description: The signal that the service takes for a reload. Only launchd, which knows no reload, needs it.
    type: str
    default: SIGHUP
seealso:
  - module: ansible.builtin.service
"""

EXAMPLES = r"""
- name: Show how nginx is reloaded on a host with OpenRC
  ansible.builtin.debug:
    msg: "{{ 'nginx' | webops.bad_gateway.service_command('reload', 'openrc') | join(' ') }}"
  # rc-service nginx reload
"""

RETURN = r"""
_value:
  description: The arguments of the command; empty where there is no such command, or where the name of the service is empty.
  type: list
  elements: str
"""

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.service_manager import command


def service_command(service: str, action: str, manager: str, signal: str = "SIGHUP") -> list[str]:
    """The arguments of a command, empty where there is none."""
    return (command(manager, action, service, signal) or []) if service else []


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"service_command": service_command}
