# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed: looks and cures beside plays that gather facts or use stock modules, looks on hosts with much to read, and the judging of large fleets.

Writes docs/performance.md, with the machine: of all parts, or of those that are named (plays, far, fleet, host, judging), beside what the others took when
they were measured last. Ends with 1 where anything takes longer than is wanted.
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
import judging
import many_processes
import on_host
import plays
from figures import RUNS, TOP, Row, lab

PAGE = TOP / "docs" / "performance.md"
FIGURES = TOP / ".lab" / "bench-figures"
HEAD = """# How long it takes

Written by `make bench`. The plays take turns over ssh with pipelining, so that all meet the same machine: what counts is the ratio. Seconds are medians of
%d runs (of a fleet %d), in parentheses all of them. `ping` is the floor: Ansible's start, a connection and one module.
"""
PART = """
## %s

Measured on %s: %s.

| what | figures | ratio or amount | wanted at most |
|---|---|---|---|
"""
ROW = "| %s | %s | %s | %s |\n"


class Part(t.NamedTuple):
    """Figures that are measured together. hosts: faults of the lab whose hosts are needed."""

    title: str
    measure: t.Callable[[str], list[Row]]
    hosts: t.Callable[[], list[str]] = lambda: list(plays.FAULTS)


PARTS = {
    "plays": Part("One host, and two", lambda inventory: plays.measure(inventory, plays.few())),
    "far": Part("Over a slow line", lambda inventory: plays.measure(inventory, plays.far())),
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


def measured(name: str) -> list[Row]:
    """The rows of a part, which are kept."""
    part = PARTS[name]
    hosts = part.hosts()
    if hosts:
        lab("up", *hosts)
        lab("break", *plays.FAULTS)
    rows = part.measure(lab("inventory") if hosts else "")
    FIGURES.mkdir(parents=True, exist_ok=True)
    kept = {"when": time.strftime("%Y-%m-%d", time.gmtime()), "machine": machine(), "rows": rows}
    (FIGURES / (name + ".json")).write_text(json.dumps(kept), encoding="utf-8")
    return rows


def page() -> str:
    """What was measured of each part last."""
    text = HEAD % (RUNS, plays.FEWER_RUNS)
    for name, part in PARTS.items():
        file = FIGURES / (name + ".json")
        if file.exists():
            kept = json.loads(file.read_text(encoding="utf-8"))
            text += PART % (part.title, kept["when"], kept["machine"])
            for row in (Row(*values) for values in kept["rows"]):
                text += ROW % (row.what, row.figures, amount(row.share), amount(row.wanted))
    return text


def main(names: t.Sequence[str]) -> int:
    missed = False
    for name in names or PARTS:
        for row in measured(name):
            wanted = "  (wanted: at most %.2f)%s" % (row.wanted, "  MISSED" if row.missed else "") if row.wanted else ""
            print("%-60s %s  %s%s" % (row.what, row.figures, amount(row.share), wanted), flush=True)
            missed = missed or row.missed
        PAGE.write_text(page(), encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
