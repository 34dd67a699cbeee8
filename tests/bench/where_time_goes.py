# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the time of a run goes: by its tasks, and by the parts of which its look consists; below it the floor, which no play can go under."""

from __future__ import annotations

import re
import statistics
import typing as t

import on_host
import plays
from figures import RUNS, Row, ansible, in_words, lab, seconds_of

NO_TASK = "tests/bench/no_task.yml"
PROFILE = {
    "ANSIBLE_CALLBACKS_ENABLED": "ansible.posix.profile_tasks",
    "PROFILE_TASKS_SORT_ORDER": "none",
    "PROFILE_TASKS_TASK_OUTPUT_LIMIT": "all",
}
_TASK = re.compile(r"^(?:webops\.bad_gateway\.)?(\S.*?) -{2,} (\d+\.\d+)s$", re.MULTILINE)
#: A function of the look's own file that does nothing with nothing: what it takes is to load the look.
NOTHING = ("name_levels", {"log": {"sources": []}, "config": {"error_logs": []}})


def measure(inventory: str) -> list[Row]:
    return [
        *floor(inventory),
        *on_the_host(inventory),
        *by_task(inventory, "diagnose_502"),
        *by_task(inventory, "a stopped PHP-FPM"),
        *by_task(inventory, "a firewall on the backend"),
    ]


def floor(inventory: str) -> list[Row]:
    """Ansible's start, and what a connection and the smallest module take more."""
    start, ping = [], []
    for _run in range(RUNS):
        for play, taken in ((NO_TASK, start), ("tests/bench/ping.yml", ping)):
            taken.append(seconds_of("ansible-playbook", play, "-i", inventory, "--limit", plays.WELL))
    more = statistics.median(ping) - statistics.median(start)
    return [
        Row("Ansible's start: a play without a task, in seconds", in_words(start), statistics.median(start)),
        Row("a connection and one small module more", in_words(ping), more),
    ]


def on_the_host(inventory: str) -> list[Row]:
    """A look by its parts, each less what stands before it."""
    commands = {
        "Python's start": (on_host.LOOK_FUNCTION, ["python3", "-I", "-c", "pass"]),
        "loading the look": (NOTHING, on_host.LOOK),
        "looking": (on_host.LOOK_FUNCTION, on_host.LOOK),
    }
    rows, before = [], 0.0
    for name, (function, command) in commands.items():
        on_host.lay_program(inventory, *function)
        on_host.used(*command)
        runs = [on_host.used(*command) for _run in range(RUNS)]
        seconds = on_host.of(runs, "seconds")
        figures = "%.2f s of CPU up to here" % on_host.of(runs, "cpu")
        rows.append(Row("on the host: %s, in seconds" % name, figures, seconds - before))
        before = seconds
    return rows


def by_task(inventory: str, name: str) -> list[Row]:
    """The tasks of a play in their order, those that are skipped among them; each with the median of its seconds."""
    play = plays.few()[name]
    taken: dict[str, list[float]] = {}
    for _run in range(RUNS):
        for host in play.broken:
            lab("shell", host, play.breaks)
        for number, (task, seconds) in enumerate(tasks_of(inventory, play), 1):
            taken.setdefault("%s, task %02d: %s" % (name, number, task), []).append(seconds)
    return [Row(task, "", statistics.median(times)) for task, times in taken.items()]


def tasks_of(inventory: str, play: plays.Play) -> t.Iterator[tuple[str, float]]:
    limit = ("--limit", ",".join(play.hosts))
    printed = ansible("ansible-playbook", play.play, "-i", inventory, *limit, settings=PROFILE)
    for found in _TASK.finditer(printed):
        yield found.group(1), float(found.group(2))
