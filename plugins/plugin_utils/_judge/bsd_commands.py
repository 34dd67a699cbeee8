# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advice in the commands of FreeBSD. Rules write it for Linux with systemd; what has no counterpart there is left out here.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.linux_commands import (
    LINUX_ALONE,
    in_words,
    translated,
)

_SYSLOG = "/var/log/messages"
#: Whole commands, the first that fits.
_COMMANDS: tuple[tuple[str, str], ...] = (
    (r"ss -\w*l\w*t?\w* 'sport = :(\d+)'$", r"sockstat -46l -p \1"),
    (r"ss -\w*[lx]\w* src (\S+?)/\*'$", r"sockstat -ul | grep -F \1/'"),
    (r"ss -\w*x\w* src (\S+)$", r"sockstat -u | grep -F \1"),
    (r"ss -\w*lx\w*$|ss -\w*xl\w*$", "sockstat -ul"),
    (r"ss -\w*l\w*$", "sockstat -46l"),
    (r"ss .*", "sockstat -46c"),
    (r"ip -brief address$", "ifconfig"),
    (r"free -m$", "vmstat -h"),
    (r"ps -eo rss,args --sort=-rss$", "ps -axmo rss,command"),
    (r"(ldd \S+)$", r"\1"),
    (r"ps -C (\S+) -o \S+$", r"pgrep -fl \1"),
    (r"journalctl -k.*", "dmesg"),
    (r"journalctl -u (\S+?)(?:\.service)?(?: .*)?$", r"grep \1 %s" % _SYSLOG),
    (r"(install -d .*)-g root (.*)", r"\1-g wheel \2"),
    (r"ls (-\w+) --time-style=full-iso (.*)", r"ls \1 -D '%F %T' \2"),
    (r"sed -i (?!'')(.*)", r"sed -i '' \1"),
)


def is_system_of(host: Host) -> bool:
    """Whether a host runs FreeBSD."""
    return host.system.get("os") == "freebsd"


def in_comment(line: str, host: Host) -> list[str]:
    """A sentence of advice; none where it is about what Linux alone has."""
    return [] if LINUX_ALONE.search(line) else [line]


def in_commands(typed: str, host: Host) -> str:
    """The commands of one line, without those that have no counterpart."""
    return translated(typed, _command)


def _command(command: str) -> str | None:
    """One command in FreeBSD's words; None where it has none."""
    program, _blank, rest = command.partition(" ")
    if program == "systemctl":
        return _service(shlex.split(rest))
    return in_words(command, _COMMANDS)


def _service(words: t.Sequence[str]) -> str | None:
    action, units = words[0], [word.removesuffix(".service") for word in words[1:] if not word.startswith("-")]
    actions = ["enable"] if action in ("enable", "unmask") else [action] if action in service_manager.ACTIONS else []
    if actions == ["enable"] and "--now" in words:
        actions.append("start")
    said = [shlex.join(["service", unit, one]) for unit in units for one in actions if not unit.startswith("systemd-")]
    return "; ".join(said) or None
