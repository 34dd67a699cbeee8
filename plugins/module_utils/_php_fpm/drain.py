# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let the requests that PHP-FPM is working on end before it is reloaded or restarted.

With process_control_timeout = 0, the default, FPM kills its workers at a reload, and the value that counts is the one that the running master has
read, so that setting it comes too late for the first reload. Therefore the master is halted (SIGSTOP) and its workers are asked to leave after their
request (SIGQUIT, what FPM itself sends first). New connections wait in the socket's queue meanwhile. When no worker is left, the master gets its order and
goes on: it has nobody to kill and starts anew at once.

Private to this collection: it may change in any release.
"""

import contextlib
import os
import re
import signal
import sys
import threading
import time
from typing import Callable, Collection, List, Optional, Sequence, Set

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink, service_manager
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes

PAUSE = 0.02
HALT_WITHIN = 1.0
ROOM = 5.0
#: From this share of a socket's queue on, waiting for old requests would cost new ones.
QUEUE_SHARE = 0.75
ENDS = (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT)
_PENDING = re.compile(r"^ShdPnd:\s*([0-9a-f]+)", re.MULTILINE)

Order = Callable[[], Optional[str]]


def drained(host: Host, master: int, sockets: Sequence[str], limit: float, then: Order) -> Optional[str]:
    """Let running requests end for at most limit seconds, give the halted master its order, let it go on. Returns what the order returns: an error or None.

    A child of ours does it, so that a controller that goes away leaves no halted master behind; should that child be killed, we let the master go on,
    and where all that belongs to our login is ended at once, systemd does.
    sockets are the paths of the pools' sockets: when one of them fills up meanwhile, nobody is waited for any longer.
    """
    if limit <= 0 or not sys.platform.startswith("linux"):
        return then()
    timer = _arm(host, master, limit + HALT_WITHIN + ROOM)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _in_child(host, master, sockets, limit, then, writing)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as stream:
            text = stream.read().decode("utf-8", "replace")
        code = os.waitpid(child, 0)[1]
    finally:
        _signal(master, signal.SIGCONT)
        if timer:
            host.run(["systemctl", "stop", timer])
    return text or ("the process that watched over PHP-FPM was killed" if code else None)


def _arm(host: Host, master: int, seconds: float) -> Optional[str]:
    """Have systemd let the master go on, whatever becomes of us. Returns the timer; None where there is no systemd, or it can't."""
    if service_manager.in_charge(host) != service_manager.SYSTEMD:
        return None
    name = "bad_gateway-go-on-%d" % master
    argv = ["systemd-run", "--quiet", "--collect", "--unit=" + name, "--on-active=%d" % seconds]
    argv += ["--timer-property=AccuracySec=1s", "/bin/sh", "-c", "kill -CONT %d" % master]
    return name + ".timer" if host.run(argv).code == 0 else None


def stands_still(host: Host, pid: int) -> Optional[str]:
    """Why a process can't take an order, or None: somebody has halted it."""
    if _state(host, pid) not in ("T", "t"):
        return None
    return "master %d stands still, as somebody has sent it SIGSTOP: kill -CONT %d lets it go on" % (pid, pid)


def _in_child(host: Host, master: int, sockets: Sequence[str], limit: float, then: Order, writing: int) -> None:
    error: Optional[str] = "interrupted"
    try:
        os.setsid()
        _halt(host, master)
        _wait(host, master, sockets, limit)
        threading.Thread(target=_go_on_when_stopped, args=(host, master), daemon=True).start()
        error = then()
    except Exception as problem:
        error = str(problem)
    finally:
        _signal(master, signal.SIGCONT)
        os.write(writing, (error or "").encode("utf-8", "replace")[:4000])
        os._exit(0)


def _halt(host: Host, master: int) -> None:
    """Only a master that does stand still cannot fork a worker after we have counted them."""
    _signal(master, signal.SIGSTOP)
    deadline = time.monotonic() + HALT_WITHIN
    while time.monotonic() < deadline and _state(host, master) not in ("T", "t", ""):
        time.sleep(PAUSE)


def _wait(host: Host, master: int, sockets: Sequence[str], limit: float) -> None:
    workers = [worker.pid for worker in Processes(host).children_of(master)]
    watched = set(sockets) - _full(sockets)
    for worker in workers:
        _signal(worker, signal.SIGQUIT)
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline and any(_state(host, worker) not in ("Z", "X", "") for worker in workers):
        if _full(watched):
            return
        time.sleep(PAUSE)


def _go_on_when_stopped(host: Host, master: int) -> None:
    """Let the master go on as soon as somebody has asked it to end. systemd does that itself; an init script only waits for the end."""
    while _state(host, master) and not _asked_to_end(host, master):
        time.sleep(PAUSE)
    _signal(master, signal.SIGCONT)


def _asked_to_end(host: Host, pid: int) -> bool:
    """Whether a signal that ends FPM waits for a process that stands still."""
    found = _PENDING.search(host.read("/proc/%d/status" % pid) or "")
    pending = int(found.group(1), 16) if found else 0
    return any(pending >> (number - 1) & 1 for number in ENDS)


def _state(host: Host, pid: int) -> str:
    """The letter of /proc/PID/stat, empty where the process is gone."""
    stat = host.read("/proc/%d/stat" % pid, 4096) or ""
    fields: List[str] = stat[stat.rfind(")") + 1 :].split()
    return fields[0] if fields else ""


def _full(sockets: Collection[str]) -> Set[str]:
    """Those of these sockets whose queue has hardly any room left."""
    try:
        return {
            one.name
            for one in netlink.unix_listeners()
            if one.name in sockets and one.queue >= QUEUE_SHARE * max(one.backlog, 1)
        }
    except OSError:
        return set()


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
