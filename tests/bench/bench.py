# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed: looks and cures beside plays that gather facts or use stock modules, looks on hosts with much to read, and the judging of large fleets.

Writes docs/performance.md, with the machine: of all parts, or of those that are named (plays, profile, far, fleet, host, judging), beside what the others
took when they were measured last. Each part is measured BENCH_ROUNDS times in a row (3). Ends with 1 where anything takes longer than is wanted.
"""

from __future__ import annotations

import json
import os
import pathlib
import platform
import sys
import time
import typing as t

import ansible
import doors
import judging
import many_processes
import on_host
import plays
import where_time_goes
from figures import RUNS, TOP, Rounds, Row, in_rounds, lab

PAGE = TOP / "docs" / "performance.md"
FIGURES = TOP / ".lab" / "bench-figures"
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
HEAD = """# How long it takes

Written by `make bench`. The plays take turns over ssh with pipelining, so that all meet the same machine: what counts is the ratio. Seconds are medians of
%d runs (of a fleet %d), in parentheses all of them. A part is measured several times in a row: the ratio or amount is the median of these rounds, spread is
the largest less the smallest, and the figures beside it are those of the middle round.

`ping` is the floor: Ansible's start, a connection and one module. No play goes below its ratio, whatever it does.
"""
PART = """
## %s

Measured on %s: %s. The load of the machine was %s before and %s after.

| what | figures | ratio or amount | rounds | spread | wanted at most | missed by |
|---|---|---|---|---|---|---|
"""
ROW = "| %s | %s | %s | %s | %s | %s | %s |\n"


class Part(t.NamedTuple):
    """Figures that are measured together. hosts: faults of the lab whose hosts are needed."""

    title: str
    measure: t.Callable[[str], list[Row]]
    hosts: t.Callable[[], list[str]] = lambda: list(plays.FAULTS)


PARTS = {
    "plays": Part("One host, and two", lambda inventory: plays.measure(inventory, plays.few())),
    "profile": Part("Where the time goes", where_time_goes.measure),
    "far": Part("Over a slow line", lambda inventory: plays.measure(inventory, plays.far())),
    "doors": Part("Other ways to a host", doors.measure),
    "fleet": Part(
        "Forty hosts, and twenty that are broken alike",
        lambda inventory: plays.measure(inventory, plays.many(), plays.alike()),
        lambda: [*plays.FAULTS, *plays.fleet()],
    ),
    "host": Part(
        "What it costs a host", lambda inventory: on_host.measure(inventory) + many_processes.measure(inventory)
    ),
    "judging": Part("Judging", lambda _inventory: judging.measure(), list),
}


def machine() -> str:
    """This machine in words."""
    cpus = [
        line for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if "model name" in line
    ]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    name = cpus[0].partition(":")[2].strip() if cpus else platform.machine()
    return "%d cores (%s), %.0f GiB, Linux %s, Python %s, ansible-core %s; the lab's hosts run on it too" % (
        os.cpu_count() or 1,
        name,
        memory,
        platform.release(),
        platform.python_version(),
        ansible.__version__,
    )


def amount(value: float | None) -> str:
    return "" if value is None else "%.2f" % value


def measured(name: str) -> list[Rounds]:
    """The figures of a part, whose rounds are kept."""
    part = PARTS[name]
    hosts = part.hosts()
    if hosts:
        lab("up", *hosts)
        lab("break", *plays.FAULTS)
    inventory = lab("inventory") if hosts else ""
    before = os.getloadavg()[0]
    rounds = [part.measure(inventory) for _round in range(ROUNDS)]
    FIGURES.mkdir(parents=True, exist_ok=True)
    kept = {
        "when": time.strftime("%Y-%m-%d", time.gmtime()),
        "machine": machine(),
        "load": ["%.1f" % load for load in (before, os.getloadavg()[0])],
        "rounds": rounds,
    }
    (FIGURES / (name + ".json")).write_text(json.dumps(kept), encoding="utf-8")
    return in_rounds(rounds)


def page() -> str:
    """What was measured of each part last."""
    text = HEAD % (RUNS, plays.FEWER_RUNS)
    for name, part in PARTS.items():
        file = FIGURES / (name + ".json")
        if file.exists():
            kept = json.loads(file.read_text(encoding="utf-8"))
            text += PART % (part.title, kept["when"], kept["machine"], *kept["load"])
            for row in in_rounds([[Row(*values) for values in rows] for rows in kept["rounds"]]):
                amounts = amount(row.share), row.each, amount(row.spread), amount(row.wanted), amount(row.missed_by)
                text += ROW % (row.what, row.figures, *amounts)
    return text


def main(names: t.Sequence[str]) -> int:
    missed = False
    for name in names or PARTS:
        for row in measured(name):
            wanted = "" if row.wanted is None else "  (wanted: at most %.2f)" % row.wanted
            by = "" if row.missed_by is None else "  MISSED by %.2f" % row.missed_by
            each = "  [%s]" % row.each if row.each else ""
            print("%-60s %s  %s%s%s%s" % (row.what, row.figures, amount(row.share), each, wanted, by), flush=True)
            missed = missed or row.missed_by is not None
        PAGE.write_text(page(), encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
