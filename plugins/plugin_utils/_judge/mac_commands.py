# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advice in the commands of a Mac. Rules write it for Linux; what has no counterpart there is left out here.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.linux_commands import (
    LINUX_ALONE,
    in_words,
    translated,
)

_LISTENING = "lsof -nP -iTCP%s -sTCP:LISTEN"
_KERNEL = "log show --last 1h --predicate 'process == \"kernel\"'"
_WAY = 'p=%s; while [ "$p" != / ]; do ls -led "$p"; p=$(dirname "$p"); done'
#: Whole commands, the first that fits.
_COMMANDS: tuple[tuple[str, str], ...] = (
    (r"ss -\w*l\w*t?\w* 'sport = :(\d+)'$", _LISTENING % r":\1"),
    (r"ss -\w*[lx]\w* src (\S+?)/\*'$", r"lsof -nP -U | grep -F \1/'"),
    (r"ss -\w*x\w* src (\S+)$", r"lsof -nP -U | grep -F \1"),
    (r"ss -\w*lx\w*$|ss -\w*xl\w*$", "lsof -nP -U"),
    (r"ss -\w*l\w*$", _LISTENING % ""),
    (r"ss .*", "netstat -anp tcp"),
    (r"ip -brief address$", "ifconfig"),
    (r"free -m$", "vm_stat"),
    (r"ps -eo rss,args --sort=-rss$", "ps -axmo rss,command"),
    (r"ps -C (\S+) -o \S+$", r"pgrep -fl \1"),
    (r"journalctl -k.*", _KERNEL),
    (r"ldd (\S+)$", r"otool -L \1"),
    (r"setfacl -m u:([^:]+):x (\S+)$", r"chmod +a '\1 allow search' \2"),
    (r"(install -d .*)-g root (.*)", r"\1-g wheel \2"),
    (r"ls (-\w+) --time-style=full-iso (.*)", r"ls \1T \2"),
    (r"sed -i (?!'')(.*)", r"sed -i '' \1"),
    (
        r"grep -rnF (\S+) /etc/systemd/system /etc/default /etc/init.d$",
        r"grep -rnF \1 /Library/LaunchDaemons /Users/*/Library/LaunchAgents",
    ),
)
#: A line of tmpfiles.d, which makes a folder at each boot.
_FOLDER = re.compile(r"echo 'd (\S+) 0755 root root -' >>/etc/tmpfiles\.d/")
_AIRPLAY = "# ControlCenter there is the AirPlay receiver, and macOS starts it again: System Settings, General, AirDrop & Handoff"


def is_system_of(host: Host) -> bool:
    """Whether a host is a Mac."""
    return host.system.get("os") == "darwin"


def in_comment(line: str, host: Host) -> list[str]:
    """A sentence of advice; none where it is about what Linux alone has."""
    if _is_about_airplay(line, host):
        return [_AIRPLAY]
    return [] if LINUX_ALONE.search(line) else [line]


def in_commands(typed: str, host: Host) -> str:
    """The commands of one line, without those that have no counterpart."""
    if _is_about_airplay(typed, host):
        return _AIRPLAY
    return translated(typed, lambda command: _command(command, host))


def _is_about_airplay(line: str, host: Host) -> bool:
    """Whether a line ends the process of macOS itself that has port 5000 or 7000."""
    tcp = or_empty(host.facts.get("listeners")).get("tcp") or []
    theirs = {str(one["pid"]) for one in tcp if one["process"] == "ControlCenter"}
    named = re.search(r"(?:^kill|process with pid) (\d+)", line)
    return named is not None and named.group(1) in theirs


def _command(command: str, host: Host) -> str | None:
    """One command in a Mac's words; None where it has none."""
    program, _blank, rest = command.partition(" ")
    if program == "systemctl":
        return _service(shlex.split(rest), host)
    if command.startswith("journalctl -u "):
        target = service_manager.name_of(service_manager.LAUNCHD, shlex.split(rest)[1])
        return "launchctl print %s | grep -E 'state|exit code|path'" % shlex.quote(target)
    if program == "namei":
        return _WAY % shlex.split(rest)[-1]
    folder = _FOLDER.match(command)
    if folder:
        return "install -d -m 0755 -o %s %s" % (_owner_of_jobs(host), folder.group(1))
    said = in_words(command, _COMMANDS)
    logs = host.nginx.get("error_logs") or []
    return said.replace("/var/log/nginx/error.log", logs[0]) if said == command and logs else said


def _owner_of_jobs(host: Host) -> str:
    """Whose PHP-FPM and nginx are, by the domains of their jobs."""
    found = re.search(r"(?:gui|user)/(\d+)/", " ".join(host.facts.get("units") or {}))
    return found.group(1) if found else "root"


def _service(words: t.Sequence[str], host: Host) -> str | None:
    action, units = words[0], [word for word in words[1:] if not word.startswith("-")]
    if action in ("enable", "unmask"):
        return "; ".join(_enabled(unit, host, "--now" in words) for unit in units)
    if action not in service_manager.ACTIONS:
        return None
    return "; ".join(_asked(action, unit, host) for unit in units) or None


def _asked(action: str, unit: str, host: Host) -> str:
    """A service is asked by launchd or Homebrew; nginx reloads by its own signal, and is restarted so where no job runs it."""
    if unit.removesuffix(".service") == "nginx":
        job = host.nginx.get("unit")
        if action == "reload" or not job:
            return {"reload": "nginx -s reload", "restart": "nginx -s quit; nginx", "stop": "nginx -s quit"}.get(
                action, "nginx"
            )
        unit = job
    # What each daemon takes for a reload.
    signal = "SIGUSR2" if "php" in unit else "SIGHUP"
    return shlex.join(service_manager.command(service_manager.LAUNCHD, action, unit, signal) or [])


def _enabled(unit: str, host: Host, start: bool) -> str:
    target = service_manager.name_of(service_manager.LAUNCHD, unit)
    allowed = "launchctl enable %s" % shlex.quote(target)
    if not start:
        return allowed
    file = or_empty(host.unit(unit)).get("fragment")
    if target.startswith("system/") and file:
        return "%s; launchctl bootstrap system %s" % (allowed, shlex.quote(file))
    return "%s; %s" % (allowed, _asked("start", unit, host))
