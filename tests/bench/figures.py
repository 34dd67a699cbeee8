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


class Shown(t.TypedDict):
    """A figure as the page has it, and as it is kept. rounds: the share of each, where there are several."""

    what: str
    figures: str
    share: float | None
    rounds: list[float]
    spread: float | None
    wanted: float | None
    missed_by: float | None


class Rounds:
    """The rows of one figure, of several measurements in a row. share: their median."""

    def __init__(self, rows: t.Sequence[Row]) -> None:
        shares = [row.share for row in rows if row.share is not None]
        self.share = statistics.median(shares) if shares else None
        self.wanted = rows[0].wanted
        self.what = rows[0].what
        #: Of the round that is the median, or comes next to it.
        self.figures = min(rows, key=lambda row: abs((row.share or 0.0) - (self.share or 0.0))).figures
        self.each = shares if len(shares) > 1 else []
        self.spread = max(shares) - min(shares) if len(shares) > 1 else None

    @property
    def missed_by(self) -> float | None:
        """How much more it is than is wanted; None where it is not."""
        if self.share is None or self.wanted is None or self.share <= self.wanted:
            return None
        return self.share - self.wanted

    @property
    def shown(self) -> Shown:
        """What stays of it: two places of each number, no more than anybody reads."""
        return {
            "what": self.what,
            "figures": self.figures,
            "share": _two_places(self.share),
            "rounds": [round(share, 2) for share in self.each],
            "spread": _two_places(self.spread),
            "wanted": self.wanted,
            "missed_by": _two_places(self.missed_by),
        }


def _two_places(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def in_rounds(rounds: t.Sequence[t.Sequence[Row]]) -> list[Rounds]:
    """The figures of several measurements, in the order in which they come up."""
    rows: dict[str, list[Row]] = {}
    for row in (row for rows_of_round in rounds for row in rows_of_round):
        rows.setdefault(row.what, []).append(row)
    return [Rounds(found) for found in rows.values()]


def lab(*words: str) -> str:
    return subprocess.run(
        [sys.executable, "tests/lab/lab.py", *words], cwd=TOP, check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


def ansible(*command: str, settings: t.Mapping[str, str] | None = None) -> str:
    """What one of Ansible's commands prints, over ssh with pipelining. settings: of its environment."""
    environment = {**os.environ, "ANSIBLE_PIPELINING": "true", **(settings or {})}
    return subprocess.run(command, cwd=TOP, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout


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
