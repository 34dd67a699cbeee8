# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What says beforehand that a unit would not start: what it needs and is not there, or how its newest start ended.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_journal import LOUD
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._exit_codes import exit_words, signal_words
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._last_words import what_to_do, where_it_says
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._newest_start import (
    age,
    ends_at_once,
    failed_at_once,
    failed_for_want,
    had_started,
    is_in_a_crash_loop,
    lacks,
    never_ready,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._obstacle import (
    Obstacle,
    start_again,
    status_words,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._refused_services import (
    how_to_serve_it,
    what_it_waits_for,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._refused_words import WAITS_FOR, ports_in
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._start_problems import of_start_problems
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import NO_ADDRESS

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.needed_services import Needed
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit

_IN_USE = re.compile(r"already in use|address in use|EADDRINUSE|errno 98|in use by another", re.IGNORECASE)
#: How programs mark what they end for.
_GRAVE = re.compile(r"\b(?:fatal|alert|emerg|panic|crit|critical)\b", re.IGNORECASE)
#: The mark of a process and its thread, in the middle of a line.
_OF_PROCESS = re.compile(r"\[[\w.-]+/[\d.]+\] ?")
#: Where units lie, and init scripts, which are no settings.
UNITS = ("/etc/systemd/", "/etc/init.d/", "/run/", "/lib/", "/usr/lib/")
#: As much of a service's words is shown whole.
SHORT = 160
_RUNNING = re.compile(r"already (?:running|exists|started)|pid ?file", re.IGNORECASE)
_PID_FILE = re.compile(r"/[\w./-]+\.pid\b")

NOT_LET_IN = re.compile(r"Permission denied|PermissionError|EACCES")
#: Programs that run another one in a terminal of their own, which nobody looks at.
TERMINALS = ("screen", "tmux", "dtach", "abduco")


def obstacle(host: Host, name: str) -> Obstacle | None:
    """What would make a start of this unit fail; of a .socket unit, a start of its service. None where nothing is known that would."""
    unit = host.unit(name)
    if unit is None:
        return None
    for service in unit.get("triggers") or []:
        its = without_its_socket(or_empty(host.unit(service)), name)
        behind = _of_service(host, service, its) or (_in_background(host, service, its) if ends_at_once(its) else None)
        if behind:
            starts = Evidence("unit", "%s starts %s on the first connection" % (name, service), 0.3)
            advice = (*behind.advice[:-1], start_again(host, service, name))
            return behind._replace(evidence=(*behind.evidence, starts), advice=advice)
    found = _of_service(host, name, unit)
    return found or (_in_background(host, name, unit) if ends_at_once(unit) else None)


def without_its_socket(unit: Unit, socket: str) -> Unit:
    """A service as its own socket unit starts it: that this one has failed is no reason of the service's, which it may require."""
    problems = [one for one in unit.get("start_problems") or [] if not (one["problem"] or "").startswith(socket + ",")]
    return t.cast("Unit", {**unit, "start_problems": problems}) if unit else unit


def _of_service(host: Host, name: str, unit: Unit) -> Obstacle | None:
    problem = of_start_problems(host, name, unit)
    if problem:
        return problem
    ends = (
        is_in_a_crash_loop(host, unit),
        failed_at_once(host, unit),
        failed_for_want(host, unit),
        lacks(host, name, unit),
    )
    if not any(ends):
        return None
    if _config_is_sound(host, name, unit) and not _IN_USE.search(" ".join(unit.get("last_words") or [])):
        return None
    return _of_last_start(host, name, unit)


def _config_is_sound(host: Host, name: str, unit: Unit) -> bool:
    """Whether the service has been asked and accepts its configuration as it is now."""
    check = host.nginx.get("test") if name == host.nginx.get("unit") else unit.get("test")
    return or_empty(check).get("sound") is True


def _in_background(host: Host, name: str, unit: Unit) -> Obstacle:
    ended = "its command ended by itself after %.1f s, with success" % (unit.get("lasted") or 0.0)
    words = unit.get("last_words") or []
    if LOUD.search(" ".join(words)):
        said = " / ".join(words)
        return Obstacle(
            "%s ends as soon as it is started: %s; its log ends with: %s" % (name, ended, _that_count(words)),
            (Evidence("unit", "%s: %s" % (name, ended)), *(Evidence("backend_log", "%s says: %s" % (name, line)) for line in words)),
            (
                where_it_says(name, words, host.name),
                *(what_to_do(said, host.name, name) or (_mend(unit),)),
                start_again(host, name),
            ),
        )  # fmt: skip
    return Obstacle(
        "%s ends as soon as it is started: %s, and what that left in the background ended with it" % (name, ended),
        (Evidence("unit", "%s: %s" % (name, ended)),),
        (
            "systemctl cat %s   # on %s: its ExecStart= and Type=" % (shlex.quote(name), host.name),
            "# let its command stay in the foreground (no --daemon, no `&` or nohup at the end of a script), or set Type=forking with PIDFile=",
            start_again(host, name),
        ),
    )


def _of_last_start(host: Host, name: str, unit: Unit) -> Obstacle | None:
    """How the newest start ended, unless what it failed for is mended by now."""
    words = unit.get("last_words") or []
    said = " / ".join(words)
    loops = is_in_a_crash_loop(host, unit)
    needs = unit.get("needs") or ()
    missed = _still_missing(host, name, said, needs)
    if not loops and missed == "":
        return None
    by_signal = unit.get("ended") in ("killed", "dumped") and (
        exit_words(unit.get("result"), unit.get("exit_status")) or signal_words(unit.get("exit_status") or 0)
    )
    ended = "it ended after %.1f s with %s" % (
        unit.get("lasted") or 0.0,
        by_signal or status_words(unit.get("exit_status")),
    )
    if never_ready(unit):
        ended = never_ready(unit)
    elif unit.get("lasted") is None:
        ended = "it runs since %.0f s, and ended each time before" % age(host, unit)
    failed = "crashed soon after it had started" if had_started(unit) else "would not start: its last start failed"
    why = "%s %s: %s" % (name, "is in a crash loop" if loops else failed, ended)
    if missed:
        why += "; " + missed
    elif said:
        why += "; its log ends with: %s" % _that_count(words)
    seen = [Evidence("unit", "%s, %s restarts by systemd" % (ended, unit.get("restarts") or 0))]
    seen += [Evidence("backend_log", "%s says: %s" % (name, line)) for line in words]
    serve = how_to_serve_it(host, said, needs)
    known = (
        _pid_file_left(host, said)
        or what_to_do(said, host.name, name)
        or _files_it_may_not_read(host, name, said)
        or _call_forbidden(host, name, by_signal or "")
    )
    if not serve and not known:
        known = (_mend(unit),) if words else _where_its_words_are(unit)
    advice = (
        where_it_says(name, words, host.name),
        *serve,
        *(more_time(host, name, unit) or known),
        start_again(host, name),
    )
    return Obstacle(why, tuple(seen), advice)


def _mend(unit: Unit) -> str:
    """What there is to do about words that say it all, with the file of settings that it reads, where one is known."""
    places = [*(unit.get("declares") or []), *(unit.get("named_in") or [])]
    files = [one["file"] for one in places if not one["file"].startswith(UNITS)]
    return "# mend what it says%s" % ("; its settings are in %s" % files[0] if files else "")


def _that_count(words: t.Sequence[str]) -> str:
    """The last words in one line; of many, those that say what went wrong, the gravest alone."""
    said = " / ".join(words)
    if len(said) <= SHORT:
        return said
    grave = [line for line in words if _GRAVE.search(line)]
    return _OF_PROCESS.sub("", grave[-1] if grave else said)


def more_time(host: Host, name: str, unit: Unit) -> tuple[str, ...]:
    """What to do about a start that took longer than systemd waits; nothing for others."""
    if unit.get("result") != "timeout" or not never_ready(unit):
        return ()
    return (
        "systemctl show -p TimeoutStartUSec -p Type %s   # on %s: how long it waits (90 s where nothing else is set), and for what"
        % (shlex.quote(name), host.name),
        "# where it only takes longer: TimeoutStartSec=300 in [Service] (systemctl edit %s); where it never says so: the right Type="
        % name,
    )


def _files_it_may_not_read(host: Host, name: str, said: str) -> tuple[str, ...]:
    """How the file is found that a program may not read, where it does not say which."""
    if not NOT_LET_IN.search(said):
        return ()
    return (
        "systemctl cat %s   # on %s: which files does its command name (a key, a log, a database), and which its settings?"
        % (shlex.quote(name), host.name),
        "# namei -l FILE shows where its user (User=) is not let in; keys of certbot (/etc/letsencrypt/live) are root's alone: setfacl -m u:USER:rX, or"
        " a copy for that user by what renews them; behind nginx on the same host it needs no TLS of its own",
    )


def _where_its_words_are(unit: Unit) -> tuple[str, ...]:
    """How a service is heard that ended without a word to the journal."""
    program = posixpath.basename((unit.get("exec") or [""])[0])
    if program in TERMINALS:
        return (
            "# %s takes what it says: run what ExecStart= has behind it by hand, as its user and in its folder, to see why it ends; for good: without %s, and"
            " Type=simple, so that the journal has it" % (program, program),
        )
    return ("# mend what it says; it wrote nothing to the journal: look for a log of its own",)


def _pid_file_left(host: Host, said: str) -> tuple[str, ...]:
    """What to do about the PID file of an earlier run, for which a program takes itself to be running; nothing where it says no such thing."""
    path = _PID_FILE.search(said) if _RUNNING.search(said) else None
    if path is None:
        return ()
    return (
        "ps -fp $(cat %s)   # on %s: this service? After a crash or a boot the number is nobody's, or another program's"
        % (path.group(), host.name),
        "rm %s   # on %s, if it is not; for good: ExecStartPre=-/bin/rm -f %s in its unit"
        % (path.group(), host.name, path.group()),
    )


def _call_forbidden(host: Host, name: str, ended: str) -> tuple[str, ...]:
    """What shows which system call a unit's filter forbids; nothing where it ended otherwise."""
    if not ended.startswith("SIGSYS"):
        return ()
    return (
        "systemctl cat %s | grep -E '^# /|SystemCall'   # on %s: which file sets it" % (shlex.quote(name), host.name),
        "journalctl -k -g type=1326 -n 3 --no-pager   # on %s: syscall= has the number; ausyscall (package auditd) names it" % host.name,
        "# let a SystemCallFilter= below those name it, or its group (systemd-analyze syscall-filter lists them: a server needs @network-io)",
    )  # fmt: skip


def _still_missing(host: Host, name: str, said: str, needs: t.Sequence[Needed]) -> str | None:
    """What the last words say was missing: in words where it still is, empty where it is there by now, None where they do not say."""
    ports = ports_in(said)
    if _IN_USE.search(said):
        taken = [one for port in ports for one in host.tcp_listeners(port) if one.get("unit") != name]
        return "%s has port %d" % (taken[0].get("process") or "another process", taken[0]["port"]) if taken else ""
    if NO_ADDRESS.search(said):
        return ""  # an address that the host still lacks is one of its start_problems
    return what_it_waits_for(host, said, needs) if WAITS_FOR.search(said) else None


def says_in_use(unit: Unit, port: int) -> bool:
    """Whether a unit's last words say that this port was in use."""
    return says_taken(unit) and port in ports_in(" ".join(unit.get("last_words") or []))


def says_taken(unit: Unit) -> bool:
    """Whether a unit's last words say that an address was in use."""
    return bool(_IN_USE.search(" ".join(unit.get("last_words") or [])))
