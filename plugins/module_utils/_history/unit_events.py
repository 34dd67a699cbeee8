# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of units, by systemd's own words in the journal, and who asked for it where somebody's words stand near.

A journal says of each line who wrote it, which no writer can forge: systemd's words count from process 1 only, those of sudo from sudo's program, and those
of cron and Ansible from root. systemd does not say who asked for a stop: that is told by a command that names the unit just before.

Private to this collection: it may change in any release.
"""

import json
import re
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import UNIT_HISTORY, Span, change
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Change

#: Lines of the journal that are read, the newest, and their bytes together.
LINES, BYTES = 4000, 4 * 1024 * 1024
#: Units whose run explains what others were asked for meanwhile: they reload daemons whose files they have changed.
HELPERS = ("logrotate.service", "certbot.service", "apt-daily-upgrade.service", "dnf-automatic-install.service")
HELPER_SECONDS = 300.0
#: Seconds from a command to what systemd says of it; a program that cron or Ansible starts may take longer to get there.
COMMAND_SECONDS, ANSIBLE_SECONDS, CRON_SECONDS = 10.0, 30.0, 90.0
_SUDO = ", by sudo"
#: Programs of which the arguments are shown: they are names of units, packages and ports, and hardly ever secrets.
SHOWN = re.compile(
    r"(systemctl|service|kill|pkill|killall|apt|apt-get|dpkg|dnf|yum|rpm|ufw|nft|iptables|ip6tables|firewall-cmd|sysctl|rm|mv|cp|ln|chmod|chown|nginx)$"
)
_ANSIBLE = ("systemd", "service", "systemd_service", "command", "shell", "apt", "package", "dnf", "yum")
_IDENTIFIERS = ["sudo", "CRON", "crond", "cron"] + [
    "ansible-%s%s" % (prefix, name) for name in _ANSIBLE for prefix in ("", "ansible.builtin.", "ansible.legacy.")
]
_COMMAND = re.compile(r"\s*(\S+) : (?!.*\bnot (?:allowed|in sudoers)\b)(?:.* ; )?COMMAND=(.+)$")
_CRON = re.compile(r"\((\S+)\) CMD \(\s*(.+?)\s*\)$")
#: What systemd says of a unit, and what that means. A start of a unit that is named in a sentence begins the sentence.
_SAYS = (
    (re.compile(r"Stopping "), "stopping"),
    (re.compile(r"Stopped "), "stopped"),
    (re.compile(r"Starting "), "starting"),
    (re.compile(r"Started "), "started"),
    (re.compile(r"Reloading (?!requested)"), "reloading"),
    (re.compile(r"Reloaded "), "reloaded"),
    (re.compile(r"Failed to start "), "start failed"),
    (re.compile(r"Dependency failed for "), "dependency failed"),
    (re.compile(r"\S+: (?:Main|Control) process exited, code=(?P<how>\w+),? status=(?P<status>\S+)"), "process ended"),
    (re.compile(r"\S+: .*killed by the OOM killer"), "out of memory"),
    (re.compile(r"\S+: Start request repeated too quickly"), "start limit"),
    (re.compile(r"\S+: Failed with result '(?P<how>[\w-]+)'"), "failed"),
)
HOST_FULL = "the memory of the host was full"
_OOM = re.compile(r"(?:Memory cgroup o|O)ut of memory: Kill(?:ed)? process \d+ \((?P<name>.+?)\)")
_MEMORY = re.compile(r"oom-kill:constraint=(?P<how>\w+),.*task_memcg=(?P<group>[^,]+)")


class Asked(NamedTuple):
    """A command that somebody gave: when, who, what it says, what of that may be shown, and for how long what follows counts as asked for by it."""

    at: float
    by: str
    says: str
    shown: str
    lasts: float


def unit_events(host: Host, span: Span, units: Sequence[str]) -> "List[Change]":
    """What became of these units in a span, and the commands that were given by sudo, the oldest first. What could not be read is unseen."""
    entries = _entries(host, span, units)
    asked = [one for one in map(_asked, entries) if one]
    events = [one for one in map(_event, entries) if one and one["subject"] in units]
    for event in events:
        event["by"] = _who(event, asked)
    return events + [change(one.at, "command", one.shown, "was run", one.by) for one in asked if one.by.endswith(_SUDO)]


def _entries(host: Host, span: Span, units: Sequence[str]) -> List[Dict[str, Any]]:
    if service_manager.in_charge(host) in service_manager.SCRIPTED:
        host.unseen(UNIT_HISTORY, "systemd alone writes that down, and it does not start this host's services")
        return []
    argv = ["journalctl", "--no-pager", "--quiet", "--reverse", "-o", "json", "-n", str(LINES)]
    argv += ["--since", "@%d" % span.since, "--until", "@%d" % (span.until + 1), "_PID=1"]
    argv += (
        ["UNIT=" + unit for unit in [*units, *HELPERS]] + ["+"] + ["SYSLOG_IDENTIFIER=" + name for name in _IDENTIFIERS]
    )
    ran = host.run(argv, timeout=15, cut=BYTES)
    if ran.code != 0:
        host.unseen(
            UNIT_HISTORY,
            ran.error or ran.err.strip().split("\n")[-1] or "journalctl ended with %s" % ran.code,
        )
        return []
    entries = []
    for line in reversed(ran.out.splitlines()):
        try:
            entry = json.loads(line)
            # When it was sent: the journal may take several at one time.
            entry["at"] = int(entry.get("_SOURCE_REALTIME_TIMESTAMP") or entry["__REALTIME_TIMESTAMP"]) / 1e6
        except (KeyError, TypeError, ValueError):
            continue  # the last one may be cut
        if isinstance(entry.get("MESSAGE"), str):
            entries.append(entry)
    return entries


def _event(entry: Dict[str, Any]) -> "Optional[Change]":
    unit = entry.get("UNIT")
    if entry.get("_PID") != "1" or not isinstance(unit, str):
        return None
    for pattern, word in _SAYS:
        found = pattern.match(entry["MESSAGE"])
        if found:
            details = [value for value in found.groupdict().values() if value]
            what = "%s: %s" % (word, ", ".join(details)) if details else word
            return change(entry["at"], "unit", unit, what)
    return None


def _asked(entry: Dict[str, Any]) -> Optional[Asked]:
    """The command that an entry tells of; None where it tells of none, or where anybody could have written it."""
    name, text, at = entry.get("SYSLOG_IDENTIFIER", ""), entry["MESSAGE"], entry["at"]
    if entry.get("_PID") == "1":
        is_helper = entry.get("UNIT") in HELPERS and text.startswith("Starting ")
        return Asked(at, "%s, which ran then" % entry["UNIT"], "", "", HELPER_SECONDS) if is_helper else None
    if name == "sudo":
        found = _COMMAND.match(text) if str(entry.get("_EXE", "")).endswith("/bin/sudo") else None
        return _given(at, found.group(1) + _SUDO, found.group(2), COMMAND_SECONDS) if found else None
    if entry.get("_UID") != "0":
        return None
    if name.startswith("ansible-"):
        module = name[len("ansible-") :].rpartition(".")[2]
        return Asked(at, "Ansible (%s)" % module, text, "", ANSIBLE_SECONDS)
    found = _CRON.match(text)
    return _given(at, "cron, for %s" % found.group(1), found.group(2), CRON_SECONDS) if found else None


def _given(at: float, by: str, command: str, lasts: float) -> Asked:
    """A command line. Its arguments are shown only where they are hardly secret."""
    program = command.split(" ", 1)[0].rpartition("/")[2]
    return Asked(at, by, command, command if SHOWN.match(program) else program, lasts)


def _who(event: "Change", asked: List[Asked]) -> Optional[str]:
    """Who asked for it: the newest command before it that names the unit, or that does so many things that it need not name it."""
    if event["what"] not in ("stopping", "starting", "reloading", "stopped"):
        return None
    name = event["subject"].rpartition(".")[0]
    for one in reversed(asked):
        if not -0.5 <= event["at"] - one.at <= one.lasts:
            continue
        if not one.says or re.search(r"(?<![\w.-])%s(?![\w-])" % re.escape(name), one.says):
            return "%s: %s" % (one.by, one.shown) if one.shown else one.by
    return None


def memory_kills(host: Host, span: Span, lines: "Sequence[Any]") -> "List[Change]":
    """The processes that the kernel killed for memory in a span, and whose memory was full. lines: entries of the kernel's log."""
    found: "List[Change]" = []
    full, unit = HOST_FULL, None
    for line in lines:
        why, killed = _MEMORY.search(line.text), _OOM.search(line.text)
        if why:
            group = why.group("group").rpartition("/")[2]
            limited = why.group("how") == "CONSTRAINT_MEMCG"
            full = "the memory limit of %s was reached" % group if limited else HOST_FULL
            unit = group if group.endswith(".service") else None
        if killed and span.has(line.when):
            found.append(
                change(line.when, "oom", killed.group("name"), "was killed by the kernel, as " + full, None, unit)
            )
    return found
