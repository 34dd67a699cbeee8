# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of the playbook that is watched task by task, and cut off at a moment that the tasks of an earlier run define.

A moment is a task and a share of it, not a time: so it is the same moment however busy the machine is.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import _inventory
from _hosts import Place

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 400.0
# A controller that has lost a host must have noticed in 30 seconds, and one whose machine is busy must not lose one.
SSH_ARGS = "-C -o ControlMaster=auto -o ControlPersist=60s -o ServerAliveInterval=5 -o ServerAliveCountMax=6"


Keep = Callable[[dict[str, Any]], None]


class Moment(NamedTuple):
    """Part of the whole run (0..1), number and name of the task that then runs, and the seconds since it began."""

    fraction: float
    number: int
    task: str
    seconds: float


class Play:
    """One ansible-playbook with its own ssh connections; watched by a thread. known: more hosts and variables of the inventory; answers: what is typed."""

    def __init__(
        self,
        playbook: str,
        place: Place,
        extra: dict[str, Any] | None = None,
        flags: tuple[str, ...] = (),
        env: dict[str, str] | None = None,
        known: dict[str, dict[str, str]] | None = None,
        answers: str = "",
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bg-"))
        self.tasks: list[tuple[str, float]] = []
        variables = {"fix_502_report_dir": str(self.folder), "fix_502_serial": ["100%"], **(extra or {})}
        inventory = self.folder / "inventory.json"
        hosts = {place.host(role): {"ansible_host": address} for role, address in place.addresses.items()}
        for host, more in (known or {}).items():
            hosts.setdefault(host, {}).update(more)
        typed = self.folder / "typed"
        typed.write_text(answers)
        inventory.write_text(json.dumps({"all": {"hosts": hosts, "vars": _inventory.VARS}}))
        command = ["ansible-playbook", "-i", str(inventory), "-e", json.dumps(variables), *flags, playbook]
        environment = dict(
            os.environ,
            PATH="%s:%s" % (Path(sys.executable).parent, os.environ["PATH"]),
            ANSIBLE_CONFIG=str(ROOT / "ansible.cfg"),
            ANSIBLE_SSH_ARGS=SSH_ARGS,
            ANSIBLE_SSH_CONTROL_PATH_DIR=str(self.folder / "c"),
            ANSIBLE_DEPRECATION_WARNINGS="0",
            ANSIBLE_NOCOLOR="1",
            **(env or {}),
        )
        self.log = self.folder / "log"
        self.began = time.monotonic()
        with self.log.open("wb") as output, typed.open("rb") as keys:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=keys,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.ended = 0.0
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.watcher.start()

    def _watch(self) -> None:
        begun = ""
        with self.log.open(errors="replace") as stream:
            while True:
                over = self.process.poll() is not None
                for part in stream:
                    # A line may be read before it is whole.
                    begun += part
                    if begun.startswith("TASK [") and begun.endswith("**\n"):
                        self.tasks.append((begun[6:].rpartition("]")[0], time.monotonic() - self.began))
                    begun = "" if begun.endswith("\n") else begun
                if over:
                    self.ended = time.monotonic() - self.began
                    return
                time.sleep(0.02)

    def wait(self, limit: float = LIMIT) -> int | None:
        """Its exit code; None where it had to be ended."""
        try:
            code: int | None = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            code = None
            self.kill()
        self.watcher.join()
        return code

    def at(self, moment: Moment) -> bool:
        """Wait for a moment. False where the run ended before."""
        while len(self.tasks) <= moment.number and self.process.poll() is None:
            time.sleep(0.02)
        end = time.monotonic() + moment.seconds
        while time.monotonic() < end and len(self.tasks) <= moment.number + 1 and self.process.poll() is None:
            time.sleep(0.01)
        return self.process.poll() is None

    def kill(self) -> None:
        """What the end of the controller's machine does: every process of the run is gone, and its ssh connections with them."""
        if self.process.poll() is not None:
            return
        found = _descendants(self.process.pid) | _mentioning(str(self.folder / "c"))
        for pid in found:
            _signal(pid, signal.SIGSTOP)
        for pid in found | _descendants(self.process.pid) | _mentioning(str(self.folder / "c")):
            _signal(pid, signal.SIGKILL)
        self.process.wait()

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def report(self) -> dict[str, Any]:
        path = self.folder / "report.json"
        loaded: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"hosts": {}}
        return loaded

    def close(self) -> None:
        for pid in _mentioning(str(self.folder / "c")):
            _signal(pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


def moment(tasks: list[tuple[str, float]], length: float, fraction: float) -> Moment:
    """The moment of a run of which the tasks and the length are known."""
    at = fraction * length
    number = max(index for index, (_name, began) in enumerate([*tasks]) if began <= at or index == 0)
    return Moment(fraction, number, tasks[number][0], max(0.0, at - tasks[number][1]))


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _parents() -> dict[int, int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    return parents


def _descendants(pid: int) -> set[int]:
    parents = _parents()
    found = {pid} & set(parents)
    while True:
        more = {child for child, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def _mentioning(folder: str) -> set[int]:
    """The ssh masters of a run: they are nobody's children, but name the run's own folder."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if folder.encode() in (entry / "cmdline").read_bytes():
                    found.add(int(entry.name))
            except OSError:
                continue
    return found
