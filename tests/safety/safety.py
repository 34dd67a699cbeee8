# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proof that a run makes nothing worse, on hosts of the lab. Writes its figures into docs/safety.md.

safety.py killed          runs that are cut off half-way
safety.py lost            what visitors of a site that is well lose meanwhile
safety.py back            fix, then roll back
safety.py home            fix, roll back, and run the tasks that the report gives
safety.py lasts           fix, then reloads, restarts, packages that are set up again, a reboot
safety.py respect         what a run has to leave alone
safety.py bounded         hosts on which something hangs, is full or is huge
safety.py leaks           a host full of secrets
safety.py hostile         site users, colleagues and visitors against a run
safety.py alone           each role by itself, with its documented variables
safety.py doors           the ways that a run may come to its hosts
safety.py firewalls       each firewall tool in charge, alone and beside another
safety.py                 all of them
"""

import argparse
import sys
from typing import Any

import _world
import alone
import back
import bounded
import doors
import figures
import firewalls
import home
import hostile
import killed
import lasts
import leaks
import lost
import respect
from _play import Keep

BY_CASE = {
    "respect": respect.run,
    "bounded": bounded.run,
    "leaks": leaks.run,
    "hostile": hostile.run,
    "alone": alone.run,
    "doors": doors.run,
    "firewalls": firewalls.run,
}


def _run(harness: str, args: argparse.Namespace, keep: Keep) -> None:
    if harness == "killed":
        killed.run(args.fault, args.moments, args.moment, args.lanes, keep)
    elif harness == "lost":
        lost.run(args.fault, keep)
    elif harness == "back":
        back.run(args.fault, keep)
    elif harness == "home":
        home.run(args.fault, keep)
    elif harness == "lasts":
        lasts.run(args.fault, keep)
    else:
        BY_CASE[harness](args.case, keep)


def _one(harness: str, args: argparse.Namespace) -> tuple[bool, str]:
    """Whether all of this run is well, and what is to be said of it."""
    results: list[dict[str, Any]] = []

    def keep(result: dict[str, Any]) -> None:
        results.append(result)
        figures.keep(harness, result)

    _run(harness, args, keep)
    well = all(
        result["cured"] and not lost.lost(result) if harness == "lost" else not result["wrong"] for result in results
    )
    return well, figures.HARNESSES[harness].summary(results)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "harness", nargs="*", metavar="HARNESS", help="of %s; all without" % ", ".join(figures.HARNESSES)
    )
    parser.add_argument("--fault", action="append", default=[], help="only this fault; may be given more than once")
    parser.add_argument(
        "--case", default="", help="only the cases of %s whose title has this in it" % ", ".join(BY_CASE)
    )
    parser.add_argument(
        "--moments", type=int, default=6, help="moments at which the run of each remedy is cut off (%(default)s)"
    )
    parser.add_argument(
        "--moment",
        action="append",
        type=int,
        default=[],
        help="only this one of them, from 0 on; may be given more than once",
    )
    parser.add_argument("--lanes", type=int, default=2, help="remedies that are cut off at once (%(default)s)")
    args = parser.parse_args()
    _world.prepare()
    ends = [_one(harness, args) for harness in args.harness or figures.HARNESSES]
    for _well, words in ends:
        print("safety: " + words)
    return 0 if all(well for well, _words in ends) else 1


if __name__ == "__main__":
    sys.exit(main())
