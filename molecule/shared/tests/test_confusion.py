# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cause is named for which fault, over every fault of the scenario: only the diagonal may be filled."""

import os

import _confusion
from _faults import chosen


def named(report, place):
    """The dry run's findings about the fault, whichever of its hosts they stand under."""
    hosts = report("check")["hosts"]
    return [finding for host in place.names() for finding in hosts[host]["findings"]]


def test_every_fault_of_the_scenario_is_in_the_table(confusion):
    wanted = [fault.name for fault in chosen(os.environ["LAB_SETS"].split())]
    assert sorted(confusion.rows) == sorted(wanted)


def test_dry_run_names_only_causes_of_the_fault(report, place):
    assert {finding["cause"] for finding in named(report, place)} <= set(_confusion.expected(place.fault))


def test_diagonal_is_filled(confusion, broken):
    assert broken.fault.cause in confusion.rows[broken.fault.name]


def test_first_named_cause_is_sure(report, broken):
    first = named(report, broken)[0]
    assert first["cause"] == broken.fault.expect["cause"]
    assert first["on"] == broken.host(broken.fault.expect["host"])
    assert _confusion.is_as_sure_as_it_may(first), (first["confidence"], first["evidence"])
