# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fix, roll back, and run the tasks of the report as a playbook: the site is well as it was after the run, and a second time nothing changes."""

import re
import tempfile
from pathlib import Path
from typing import Any

import _world
import back
from _hosts import Place
from _play import Keep, Play
from _rows import Results, Rows, failed

#: A DNS cache that was flushed and an nginx that was reloaded are nothing to write into a playbook.
REMEDIES = {
    **{name: remedy for name, remedy in back.REMEDIES.items() if remedy != "upstream_dns"},
    "header_too_big_http_set": "fastcgi_buffers: in the http block",
    "ephemeral_ports_exhausted": "nginx_limits: sysctl",
    "fpm_max_children": "php_fpm: more children",
    "worker_oom_killed": "php_fpm: fewer children",
}
#: Seconds in which a site has to be well: a pool of PHP-FPM that was reloaded under load grows by a child a second.
WELL_IN = 60.0
_HOST = re.compile(r"\A# hosts: (\S+)\n")
#: The recap of a host on which something was changed.
CHANGED = re.compile(r"^\S+ +: ok=\d+ +changed=([1-9]\d*)", re.MULTILINE)


def tasks_of(report: dict[str, Any]) -> list[str]:
    """The tasks of a report, each once, in its order."""
    found = [one["task"] for host in report["hosts"].values() for one in host["findings"] if "task" in one]
    return list(dict.fromkeys(found))


def playbook_of(tasks: list[str]) -> str:
    """A playbook with a play for each task, on the host that its first line names."""
    plays = []
    for task in tasks:
        host = _HOST.match(task)
        if host is None:
            raise RuntimeError("a task names no host: %s" % task)
        lines = ["    " + line for line in task[host.end() :].splitlines()]
        plays += ["- hosts: %s" % host.group(1), "  gather_facts: false", "  tasks:", *lines]
    return "\n".join(["---", *plays]) + "\n"


def _run(playbook: str, place: Place, wanted: int) -> tuple[str, Play]:
    """What went wrong, and the run."""
    play = Play(playbook, place)
    code = play.wait()
    answer = _world.until_status(place, {wanted} if wanted < 500 else back.BROKEN, WELL_IN)
    wrong = "" if code == 0 else "%s ended with %s: %s" % (Path(playbook).name, code, play.text()[-1500:])
    is_well = answer == wanted if wanted < 500 else answer in back.BROKEN
    return wrong or ("" if is_well else "answers %s after %s" % (answer, Path(playbook).name)), play


def trial(name: str) -> dict[str, Any]:
    place = _world.fresh(name)
    after = place.fault.expect["status_after"]
    wrong, play = _run("fix_502.yml", place, after)
    said = [wrong]
    tasks = tasks_of(play.report())
    play.close()
    wrong, play = _run("playbooks/rollback_502.yml", place, place.fault.status_before)
    said.append(wrong)
    play.close()
    with tempfile.NamedTemporaryFile("w", prefix="own-", suffix=".yml") as file:
        file.write(playbook_of(tasks))
        file.flush()
        first, play = _run(file.name, place, after)
        play.close()
        second, play = _run(file.name, place, after)
        text = play.text()
        play.close()
    said += [first, second, "the second run changed something: %s" % text[-1500:] if CHANGED.search(text) else ""]
    said += ["left over: " + line for line in _world.left_over(place)]
    _world.remove(name)
    return {
        "fault": name,
        "remedy": REMEDIES.get(name, name),
        "tasks": len(tasks),
        "wrong": [text for text in said if text] + ([] if tasks else ["no task is in the report"]),
    }


def run(faults: list[str], keep: Keep) -> None:
    for name in faults or list(REMEDIES):
        result = trial(name)
        keep(result)
        words = "%(remedy)s: %(tasks)d tasks carried home" % result
        print(words, *["  WRONG: " + line for line in result["wrong"]], sep="\n", flush=True)


def rows(results: Results) -> Rows:
    seen = [[one["remedy"], one["tasks"], "; ".join(one["wrong"]) or "the same"] for one in results]
    return Rows(["remedy", "tasks", "the site, and a second time"], seen)


def summary(results: Results) -> str:
    return "%d tasks of %d cures carried home: %d not the same" % (
        sum(result["tasks"] for result in results),
        len(results),
        failed(results),
    )
