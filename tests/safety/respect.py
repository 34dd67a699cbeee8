# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an admin does not want is not done: units, files and kinds of change that a run has to leave alone; two runs at once; a change that nobody confirms;
a cure that is needed again and again; others who are at work."""

from collections.abc import Callable
from functools import partial
from typing import Any

from _left_alone import REBOOTS, rebooted, unconfirmed
from _over_time import RETURNS, over_time
from _play import Keep
from _repeats import comes_back, does_not_last, two_at_once
from _rows import Results, Rows, failed, yes_or
from _wills import CASES, of_case

#: A fault, and what brings it back.
STOPPED = ("php_fpm_stopped", "systemctl stop php$PHP-fpm")


def run(only: str, keep: Keep) -> None:
    more: list[tuple[str, Callable[[], dict[str, Any]]]] = [
        ("two runs at once", two_at_once),
        ("does not last", lambda: does_not_last(*STOPPED)),
        ("comes back after each cure", lambda: comes_back(*STOPPED)),
        *((one.title, partial(over_time, one, *STOPPED)) for one in RETURNS),
        (
            "unconfirmed file",
            lambda: unconfirmed("nginx_worker_connections", "nginx_limits_confirm_within", "Prove that it helped"),
        ),
        (
            "unconfirmed opening",
            lambda: unconfirmed("firewall_reject", "firewall_port_confirm_within", "Prove that it helped"),
        ),
    ]
    more += [("reboot: %s" % fault, partial(rebooted, fault, *REBOOTS[fault])) for fault in REBOOTS]
    todo = [(case.title, lambda case=case: of_case(case)) for case in CASES] + more
    for title, function in todo:
        if only in title:
            result = function()
            keep(result)
            print(
                "%s: %s" % (result["title"], "; ".join(result["said"])),
                *["  WRONG: " + line for line in result["wrong"]],
                sep="\n",
                flush=True,
            )


def rows(results: Results) -> Rows:
    seen = [[one["title"], "; ".join(one["said"]) or "-", yes_or(one["wrong"])] for one in results]
    return Rows(["case", "the run says", "respected"], seen)


def summary(results: Results) -> str:
    return "%d things to respect: %d not respected" % (len(results), failed(results))
