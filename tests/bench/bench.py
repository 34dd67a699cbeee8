# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long diagnose_502 takes on a healthy host, beside plays that gather facts or look with stock modules.

The three take turns over ssh with pipelining on one lab host, so that all meet the same machine. What counts is the ratio of the medians.
"""

from __future__ import annotations

import os
import pathlib
import statistics
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
HOST = "healthy-web"
RUNS = 5
PLAYS = {
    "diagnose_502": "playbooks/diagnose_502.yml",
    "gather_facts": "tests/bench/gather_facts.yml",
    "stock_modules": "tests/bench/stock_modules.yml",
}
#: What diagnose_502 may take at most, as a share of each of the others.
WANTED = {"gather_facts": 1.0, "stock_modules": 0.25}


def lab(*words: str) -> str:
    return subprocess.run(
        [sys.executable, "tests/lab/lab.py", *words], cwd=TOP, check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


def seconds(play: str, inventory: str) -> float:
    command = ["ansible-playbook", play, "-i", inventory, "--limit", HOST]
    started = time.monotonic()
    subprocess.run(
        command, cwd=TOP, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "ANSIBLE_PIPELINING": "true"}
    )
    return time.monotonic() - started


def main() -> int:
    lab("up", "healthy")
    inventory = lab("inventory")
    for play in PLAYS.values():
        seconds(play, inventory)
    taken: dict[str, list[float]] = {name: [] for name in PLAYS}
    for _run in range(RUNS):
        for name, play in PLAYS.items():
            taken[name].append(seconds(play, inventory))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    for name, times in taken.items():
        print("%-14s median %6.2f s  (%s)" % (name, medians[name], ", ".join("%.2f" % one for one in times)))
    missed = 0
    for name, wanted in WANTED.items():
        ratio = medians["diagnose_502"] / medians[name]
        print("diagnose_502 / %-14s %.2f  (wanted: at most %.2f)" % (name, ratio, wanted))
        missed += ratio > wanted
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
