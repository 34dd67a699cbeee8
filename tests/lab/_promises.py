# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a dry run promises for the hosts of a fault, against what the run does there."""

from collections import Counter
from typing import Any, NamedTuple

from _hosts import Place

HELPED = ("fixed", "relieved")
TRIED = (*HELPED, "undone", "failed")


class Change(NamedTuple):
    """What a report says is changed: for which cause, on which host, by which remedy."""

    cause: str
    on: str
    remedy: str


class Promises(NamedTuple):
    """Changes of one fault: promised and made with success, promised in vain, and made without a promise."""

    kept: list[Change]
    broken: list[Change]
    unforeseen: list[Change]


def compared(dry_run: dict[str, Any], run: dict[str, Any], place: Place) -> Promises:
    """The promises of a fault. A change for a cause that stands behind another was not to be foreseen, unless the dry run named that cause."""
    promised = Counter(_changes(dry_run, place, ("planned",)))
    helped = Counter(_changes(run, place, HELPED))
    tried = Counter(_changes(run, place, TRIED))
    named = {finding["cause"] for finding in _findings(dry_run, place)}
    hidden = {one["cause"] for one in place.fault.expect.get("also", [])} - named
    return Promises(
        kept=list((promised & helped).elements()),
        broken=list((promised - helped).elements()),
        unforeseen=[one for one in (tried - promised).elements() if one.cause not in hidden],
    )


def summary(promises: dict[str, Promises]) -> list[str]:
    """A line that counts, and one for each fault on which dry run and run do not agree."""
    kept = sum(len(one.kept) for one in promises.values())
    promised = kept + sum(len(one.broken) for one in promises.values())
    unforeseen = sum(len(one.unforeseen) for one in promises.values())
    return [
        "%d faults, %d changes promised by the dry run, %d of them made, %d made that were not promised"
        % (len(promises), promised, kept, unforeseen),
        *(
            "%s: in vain %s, not promised %s" % (fault, one.broken, one.unforeseen)
            for fault, one in promises.items()
            if one.broken or one.unforeseen
        ),
    ]


def _findings(report: dict[str, Any], place: Place) -> list[dict[str, Any]]:
    return [finding for host in place.names() for finding in report["hosts"][host]["findings"]]


def _changes(report: dict[str, Any], place: Place, outcomes: tuple[str, ...]) -> list[Change]:
    return [
        Change(one["cause"], one["on"], one["remedy"]) for one in _findings(report, place) if one["outcome"] in outcomes
    ]
