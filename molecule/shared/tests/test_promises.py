# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dry run and run agree on every fault of the scenario: none promises what its run can't do, none forbids what it does."""

import os

from _faults import chosen


def test_every_fault_of_the_scenario_is_compared(promises):
    assert sorted(promises) == sorted(fault.name for fault in chosen(os.environ["LAB_SETS"].split()))


def test_what_is_promised_is_done(promises, place):
    assert promises[place.fault.name].broken == []


def test_what_is_not_promised_is_not_done(promises, place):
    assert promises[place.fault.name].unforeseen == []


def test_what_can_be_cured_is_promised(promises, curable):
    assert curable.fault.expect["cause"] in [change.cause for change in promises[curable.fault.name].kept]
