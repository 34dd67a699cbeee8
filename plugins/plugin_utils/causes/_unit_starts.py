# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What says beforehand that a unit would not start: what it needs and is not there, or how its newest start ended.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._exit_codes import exit_words, signal_words
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._last_words import what_to_do, where_it_says
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._refused_services import (
    how_to_serve_it,
    silent_now,
    what_it_waits_for,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._refused_words import WAITS_FOR, ports_in
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import NO_ADDRESS

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.needed_services import Needed
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.start_problem import StartProblem
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.units import Unit

#: A service whose main process ended within these seconds has failed to start, rather than failed later.
START_SECONDS = 15.0
#: Within these it may still have been starting: Java's frameworks take minutes on a small machine, and Python's on a busy one half of one.
SLOW_START_SECONDS = 300.0
#: And one that lasted for these had started: it has crashed.
HELD_SECONDS = 5.0
#: Results of a start that ended before systemd held the unit for started, in words.
NEVER_READY = {
    "timeout": "systemd waited for it longer than TimeoutStartSec, and ended it (with Type=notify it has to say that it is ready)",
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
_IN_USE = re.compile(r"already in use|address in use|EADDRINUSE|errno 98|in use by another", re.IGNORECASE)
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
_RUNNING = re.compile(r"already (?:running|exists|started)|pid ?file", re.IGNORECASE)
_PID_FILE = re.compile(r"/[\w./-]+\.pid\b")
#: The part of a version manager's path that names the version.
_VERSION = re.compile(r"/v?\d[\w.-]*/")
#: Folders of version managers, which remove old versions.
_VERSIONS = re.compile(r"/\S*/(?:\.(?:nvm|pyenv|rbenv|asdf|sdkman|rvm|volta)|versions)/\S*/")


class Obstacle(t.NamedTuple):
    """What keeps a unit from starting: in one line, the evidence, and what to do about it."""

    why: str
    evidence: tuple[Evidence, ...]
    advice: tuple[str, ...]


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
            advice = (*behind.advice[:-1], _start_again(host, service, name))
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
        _failed_at_once(host, unit),
        _failed_for_want(host, unit),
        _lacks(host, name, unit),
    )
    if not any(ends):
        return None
    if _config_is_sound(host, name, unit) and not _IN_USE.search(" ".join(unit.get("last_words") or [])):
        return None
    return _of_last_start(host, name, unit)


def of_start_problems(host: Host, name: str, unit: Unit) -> Obstacle | None:
    """What a unit needs and is not there; None where nothing is known to be missing."""
    problems = unit.get("start_problems") or []
    return _of_problems(host, name, problems) if problems else None


def _config_is_sound(host: Host, name: str, unit: Unit) -> bool:
    """Whether the service has been asked and accepts its configuration as it is now."""
    check = host.nginx.get("test") if name == host.nginx.get("unit") else unit.get("test")
    return or_empty(check).get("sound") is True


def is_in_a_crash_loop(host: Host, unit: Unit) -> bool:
    """Whether systemd starts the unit again and again, and its process ends each time. It may just be running for a moment."""
    waits = unit.get("sub") in ("auto-restart", "auto-restart-queued")
    often = (unit.get("restarts") or 0) >= RESTARTS or unit.get("result") == "start-limit-hit"
    if waits:
        return often or _ended_at_once(unit)
    if unit.get("active") == "failed":
        return often and _ended_at_once(unit)
    return often and unit.get("active") in ("active", "activating") and _age(host, unit) < START_SECONDS


def _age(host: Host, unit: Unit) -> float:
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


def _failed_at_once(host: Host, unit: Unit) -> bool:
    never_ready = unit.get("ready") is False and unit.get("result") in NEVER_READY
    failed = unit.get("active") == "failed" and (_ended_at_once(unit) or never_ready)
    # The look sees that a program is there and may be run: not what its label makes of that.
    by_label = or_empty(host.facts.get("selinux")).get("mode") == "enforcing" and _DENIED.search(
        " ".join(unit.get("last_words") or [])
    )
    return failed and (unit.get("exit_status") not in CHECKED or bool(by_label))


def _lacks(host: Host, name: str, unit: Unit) -> bool:
    """Whether the newest process ended in what may be a slow start, and says what it lacks: each start meets that again."""
    said = " / ".join(unit.get("last_words") or [])
    lasted = unit.get("lasted")
    is_its_own = unit.get("active") == "failed" and ended_by_itself(unit)
    may_be_its_start = lasted is not None and lasted < SLOW_START_SECONDS
    names_it = bool(_FRAMEWORKS.search(said) or what_to_do(said, host.name, name)) and not _IN_TIME.search(said)
    return is_its_own and may_be_its_start and names_it


def _failed_for_want(host: Host, unit: Unit) -> bool:
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


def _in_background(host: Host, name: str, unit: Unit) -> Obstacle:
    ended = "its command ended by itself after %.1f s, with success" % (unit.get("lasted") or 0.0)
    return Obstacle(
        "%s ends as soon as it is started: %s, and what that left in the background ended with it" % (name, ended),
        (Evidence("unit", "%s: %s" % (name, ended)),),
        (
            "systemctl cat %s   # on %s: its ExecStart= and Type=" % (shlex.quote(name), host.name),
            "# let its command stay in the foreground (no --daemon, no `&` or nohup at the end of a script), or set Type=forking with PIDFile=",
            _start_again(host, name),
        ),
    )


def _never_ready(unit: Unit) -> str:
    """How a start ended that never came as far as systemd waited for; empty where it did."""
    if unit.get("ready") is not False or unit.get("active") != "failed":
        return ""
    result = unit.get("result") or ""
    by_systemd = result in ("timeout", "protocol") or not unit.get("exit_status")
    return NEVER_READY.get(result, "") if by_systemd else ""


def _had_started(unit: Unit) -> bool:
    """Whether the start that ended last had held for some seconds."""
    return unit.get("ready") is not False and (unit.get("lasted") or 0.0) >= HELD_SECONDS


def _of_problems(host: Host, name: str, problems: t.Sequence[StartProblem]) -> Obstacle:
    first = problems[0]
    shown = tuple(Evidence("config", "%s: %s: %s" % (_place(one), one["setting"], one["problem"])) for one in problems)
    advice = ["# mend that, or correct %s at %s" % (first["setting"], _place(first))]
    advice += [_line_to_change(one) for one in problems[1:]]
    advice += ["%s   # on %s" % (one["command"], host.name) for one in problems if one["command"]]
    advice += [line for one in problems for line in (*_lasting(host, one), *_where_to_look(host, one))]
    return Obstacle(
        "%s cannot %s: %s%s"
        % (
            name,
            "listen" if first["setting"] == "listen" else "start",
            first["problem"],
            " (%s)" % status_words(first["exit_status"]) if first["exit_status"] else "",
        ),
        shown,
        (*advice, _start_again(host, name)),
    )


def _place(problem: StartProblem) -> str:
    return "%s:%d" % (problem["file"], problem["line"]) if problem["line"] else problem["file"]


def _line_to_change(problem: StartProblem) -> str:
    return "# %s, %s: %s; mend that, or correct the line" % (
        _place(problem),
        problem["setting"],
        problem["problem"],
    )


def _lasting(host: Host, problem: StartProblem) -> tuple[str, ...]:
    """The setting with which systemd makes a folder under /run at each start: one that is made by hand is gone after the next boot.

    Of a link that leads nowhere, how it gets another end."""
    missing = problem["missing"]
    if missing is None:
        return ()
    if missing["kind"] == "link":
        return ("# ln -sfn TARGET %s lets it lead to one that is there (a release, a version)" % missing["path"],)
    if missing["kind"] == "mount":
        state = 'systemctl status "$(systemd-escape -p --suffix=mount %s)"   # on %s: why it is not mounted'
        before = "# RequiresMountsFor=%s in [Unit] of its unit (systemctl edit): systemd then mounts that before each start, as it does for WorkingDirectory="
        by_itself = problem["setting"] == "WorkingDirectory"
        return (state % (shlex.quote(missing["path"]), host.name), *(() if by_itself else (before % missing["path"],)))
    if problem["setting"] != "listen" or not missing["path"].startswith("/run/"):
        return ()
    name = missing["path"][len("/run/") :]
    return ("# RuntimeDirectory=%s in its [Service] makes that folder at each start" % name,)


def _where_to_look(host: Host, problem: StartProblem) -> tuple[str, ...]:
    """How a virtual environment is made for another Python, and where to look for a program that is gone, as version managers remove old ones."""
    missing = problem["missing"]
    if missing is None or missing["kind"] not in ("environment", "program"):
        return ()
    path = missing["path"]
    if missing["kind"] == "environment":
        packages = "%s/lib/python%s/site-packages" % (path, missing["version"])
        return (
            "ls -d %s   # on %s: what it had" % (shlex.quote(packages) + "/*.dist-info", host.name),
            "# make it anew, as its owner: python3 -m venv --clear %s && %s/bin/pip install -r REQUIREMENTS (or the upgrade script of the product)"
            % (path, path),
        )
    name = shlex.quote(path.rpartition("/")[2])
    managed = _VERSIONS.match(path)
    if managed is None:
        return (
            "find / -xdev -name %s -perm /111 ! -type d 2>/dev/null   # on %s: where is it now?" % (name, host.name),
        )
    return (
        "command -v %s; ls %s   # on %s: which versions are there? A path without a version in it outlasts their updates"
        % (name, shlex.quote(_VERSION.split(managed.group())[0]), host.name),
    )


def _start_again(host: Host, *names: str) -> str:
    """The command that starts a service once what kept it from starting is mended; where it is supervisord that runs, those of its programs that do not."""
    if names[-1].startswith("supervisor") and or_empty(host.unit(names[-1])).get("active") == "active":
        return "supervisorctl start all   # on %s, after that; programs that run are left as they are" % host.name
    return "systemctl daemon-reload; systemctl reset-failed %s; systemctl restart %s   # on %s, after that" % (
        " ".join(map(shlex.quote, names)),
        shlex.quote(names[-1]),
        host.name,
    )


def status_words(exit_status: int | None) -> str:
    """An exit status with what it means, where that says more than the number."""
    words = exit_words(None, exit_status)
    return "exit status %s%s" % (exit_status, ", " + words if words else "")


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
    if _never_ready(unit):
        ended = _never_ready(unit)
    elif unit.get("lasted") is None:
        ended = "it runs since %.0f s, and ended each time before" % _age(host, unit)
    failed = "crashed soon after it had started" if _had_started(unit) else "would not start: its last start failed"
    why = "%s %s: %s" % (name, "is in a crash loop" if loops else failed, ended)
    if missed:
        why += "; " + missed
    elif said:
        why += "; its log ends with: %s" % said
    seen = [Evidence("unit", "%s, %s restarts by systemd" % (ended, unit.get("restarts") or 0))]
    seen += [Evidence("backend_log", "%s says: %s" % (name, line)) for line in words]
    serve = how_to_serve_it(host, said, needs)
    known = _pid_file_left(host, said) or what_to_do(said, host.name, name)
    if not serve and not known:
        nothing = "" if words else "; it wrote nothing to the journal: look for a log of its own"
        known = ("# mend what it says%s" % nothing,)
    advice = (
        where_it_says(name, words, host.name),
        *serve,
        *known,
        _start_again(host, name),
    )
    return Obstacle(why, tuple(seen), advice)


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
    said = " ".join(unit.get("last_words") or [])
    return bool(_IN_USE.search(said)) and port in ports_in(said)
