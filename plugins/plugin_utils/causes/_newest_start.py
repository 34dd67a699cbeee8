# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the newest start of a unit ended: at once, again and again, for a lack that it names, or later.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._last_words import what_to_do
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._refused_services import silent_now

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit

#: A service whose main process ended within these seconds has failed to start, rather than failed later.
START_SECONDS = 15.0
#: Within these it may still have been starting: Java's frameworks take minutes on a small machine, and Python's on a busy one half of one.
SLOW_START_SECONDS = 300.0
#: And one that lasted for these had started: it has crashed.
HELD_SECONDS = 5.0
#: Results of a start that ended before systemd held the unit for started, in words.
NEVER_READY = {
    "timeout": "systemd waited for it longer than TimeoutStartSec, and ended it (with Type=notify it has to say that it is ready, with Type=forking its command"
    " has to end)",
    "protocol": "it ended before it said that it is ready, or without the PID file that its unit names (Type=)",
    "exit-code": "a command of its start failed (ExecStart= with Type=forking, ExecStartPre=, ExecStartPost=)",
    "signal": "a signal ended it while it started",
    "resources": "systemd could not make what its start needs",
}
#: Signals that end a program for what it does itself: SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS.
CRASHES = (4, 5, 6, 7, 8, 11, 31)
#: So often in a row, and it is not left to chance.
RESTARTS = 3
#: What the look has checked itself: where it finds nothing, that has been mended since.
CHECKED = (200, 203, 216, 217)
_DENIED = re.compile(r"Failed (?:at step EXEC|to locate executable) .{1,400}: Permission denied")
#: What a framework says of a start that its own settings or code keep from ending well; the lines before it say which.
_FRAMEWORKS = re.compile(
    r"APPLICATION FAILED TO START|Error creating bean|NoClassDefFoundError|ImproperlyConfigured|AppRegistryNotReady"
)
#: Of the words that are known, those of what comes in the course of time: a start helps for a while.
_IN_TIME = re.compile(
    r"(?i)out ?of ?memory|insufficient memory|cannot allocate|not reserve enough space|too many open files|EMFILE|no space left|ENOSPC"
    r"|SIGKILL|status=9/KILL|signal (?:9|11)\b|SIGSEGV|time(?:d )?out|HARAKIRI|already in use"
)


def is_in_a_crash_loop(host: Host, unit: Unit) -> bool:
    """Whether systemd starts the unit again and again, and its process ends each time. It may just be running for a moment."""
    waits = unit.get("sub") in ("auto-restart", "auto-restart-queued")
    often = (unit.get("restarts") or 0) >= RESTARTS or unit.get("result") == "start-limit-hit"
    if waits:
        return often or _ended_at_once(unit)
    if unit.get("active") == "failed":
        return often and _ended_at_once(unit)
    return often and unit.get("active") in ("active", "activating") and age(host, unit) < START_SECONDS


def age(host: Host, unit: Unit) -> float:
    """Seconds since the unit's state changed last; none where it has changed after the clock was looked at."""
    return max(0.0, (or_empty(host.facts.get("clock")).get("now") or 0.0) - (unit.get("since") or 0.0))


def _ended_at_once(unit: Unit) -> bool:
    """Whether the newest process ended by itself, with a failure, soon after it was started."""
    lasted = unit.get("lasted")
    return ended_by_itself(unit) and lasted is not None and lasted < START_SECONDS


def ended_by_itself(unit: Unit) -> bool:
    """Whether the newest process ended with a failure that nobody else brought about: a status of its own, or a signal that programs give themselves."""
    crashed = unit.get("ended") in ("killed", "dumped") and unit.get("exit_status") in CRASHES
    return (crashed or unit.get("ended") == "exited") and not unit.get("stopped") and bool(unit.get("exit_status"))


def failed_at_once(host: Host, unit: Unit) -> bool:
    never_ready = unit.get("ready") is False and unit.get("result") in NEVER_READY
    failed = unit.get("active") == "failed" and (_ended_at_once(unit) or never_ready)
    # The look sees that a program is there and may be run: not what its label makes of that.
    by_label = or_empty(host.facts.get("selinux")).get("mode") == "enforcing" and _DENIED.search(
        " ".join(unit.get("last_words") or [])
    )
    return failed and (unit.get("exit_status") not in CHECKED or bool(by_label))


def lacks(host: Host, name: str, unit: Unit) -> bool:
    """Whether the newest process ended in what may be a slow start, and says what it lacks: each start meets that again."""
    said = " / ".join(unit.get("last_words") or [])
    lasted = unit.get("lasted")
    is_its_own = unit.get("active") == "failed" and ended_by_itself(unit)
    may_be_its_start = lasted is not None and lasted < SLOW_START_SECONDS
    names_it = bool(_FRAMEWORKS.search(said) or what_to_do(said, host.name, name)) and not _IN_TIME.search(said)
    return is_its_own and may_be_its_start and names_it


def failed_for_want(host: Host, unit: Unit) -> bool:
    """Whether the newest process ended, however late, as what it says it connects to did not answer, and still does not: Java's take half a minute."""
    said = " / ".join(unit.get("last_words") or [])
    is_its_own = unit.get("active") == "failed" and ended_by_itself(unit)
    return is_its_own and silent_now(host, said, unit.get("needs") or ())


def ends_at_once(unit: Unit) -> bool:
    """Whether the newest start ended by itself and with success, sooner than any server does that is asked to end."""
    lasted = unit.get("lasted")
    gave_up = unit.get("active") == "failed" and unit.get("result") == "start-limit-hit"
    return (
        (unit.get("active") == "inactive" or gave_up)
        and unit.get("ended") == "exited"
        and unit.get("exit_status") == 0
        and not unit.get("stopped")
        and lasted is not None
        and lasted < HELD_SECONDS
    )


def never_ready(unit: Unit) -> str:
    """How a start ended that never came as far as systemd waited for; empty where it did."""
    if unit.get("ready") is not False or unit.get("active") != "failed":
        return ""
    result = unit.get("result") or ""
    by_systemd = result in ("timeout", "protocol") or not unit.get("exit_status")
    return NEVER_READY.get(result, "") if by_systemd else ""


def had_started(unit: Unit) -> bool:
    """Whether the start that ended last had held for some seconds."""
    return unit.get("ready") is not False and (unit.get("lasted") or 0.0) >= HELD_SECONDS
