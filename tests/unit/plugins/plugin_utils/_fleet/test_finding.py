# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How sure a finding is, and what makes two of them one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import WEIGHTS, Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import fingerprint
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import finding


@pytest.mark.parametrize(
    "looks,confidence",
    [
        (("log",), 0.5),
        # the same look twice is no surer: its errors are the same
        (("log", "log"), 0.5),
        (("log", "answer"), 0.75),
        (("log", "answer", "probe"), 0.9),
        (("probe", "unit", "answer", "process"), 0.976),
    ],
)
def test_each_kind_of_look_makes_surer(looks, confidence):
    assert finding("c", *looks).confidence == confidence


def test_of_one_kind_the_strongest_counts():
    evidence = (Evidence("config", "weak", 0.2), Evidence("config", "strong"), Evidence("config", "weak too", 0.3))
    assert finding("c", evidence=evidence).confidence == WEIGHTS["config"]


def test_a_look_may_say_nothing_for_sure():
    assert finding("c", evidence=(Evidence("log", "hardly", 0.0),)).confidence == 0.0
    assert finding("c", evidence=()).confidence == 0.0


@given(st.lists(st.sampled_from(sorted(WEIGHTS))), st.sampled_from(sorted(WEIGHTS)))
def test_more_evidence_never_makes_less_sure(looks, one_more):
    evidence = tuple(Evidence(look, "") for look in looks)
    before, after = (
        finding("c", evidence=evidence).confidence,
        finding("c", evidence=(*evidence, Evidence(one_more, ""))).confidence,
    )
    assert 0 <= before <= after <= 1


def test_a_finding_is_the_same_whatever_its_evidence():
    assert finding("c", "log").key == finding("c", "probe").key
    others = [
        finding("d"),
        finding("c", seen_from="web2"),
        finding("c", on="app"),
        finding("c", subject="tcp:10.0.0.3:80"),
    ]
    assert len({one.key for one in [finding("c"), *others]}) == 5


def test_a_change_has_the_same_name_whenever_it_is_the_same():
    assert fingerprint("app", {"a": 1, "b": [2]}) == fingerprint("app", {"b": [2], "a": 1})
    assert (
        len(
            {
                fingerprint("app", {"a": 1}),
                fingerprint("web", {"a": 1}),
                fingerprint("app", {"a": 2}),
                fingerprint("app", {"a": "1"}),
            }
        )
        == 4
    )
    assert fingerprint("app", {"a": {1}}).isalnum()
