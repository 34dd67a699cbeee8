# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed: looks and cures beside plays that gather facts or use stock modules, looks on hosts with much to read, and the judging of large fleets.

Writes docs/performance.md, with the machine. Ends with 1 where anything takes longer than is wanted.
"""

from __future__ import annotations

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
HEAD = """# How long it takes

Written by `make bench` on %s: %s.

The plays take turns over ssh with pipelining, so that all meet the same machine: what counts is the ratio. Seconds are medians of %d runs, in parentheses
all of them. `ping` is the floor: Ansible's start, a connection and one module.

| what | figures | ratio or amount | wanted at most |
|---|---|---|---|
"""
ROW = "| %s | %s | %s | %s |\n"


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


def page(rows: t.Iterable[Row]) -> str:
    lines = [ROW % (row.what, row.figures, amount(row.share), amount(row.wanted)) for row in rows]
    return HEAD % (time.strftime("%Y-%m-%d", time.gmtime()), machine(), RUNS) + "".join(lines)


def main() -> int:
    rows = judging.measure()
    lab("up", "--fresh", *plays.FAULTS, *plays.fleet())
    lab("break", *plays.FAULTS)
    inventory = lab("inventory")
    rows += plays.measure(inventory)
    rows += on_host.measure(inventory)
    rows += many_processes.measure(inventory)
    PAGE.write_text(page(rows), encoding="utf-8")
    for row in rows:
        wanted = "  (wanted: at most %.2f)%s" % (row.wanted, "  MISSED" if row.missed else "") if row.wanted else ""
        print("%-60s %s  %s%s" % (row.what, row.figures, amount(row.share), wanted))
    return 1 if any(row.missed for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
