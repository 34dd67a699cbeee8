# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays that take turns on lab hosts, so that all meet the same machine: what counts is the ratio of their medians."""

from __future__ import annotations

import statistics
import time
import typing as t

from figures import RUNS, FirstAnswer, Row, address, in_words, lab, seconds

WELL, STOPPED = "healthy-web", "php-fpm-stopped-web"
FRONT, BEHIND = "firewall-reject-web", "firewall-reject-app"
FAULTS = ("healthy", "php_fpm_stopped", "firewall_reject")
#: What a run leaves on a host, and what a fault breaks there.
FORGET = "rm -rf /var/lib/bad_gateway"
STOP = "systemctl stop 'php*-fpm.service'; " + FORGET
CLOSE = "rm -f /etc/firewalld/zones/public.xml*; firewall-cmd -q --reload; " + FORGET

GATHER, DIAGNOSE, CURE = "tests/bench/gather_facts.yml", "playbooks/diagnose_502.yml", "fix_502.yml"


class Play(t.NamedTuple):
    """A play that is timed. broken: a host and the command that breaks it before each run."""

    play: str
    hosts: str
    broken: tuple[str, str] | None = None


PLAYS = {
    "ping": Play("tests/bench/ping.yml", WELL),
    "gathering facts": Play(GATHER, WELL),
    "stock modules": Play("tests/bench/stock_modules.yml", WELL),
    "diagnose_502": Play(DIAGNOSE, WELL),
    "a stopped PHP-FPM": Play(CURE, STOPPED, (STOPPED, STOP)),
    "gathering facts of 2 hosts": Play(GATHER, "%s,%s" % (FRONT, BEHIND)),
    "a firewall on the backend": Play(CURE, "%s,%s" % (FRONT, BEHIND), (BEHIND, CLOSE)),
}
FIRST = "a stopped PHP-FPM, to the first 200"
#: What one may take at most, as a share of another.
WANTED = (
    ("diagnose_502", "gathering facts", 0.75),
    ("diagnose_502", "stock modules", 0.15),
    (FIRST, "gathering facts", 1.6),
    ("a stopped PHP-FPM", "gathering facts", 2.5),
    ("a firewall on the backend", "gathering facts of 2 hosts", 3.5),
)


def timed(name: str, inventory: str, taken: dict[str, list[float]]) -> None:
    """One run of a play; of a stopped PHP-FPM also the seconds to the first good answer."""
    play = PLAYS[name]
    if play.broken:
        lab("shell", *play.broken)
    visitor = FirstAnswer("http://%s/index.php" % address(inventory, STOPPED)) if play.hosts == STOPPED else None
    started = time.monotonic()
    if visitor:
        visitor.start()
    taken.setdefault(name, []).append(seconds(play.play, inventory, play.hosts))
    if visitor:
        visitor.waited_for = False
        visitor.join()
        if visitor.at is None:
            raise RuntimeError("PHP-FPM was not started: no 200 was seen")
        taken.setdefault(FIRST, []).append(visitor.at - started)


def measure(inventory: str) -> list[Row]:
    """Each play's median, and the ratios that are wanted."""
    for name in PLAYS:
        timed(name, inventory, {})
    taken: dict[str, list[float]] = {}
    for _run in range(RUNS):
        for name in PLAYS:
            timed(name, inventory, taken)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    rows = [Row(name, in_words(times)) for name, times in taken.items()]
    for name, other, wanted in WANTED:
        figures = "%.2f s \u00f7 %.2f s" % (medians[name], medians[other])
        rows.append(Row("%s \u00f7 %s" % (name, other), figures, medians[name] / medians[other], wanted))
    return rows
