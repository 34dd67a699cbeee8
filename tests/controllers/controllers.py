# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same faults, foretold, cured and undone by each way of a controller to its hosts. Writes what it saw into docs/platforms.md.

controllers.py [WORD ...]     all ways, or those that have every word: a core (2.16), a Python (3.6), sudo, doas, su, pipelining, no-pipelining; or no-python
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

os.environ.setdefault("LAB_NAME", "controllers")
ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "lab"), str(ROOT / "tests" / "gates")]

import _figures
import _hosts
import _machine
import _podman
import _snapshot
import _ways
from _faults import faults
from _hosts import Place
from _settings import DEFAULT_SUITE, STATE_DIR
from _ways import FAULTS, WAYS, Way

NO_PYTHON = "no-python"
HIDE = "mkdir -p /root/hidden; mv /usr/bin/python3* /root/hidden/"
SHOW = "mv /root/hidden/* /usr/bin/"
#: What is on a host's disk and in its kernel, for one that has no Python to say it.
DIGEST = """{ find /etc /var/www /usr/local /var/lib/bad_gateway -type f -exec sha256sum {} + ; nft -s list ruleset; } 2>/dev/null | sort | sha256sum"""

Report = dict[str, Any]
Results = list[dict[str, Any]]


def booted() -> list[Place]:
    """The hosts, broken, one place a fault; those that are up already."""
    new = _hosts.up([faults()[name] for name in FAULTS], DEFAULT_SUITE)
    _ways.prepare(new)
    _hosts.break_hosts(new)
    up = {place.fault.name: place for place in _hosts.places()}
    return [up[name] for name in FAULTS]


def play(way: Way, places: list[Place], playbook: str, *flags: str) -> tuple[int, str, Report]:
    """Exit code, output, and what the report says of each host."""
    folder = STATE_DIR / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    report, inventory = folder / "report.json", folder / "inventory.json"
    report.unlink(missing_ok=True)
    inventory.write_text(json.dumps(_ways.inventory(way, places)), encoding="utf-8")
    core = _machine.core(way.core)
    environment = {
        **os.environ,
        "PATH": "%s:%s" % (core, os.environ["PATH"]),
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_PIPELINING": str(way.pipelining),
        "ANSIBLE_NOCOLOR": "1",
    }
    done = subprocess.run(
        [core / "ansible-playbook", ROOT / playbook, "-i", inventory, "-e", "fix_502_report_dir=%s" % folder, *flags],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    with (folder / "log").open("a", encoding="utf-8") as log:
        log.write("=== %s: %s %s\n%s" % (way, playbook, " ".join(flags), done.stdout))
    return done.returncode, done.stdout, json.loads(report.read_text())["hosts"] if report.exists() else {}


def causes(place: Place) -> list[str]:
    """What is broken at a place, all of which a run has to cure."""
    expect = place.fault.expect
    return [expect["cause"], *(one["cause"] for one in expect.get("also", []))]


def snapshots(places: Iterable[Place]) -> dict[str, Any]:
    return {host: _snapshot.take(host) for place in places for host in place.names()}


def unlike(seen: Iterable[tuple[str, Any, Any]]) -> list[str]:
    return ["%s %s, not %s" % (what, was, wanted) for what, was, wanted in seen if was != wanted]


def said_of(place: Place, hosts: Report) -> tuple[str, list[str]]:
    """The status that a report gives the proxy of a place, and the causes that it says are cured there."""
    host = hosts.get(place.host(place.proxy), {"status": "not reported", "findings": []})
    return host["status"], [one["cause"] for one in host["findings"] if one["outcome"] == "fixed"]


def trial(way: Way, places: list[Place]) -> Results:
    """What one way was seen to do to each fault; `wrong` is empty where that is all that it has to."""
    if way.python:
        _ways.lay_python(way.python, places)
    before = snapshots(places)
    broken = [_hosts.ask(place) for place in places]
    predicted = play(way, places, "fix_502.yml", "--check", "--diff")
    untouched = snapshots(places)
    cured = play(way, places, "fix_502.yml")
    answers = [_hosts.ask(place) for place in places]
    undone = play(way, places, "playbooks/rollback_502.yml")
    results = []
    for number, place in enumerate(places):
        differences = [line for host in place.names() for line in _snapshot.differences(before[host], untouched[host])]
        seen: list[tuple[str, Any, Any]] = [
            ("broken, it answers", broken[number], 502),
            ("the dry run ends with", predicted[0], 0),
            ("and says", said_of(place, predicted[2])[0], "would_fix"),
            ("it changes", differences, []),
            ("the run ends with", cured[0], 0),
            ("and says", said_of(place, cured[2]), ("fixed", causes(place))),
            ("then it answers", answers[number], 200),
            ("the rollback ends with", undone[0], 0),
            ("then it answers", _hosts.ask(place), 502),
        ]
        results.append(_result(way, place, unlike(seen), door=way.doors[number] if way.doors else ""))
    return results


def without_python(places: list[Place]) -> Results:
    """What a run says of a host that has no Python and leaves as it is, while it cures the others."""
    way, (bare, other) = Way(list(_machine.CORES)[-1]), places
    host = bare.host(bare.proxy)
    _hosts.run_in(host, HIDE)
    try:
        before = _hosts.run_in(host, DIGEST).stdout
        code, _output, hosts = play(way, places, "fix_502.yml")
        after = _hosts.run_in(host, DIGEST).stdout
    finally:
        _hosts.run_in(host, SHOW)
    answers = _hosts.ask(other)
    undone, _output, _none = play(way, [other], "playbooks/rollback_502.yml")
    said = hosts.get(host, {}).get("why", "")
    seen: list[tuple[str, Any, Any]] = [
        ("the run ends with", code, 2),
        ("of the host it says", said_of(bare, hosts)[0], "failed"),
        ("it says that there is no Python:", "no Python" in said, True),
        ("it changes", after, before),
        ("of the others it says", said_of(other, hosts), ("fixed", causes(other))),
        ("they answer", answers, 200),
        ("their rollback ends with", undone, 0),
    ]
    return [_result(way, other, unlike(seen), said=said)]


def _result(way: Way, place: Place, wrong: list[str], door: str = "", said: str = "") -> dict[str, Any]:
    what = {"core": way.core, "pipelining": way.pipelining, "door": door, "python": way.python}
    return {**what, "fault": place.fault.name, "causes": len(causes(place)), "wrong": "; ".join(wrong), "said": said}


def tried(name: str, look: Callable[[list[Place]], Results]) -> Results:
    """The results of one way; none where this machine has not what it needs."""
    try:
        results = look(booted())
    except _machine.Missing as missing:
        print("%s: not run: %s" % (name, missing), flush=True)
        return []
    wrong = [one["wrong"] for one in results if one["wrong"]]
    print("%s: %s" % (name, "; ".join(wrong) or "as wanted"), flush=True)
    _figures.keep(results)
    if wrong:
        # Nobody knows in what state these hosts are.
        _hosts.down([])
    return results


def main(words: list[str]) -> int:
    _podman.configure()
    results: Results = []
    try:
        for way in WAYS:
            if set(words) <= set(str(way).split()):
                results += tried(str(way), functools.partial(trial, way))
        if not words or words == [NO_PYTHON]:
            results += tried(NO_PYTHON, without_python)
    finally:
        _hosts.down([])
    return 1 if not results or any(one["wrong"] for one in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
