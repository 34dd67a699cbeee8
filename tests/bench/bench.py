# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed: looks and cures beside plays that gather facts or use stock modules, looks on hosts with much to read, and the judging of large fleets.

Writes docs/performance.md, with the machine: of all parts, or of those that are named (as in PARTS), beside what the others took when they were
measured last (seen/). Each part is measured BENCH_ROUNDS times in a row (3). Ends with 1 where anything takes longer than is wanted.
"""

from __future__ import annotations

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
from figures import Rounds, Row, in_rounds, lab
from page import amount, keep

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))


class Part(t.NamedTuple):
    """Figures that are measured together. hosts: faults of the lab whose hosts are needed."""

    measure: t.Callable[[str], list[Row]]
    hosts: t.Callable[[], list[str]] = lambda: list(plays.FAULTS)


PARTS = {
    "plays": Part(lambda inventory: plays.measure(inventory, plays.few())),
    "profile": Part(where_time_goes.measure),
    "far": Part(lambda inventory: plays.measure(inventory, plays.far())),
    "doors": Part(doors.measure),
    "fleet": Part(
        lambda inventory: plays.measure(inventory, plays.many()),
        lambda: [*plays.FAULTS, *plays.fleet()],
    ),
    "alike": Part(
        lambda inventory: plays.measure(inventory, plays.alike()),
        lambda: [*plays.FAULTS, *plays.fleet()[: plays.BROKEN_ALIKE]],
    ),
    "host": Part(lambda inventory: on_host.measure(inventory) + many_processes.measure(inventory)),
    "judging": Part(lambda _inventory: judging.measure(), list),
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


def measured(name: str) -> list[Rounds]:
    """The figures of a part, which are kept."""
    part = PARTS[name]
    hosts = part.hosts()
    if hosts:
        lab("up", *hosts)
        lab("break", *plays.FAULTS)
    inventory = lab("inventory") if hosts else ""
    before = os.getloadavg()[0]
    found = in_rounds([part.measure(inventory) for _round in range(ROUNDS)])
    keep(
        name,
        {
            "when": time.strftime("%Y-%m-%d", time.gmtime()),
            "machine": machine(),
            "load": ["%.1f" % load for load in (before, os.getloadavg()[0])],
            "rows": [row.shown for row in found],
        },
    )
    return found


def main(names: t.Sequence[str]) -> int:
    missed = False
    for name in names or PARTS:
        for row in measured(name):
            wanted = "" if row.wanted is None else "  (wanted: at most %.2f)" % row.wanted
            by = "" if row.missed_by is None else "  MISSED by %.2f" % row.missed_by
            each = "  %s" % ["%.2f" % share for share in row.each] if row.each else ""
            print("%-60s %s  %s%s%s%s" % (row.what, row.figures, amount(row.share), each, wanted, by), flush=True)
            missed = missed or row.missed_by is not None
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
