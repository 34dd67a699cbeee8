# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advice in the commands of hosts that sysvinit or OpenRC starts. Rules write it for systemd; what only systemd has is left out here.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import argparse
import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host

_OF_SYSTEMD = re.compile(r"\b(systemctl|journalctl|loginctl)\b")
_JOIN = re.compile(r"(; | && )")
#: In a remark.
_QUOTED_COMMAND = re.compile(r"systemctl (start|stop|restart|reload|status) ([\w@.+-]+)")
#: How a service is started at boot from now on.
_AT_BOOT = {service_manager.SYSVINIT: "update-rc.d %s enable", service_manager.OPENRC: "rc-update add %s default"}
#: Where syslog writes, in Debian and elsewhere.
_SYSLOGS = "/var/log/syslog /var/log/messages"


def is_system_of(host: Host) -> bool:
    """Whether sysvinit or OpenRC starts a host's services."""
    return host.system.get("service_manager") in service_manager.SCRIPTED


def in_comment(line: str, host: Host) -> list[str]:
    """A sentence of advice; none where it is about what systemd alone has."""
    manager = str(host.system.get("service_manager"))
    said = _QUOTED_COMMAND.sub(lambda found: _asked(manager, found.group(1), found.group(2)), line)
    return [] if _OF_SYSTEMD.search(said) else [said]


def in_commands(typed: str, host: Host) -> str:
    """The commands of one line, without those that have no counterpart; what joins two of them goes with the second."""
    manager = str(host.system.get("service_manager"))
    parts = ["; ", *_JOIN.split(typed)]
    said = ""
    for join, command in zip(parts[::2], parts[1::2]):
        mine = _command(command, manager)
        if mine:
            said += (join if said else "") + mine
    return said


def _command(command: str, manager: str) -> str | None:
    """One command in this manager's words; None where it has none."""
    program, _space, rest = command.partition(" ")
    if program == "systemctl":
        return _service(shlex.split(rest), manager)
    if program == "journalctl":
        asked, pipe, filters = rest.partition(" | ")
        log = _log(shlex.split(asked))
        return log + pipe + filters if log else None
    return None if program == "loginctl" else command


def _service(words: t.Sequence[str], manager: str) -> str | None:
    action, units = words[0], [word for word in words[1:] if not word.startswith("-")]
    if action in ("enable", "unmask"):
        said = [_AT_BOOT[manager] % shlex.quote(service_manager.name_of(manager, unit)) for unit in units]
        return " && ".join(said + [_asked(manager, "start", unit) for unit in units if "--now" in words])
    if action not in service_manager.ACTIONS:
        return None
    return "; ".join(_asked(manager, action, unit) for unit in units if not unit.startswith("systemd-")) or None


def _asked(manager: str, action: str, unit: str) -> str:
    return shlex.join(service_manager.command(manager, action, unit) or [])


def _log(words: t.Sequence[str]) -> str | None:
    """What shows the lines that journalctl would: of the kernel from its own buffer, of services from syslog's files."""
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("-u")
    parser.add_argument("-k", action="store_true")
    parser.add_argument("-g", "--grep")
    parser.add_argument("-n", default="50")
    wanted, _others = parser.parse_known_args([*words])
    last = "tail -n " + wanted.n
    if wanted.k:
        return " | ".join(["dmesg -T", *(["grep -iE " + shlex.quote(wanted.grep)] if wanted.grep else []), last])
    if not wanted.u:
        return None
    name = service_manager.name_of(service_manager.SYSVINIT, wanted.u)
    return "grep -hs %s %s | %s" % (shlex.quote(name), _SYSLOGS, last)
