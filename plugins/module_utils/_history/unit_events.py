# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of units: by systemd's own words in the journal, or by those of the daemons where systemd does not start them.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, Any, List, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._history.asked import (
    HELPERS,
    LOGROTATE,
    Asked,
    asked_in,
    stops,
    who_asked,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.own_words import own_words
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Span, change
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.system_lines import Line, system_lines
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Change

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
    (re.compile(r"\S+: (?:Deactivated successfully|Succeeded)\."), "ended"),
    (re.compile(r"\S+: Start request repeated too quickly"), "start limit"),
    (re.compile(r"\S+: Failed with result '(?P<how>[\w-]+)'"), "failed"),
)
HOST_FULL = "the memory of the host was full"
_OOM = re.compile(r"(?:Memory cgroup o|O)ut of memory: Kill(?:ed)? process \d+ \((?P<name>.+?)\)")
_MEMORY = re.compile(r"oom-kill:constraint=(?P<how>\w+),.*task_memcg=(?P<group>[^,]+)")
#: The number of a container, and as much of it as its engine shows.
_CONTAINER = re.compile(r"([0-9a-f]{12})[0-9a-f]{52}")


def unit_events(host: Host, span: Span, units: Sequence[str]) -> "List[Change]":
    """What became of these units in a span, and the commands that were given by sudo, the oldest first. What could not be read is unseen.

    Where systemd does not start them, also what cron, logrotate and Ansible were asked for that surely ends one of them: a unit's end is often not known there.
    """
    lines = system_lines(host, span, [*units, *HELPERS, LOGROTATE])
    asked = asked_in(host, lines)
    scripted = service_manager.in_charge(host) in service_manager.SCRIPTED
    events = own_words(host, span, units) if scripted else list(filter(None, map(_event, lines)))
    events = [one for one in events if one["subject"] in units]
    for event in events:
        event["by"] = who_asked(event, asked)
    ended = [_command(one, unit) for one in asked for unit in units if scripted and stops(one, unit)]
    told = [
        one
        for one in asked
        if one.by.endswith(", by sudo") and not (scripted and any(stops(one, unit) for unit in units))
    ]
    return events + [_command(one) for one in told] + ended


def _command(one: Asked, unit: Optional[str] = None) -> "Change":
    """Something that was asked for, and the unit that it surely ends."""
    told = "was run, says %s" % one.file if one.file else "was run"
    return change(one.at, "command", one.shown or "a task for %s" % unit, told, one.by, unit)


def _event(line: Line) -> "Optional[Change]":
    for pattern, word in _SAYS if line.unit is not None else ():
        found = pattern.match(line.text)
        if found:
            details = [value for value in found.groupdict().values() if value]
            what = "%s: %s" % (word, ", ".join(details)) if details else word
            return change(line.at, "unit", str(line.unit), what)
    return None


def memory_kills(host: Host, span: Span, lines: "Sequence[Any]") -> "List[Change]":
    """The processes that the kernel killed for memory in a span, and whose memory was full. lines: entries of the kernel's log."""
    found: "List[Change]" = []
    full, unit = HOST_FULL, None
    for line in lines:
        why, killed = _MEMORY.search(line.text), _OOM.search(line.text)
        if why:
            group = _CONTAINER.sub(r"\1", why.group("group").rpartition("/")[2])
            limited = why.group("how") == "CONSTRAINT_MEMCG"
            full = "the memory limit of %s was reached" % group if limited else HOST_FULL
            unit = group if group.endswith(".service") else None
        if killed and span.has(line.when):
            found.append(
                change(line.when, "oom", killed.group("name"), "was killed by the kernel, as " + full, None, unit)
            )
    return found
