# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advice in the commands of the hosts that it is typed on. Rules write it for Linux with systemd.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge import (
    bsd_commands,
    container_commands,
    init_commands,
    mac_commands,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.nginx_commands import in_its_commands

#: A line of advice is a command, with a remark behind it that may say where to type it.
_REMARK = "   # "
_ON = _REMARK + "on "
_PLACE = re.compile(_ON + r"([^\s,:;]+)")


class _System(t.Protocol):
    """A module that knows the commands of hosts which are no Linux with systemd."""

    def is_system_of(self, host: Host) -> bool:
        """Whether a host is one of them."""

    def in_comment(self, line: str, host: Host) -> list[str]:
        """A sentence of advice, or none."""

    def in_commands(self, typed: str, host: Host) -> str:
        """The commands of one line; a sentence where one says more; empty where there is none."""


_SYSTEMS: tuple[_System, ...] = (container_commands, mac_commands, bsd_commands, init_commands)


def in_commands_of_hosts(lines: t.Iterable[str], on: str, fleet: Fleet) -> list[str]:
    """The lines of advice, without those that have no counterpart where they are typed. on: the host of a line that names none."""
    said: list[str] = []
    for line in lines:
        place = _PLACE.search(line)
        host = fleet.hosts.get(place.group(1) if place else on)
        if host and host.within:
            said += [one.replace(_ON + host.name, _ON + host.within.name) for one in _line(line, host)]
        else:
            said += _line(in_its_commands(line, host) if host else line, host)
    return said


def _line(line: str, host: Host | None) -> list[str]:
    other = next((system for system in _SYSTEMS if host and system.is_system_of(host)), None)
    if host is None or other is None:
        return [line]
    if line.startswith("# "):
        return other.in_comment(line, host)
    typed, mark, remark = line.partition(_REMARK)
    said = other.in_commands(typed, host)
    if not said or said.startswith("# "):
        return [said] if said else []
    return [said + mark + remark]
