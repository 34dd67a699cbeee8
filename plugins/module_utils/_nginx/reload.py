# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reload or restart nginx and see whether it took.

The exit code proves nothing: `systemctl reload nginx` and `nginx -s reload` end with 0 as soon as the signal is sent, and a master that
refuses the new configuration keeps its old workers and says so in its error log only.

Private to this collection: it may change in any release.
"""

import contextlib
import os
import re
import signal
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Process, Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.service_manager import unit_in
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_journal import last_words
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.tail import Tail
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.instance import (
    is_stopping,
    masters,
    workers_of,
)

PAUSE = 0.05
SETTLE = 0.2
#: Seconds in which old workers begin to stop once there are new ones: nginx's master asks them to after a tenth of one.
MASTER_ASKS = 3.0
_LINE = r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[(?:emerg|alert)\] %s#\d+: .*$"
_REFUSAL = "[emerg]"
_TRIED_AGAIN = ": bind() to "


class Running(NamedTuple):
    """The processes of one nginx at one moment."""

    master: Optional[Process]
    workers: List[Process]

    def serving(self) -> List[int]:
        return [worker.pid for worker in self.workers if not is_stopping(worker)]

    def result(self) -> Dict[str, Any]:
        return {
            "master": self.master.pid if self.master else None,
            "workers": self.serving(),
            "stopping": [worker.pid for worker in self.workers if is_stopping(worker)],
        }


class Outcome(NamedTuple):
    """error is None where the new workers were seen."""

    error: Optional[str]
    lines: List[str]
    before: Running
    after: Running


def running(host: Host, pid: Optional[int] = None) -> Running:
    """Master and workers now; of the master with that pid where one is given."""
    processes = Processes(host)
    found = [master for master in masters(processes) if pid in (None, master.pid)]
    return Running(found[0], workers_of(processes, found[0])) if found else Running(None, [])


class LogWatch:
    """What a master writes to its error logs from now on. Without a pid: what any nginx writes there."""

    def __init__(self, host: Host, master: Optional[int], paths: Sequence[str]) -> None:
        self.pattern = re.compile(_LINE % (r"\d+" if master is None else master), re.MULTILINE)
        self.tails = [Tail(host, path, master) for path in paths]

    def complaints(self) -> List[str]:
        """Its [emerg] and [alert] lines, each once; those of somebody's nginx -t carry another pid."""
        added = [tail.added().decode("utf-8", "replace") for tail in self.tails]
        return list(dict.fromkeys(line for text in added for line in self.pattern.findall(text)))


class _Farewell:
    """Sees to it that old workers go once new ones serve.

    A worker without a free descriptor cannot take the new worker's channel, and then closes the one over which its master asks it to stop ("recvmsg() returned
    ... ancillary data"): it would serve with the old configuration until it is killed. A signal still reaches it, and it ends its requests first all the same.
    """

    def __init__(self, before: Running) -> None:
        self._old = set(before.serving())
        self._since: Optional[float] = None
        self._asked = False

    def see(self, now: Running) -> None:
        left = self._old.intersection(now.serving())
        if self._asked or not left or not set(now.serving()).difference(self._old):
            return
        self._since = time.monotonic() if self._since is None else self._since
        if time.monotonic() - self._since >= MASTER_ASKS:
            self._asked = True
            for pid in left:
                _ask_to_stop(pid)


def _ask_to_stop(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGQUIT)


def reload(host: Host, command: Sequence[str], logs: Sequence[str], timeout: float) -> Outcome:
    """Run the command; it took when every serving worker is new and the master said nothing against it."""
    before = running(host)
    if before.master is None:
        return Outcome("nginx is not running", [], before, before)
    master = before.master.pid
    if before.master.state in ("T", "t"):
        why = "nginx's master %d stands still, as somebody has sent it SIGSTOP: kill -CONT %d lets it go on"
        return Outcome(why % (master, master), [], before, before)
    watch = LogWatch(host, master, logs)
    failed = _run(host, command, timeout)
    if failed:
        return Outcome(failed, watch.complaints(), before, running(host, master))

    def has_new_workers(now: Running) -> bool:
        return bool(now.serving()) and not set(before.serving()).intersection(now.serving())

    return _wait(lambda: running(host, master), watch, has_new_workers, before, timeout, _Farewell(before).see)


def restart(host: Host, command: Sequence[str], logs: Sequence[str], timeout: float) -> Outcome:
    """Run the command; it took when another master has workers. Serves for a start as well."""
    before = running(host)
    old = before.master.pid if before.master else None
    watch = LogWatch(host, None, logs)
    failed = _run(host, command, timeout)
    if failed:
        lines = watch.complaints() + _journal(host, command)
        return Outcome(lines[0] if lines else failed, lines, before, running(host))

    def is_another(now: Running) -> bool:
        return now.master is not None and now.master.pid != old and bool(now.serving())

    return _wait(lambda: running(host), watch, is_another, before, timeout)


def _run(host: Host, command: Sequence[str], timeout: float) -> Optional[str]:
    ran = host.run(command, timeout=timeout)
    if ran.code == 0:
        return None
    return ran.error or "%s ended with %s: %s" % (" ".join(command), ran.code, (ran.err or ran.out).strip()[-1000:])


def _journal(host: Host, command: Sequence[str]) -> List[str]:
    """nginx's own words at a start that failed, where it had no log open yet and they went to systemd."""
    unit = unit_in(command)
    if unit is None:
        return []
    return [line for line in last_words(host, ["nginx", unit]) if _REFUSAL in line][-1:]


def _wait(
    look: Callable[[], Running],
    watch: LogWatch,
    took: Callable[[Running], bool],
    before: Running,
    timeout: float,
    see: Callable[[Running], None] = lambda now: None,
) -> Outcome:
    """Until it took and stays so, nginx refuses, or the time is over. see is shown what runs while nothing speaks against the new configuration."""
    deadline = time.monotonic() + timeout
    seen: List[int] = []
    while True:
        now = look()
        lines = watch.complaints()
        refusals = [line for line in lines if _REFUSAL in line]
        if took(now):
            if now.serving() == seen:
                return Outcome(None, lines, before, now)
        elif any(_TRIED_AGAIN not in line for line in refusals):
            return Outcome(refusals[0], lines, before, now)
        elif not refusals:
            see(now)
        if time.monotonic() > deadline:
            return Outcome((refusals + ["no new workers after %g seconds" % timeout])[0], lines, before, now)
        seen = now.serving() if took(now) else []
        time.sleep(SETTLE if seen else PAUSE)
