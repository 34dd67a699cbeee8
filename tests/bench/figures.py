# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benches share: the lab's hosts, plays that are timed, and rows of figures."""

from __future__ import annotations

import os
import pathlib
import statistics
import subprocess
import sys
import threading
import time
import typing as t
import urllib.error
import urllib.request

import yaml

TOP = pathlib.Path(__file__).resolve().parents[2]
RUNS = 5


class Row(t.NamedTuple):
    """A figure. share: of the time of what it is compared with, or an amount; wanted: what it may be at most, None where it only shows."""

    what: str
    figures: str
    share: float | None = None
    wanted: float | None = None

    @property
    def missed(self) -> bool:
        return self.share is not None and self.wanted is not None and self.share > self.wanted


def lab(*words: str) -> str:
    return subprocess.run(
        [sys.executable, "tests/lab/lab.py", *words], cwd=TOP, check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


def ansible(*command: str, settings: t.Mapping[str, str] | None = None) -> None:
    """Run one of Ansible's commands, over ssh with pipelining. settings: of its environment."""
    environment = {**os.environ, "ANSIBLE_PIPELINING": "true", **(settings or {})}
    subprocess.run(command, cwd=TOP, check=True, stdout=subprocess.DEVNULL, env=environment)


def seconds_of(*command: str, settings: t.Mapping[str, str] | None = None) -> float:
    """How long one of Ansible's commands takes."""
    started = time.monotonic()
    ansible(*command, settings=settings)
    return time.monotonic() - started


def address(inventory: str, host: str) -> str:
    hosts = yaml.safe_load(pathlib.Path(inventory).read_text(encoding="utf-8"))["all"]["hosts"]
    return str(hosts[host]["ansible_host"])


class FirstAnswer(threading.Thread):
    """Asks a URL twenty times a second, as visitors would, until it answers 200 or nobody waits any more. at: when it did."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url, self.at, self.waited_for = url, None, True
        self.at: float | None

    def run(self) -> None:
        while self.at is None and self.waited_for:
            try:
                with urllib.request.urlopen(self.url, timeout=5) as answer:  # noqa: S310  a host of the lab
                    self.at = time.monotonic() if answer.status == 200 else None
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)


def in_words(times: t.Sequence[float]) -> str:
    """The median of several runs, and all of them."""
    return "%.2f s (%s)" % (statistics.median(times), ", ".join("%.2f" % one for one in times))
