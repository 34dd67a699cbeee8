# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays that take turns on lab hosts, so that all meet the same machine: what counts is the ratio of their medians."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import typing as t

import yaml
from figures import RUNS, TOP, FirstAnswer, Row, address, in_words, lab, seconds_of

WELL, STOPPED = "healthy-web", "php-fpm-stopped-web"
FRONT, BEHIND = "firewall-reject-web", "firewall-reject-app"
FAULTS = ("healthy", "php_fpm_stopped", "firewall_reject")
FLEET, BROKEN_ALIKE = 40, 20
#: Of plays of a fleet, which take minutes: one in each round.
RUNS_OF_FLEET = 1
#: What a run leaves on a host, and what a fault breaks there.
FORGET = "rm -rf /var/lib/bad_gateway"
STOP = "systemctl stop 'php*-fpm.service'; " + FORGET
CLOSE = "rm -f /etc/firewalld/zones/public.xml*; firewall-cmd -q --reload; " + FORGET

GATHER, STOCK = "tests/bench/gather_facts.yml", "tests/bench/stock_modules.yml"
DIAGNOSE, CURE = "playbooks/diagnose_502.yml", "fix_502.yml"


class Play(t.NamedTuple):
    """A play that is timed on hosts.

    breaks: a command that breaks some of them before each run; warm: whether a run that does not count goes before; flags: of ansible-playbook;
    env: of its environment.
    """

    play: str
    hosts: tuple[str, ...]
    broken: tuple[str, ...] = ()
    breaks: str = ""
    runs: int = RUNS
    warm: bool = True
    flags: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()


FIRST = "a stopped PHP-FPM, to the first 200"
SLOW = ", 10 Mbit/s and 50 ms away"
OF_FLEET = " of %d hosts" % FLEET
OF_BROKEN = " of %d hosts" % BROKEN_ALIKE
#: What one may take at most, as a share of another; None: the floor, that which no play goes below.
WANTED: tuple[tuple[str, str, float | None], ...] = (
    ("ping", "gathering facts", None),
    ("diagnose_502", "gathering facts", 0.75),
    ("diagnose_502", "stock modules", 0.15),
    (FIRST, "gathering facts", 1.6),
    ("a stopped PHP-FPM", "gathering facts", 2.5),
    ("a firewall on the backend", "gathering facts of 2 hosts", 3.5),
    ("ping" + SLOW, "gathering facts" + SLOW, None),
    ("diagnose_502" + SLOW, "gathering facts" + SLOW, 0.75),
    ("diagnose_502" + SLOW, "stock modules" + SLOW, 0.15),
    ("ping" + OF_FLEET, "gathering facts" + OF_FLEET, None),
    ("diagnose_502" + OF_FLEET, "gathering facts" + OF_FLEET, 1.0),
    ("diagnose_502" + OF_FLEET, "stock modules" + OF_FLEET, 0.12),
    ("a stopped PHP-FPM" + OF_BROKEN, "gathering facts" + OF_BROKEN, 5.0),
)


def fleet() -> list[str]:
    """Faults of one host each, which is well as long as nobody breaks it, and has the programs of all others."""
    files = sorted((TOP / "tests" / "lab" / "faults").glob("*.yml"))
    known = {file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in files}
    special = {"podman_args", "packages"}
    alike = [name for name, fault in known.items() if fault["topology"] == "single" and special.isdisjoint(fault)]
    return [name for name in alike if name not in FAULTS][:FLEET]


def few() -> dict[str, Play]:
    """Plays of one host or two."""
    return {
        "ping": Play("tests/bench/ping.yml", (WELL,)),
        "gathering facts": Play(GATHER, (WELL,)),
        "stock modules": Play(STOCK, (WELL,)),
        "diagnose_502": Play(DIAGNOSE, (WELL,)),
        "a stopped PHP-FPM": Play(CURE, (STOPPED,), (STOPPED,), STOP),
        "gathering facts of 2 hosts": Play(GATHER, (FRONT, BEHIND)),
        "a firewall on the backend": Play(CURE, (FRONT, BEHIND), (BEHIND,), CLOSE),
    }


#: Those of few() that change nothing.
LOOKS = ("ping", "gathering facts", "stock modules", "diagnose_502")


def far() -> dict[str, Play]:
    """Plays of a host behind a slow line."""
    line = "%s %s/tests/bench/slow_line.py %%h %%p" % (sys.executable, TOP)
    env = (("ANSIBLE_SSH_EXTRA_ARGS", "-o ProxyCommand='%s'" % line),)
    return {name + SLOW: few()[name]._replace(env=env) for name in LOOKS}


def many() -> dict[str, Play]:
    """Plays of a fleet."""
    hosts = tuple(name.replace("_", "-") + "-web" for name in fleet())
    return {
        # Stock modules take minutes and keep nothing from one run to the next.
        name + OF_FLEET: few()[name]._replace(hosts=hosts, runs=RUNS_OF_FLEET, warm=name != "stock modules")
        for name in LOOKS
    }


def alike() -> dict[str, Play]:
    """Plays of hosts that are broken alike."""
    hosts = next(iter(many().values())).hosts[:BROKEN_ALIKE]
    return {
        "gathering facts" + OF_BROKEN: Play(GATHER, hosts, runs=RUNS_OF_FLEET),
        "a stopped PHP-FPM" + OF_BROKEN: Play(CURE, hosts, hosts, STOP, RUNS_OF_FLEET),
    }


def settings(play: Play, control_path: str) -> dict[str, str]:
    """Of Ansible's environment. control_path: where connections are kept, for a slow line must not share those of a quick one."""
    return {"ANSIBLE_FORKS": "20", "ANSIBLE_SSH_CONTROL_PATH_DIR": control_path, **dict(play.env)}


def timed(name: str, play: Play, inventory: str, taken: dict[str, list[float]]) -> None:
    """One run of a play, and how long it took; of a stopped PHP-FPM also the seconds to the first good answer."""
    for host in play.broken:
        lab("shell", host, play.breaks)
    stopped = play.broken if play.breaks == STOP else ()
    visitors = [FirstAnswer("http://%s/index.php" % address(inventory, host)) for host in stopped]
    limit = ("--limit", ",".join(play.hosts))
    with tempfile.TemporaryDirectory() as control_path:
        started = time.monotonic()
        for visitor in visitors:
            visitor.start()
        command = ["ansible-playbook", play.play, "-i", inventory, *limit, *play.flags]
        took = seconds_of(*command, settings=settings(play, control_path))
    taken.setdefault(name, []).append(took)
    for visitor in visitors:
        visitor.waited_for = False
        visitor.join()
        if visitor.at is None:
            raise RuntimeError("%s was not cured: no 200 was seen" % visitor.url)
        if play.hosts == (STOPPED,):
            taken.setdefault(FIRST, []).append(visitor.at - started)


def measure(inventory: str, *groups: dict[str, Play]) -> list[Row]:
    """Each play's median, and the ratios that are wanted. The plays of a group take turns."""
    taken: dict[str, list[float]] = {}
    for plays in groups:
        for name, play in plays.items():
            if play.warm:
                timed(name, play, inventory, {})
        for run in range(RUNS):
            for name, play in plays.items():
                if run < play.runs:
                    timed(name, play, inventory, taken)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    rows = [Row(name, in_words(times)) for name, times in taken.items()]
    for name, other, wanted in WANTED:
        if name in medians:
            figures = "%.2f s \u00f7 %.2f s" % (medians[name], medians[other])
            rows.append(Row("%s \u00f7 %s" % (name, other), figures, medians[name] / medians[other], wanted))
    return rows
