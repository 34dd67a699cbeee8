# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool that several proxies ask gets settings that suit them all: one step for all findings, not one that undoes the other."""

from __future__ import annotations

import copy
import importlib.util
import pathlib

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import judge
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import KINDS, plan

_spec = importlib.util.spec_from_file_location("several_facts", pathlib.Path(__file__).parent / "facts.py")
facts = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(facts)


@pytest.fixture
def two_proxies():
    case = facts.case_facts(facts.load(facts.CASES / "fpm_allowed_clients" / "fires_loopback_only.yml"))
    other = copy.deepcopy(case["web"])
    other["system"]["addresses"] = ["10.89.51.13", "127.0.0.1"]
    other["reach"][0]["tried"][0]["source"] = "10.89.51.13"
    return {**case, "web2": other}


def test_all_proxies_are_allowed_at_once(two_proxies):
    fleet = Fleet(two_proxies)
    findings = judge(fleet)
    assert {(finding.cause, finding.seen_from) for finding in findings} == {
        ("fpm_allowed_clients", "web"),
        ("fpm_allowed_clients", "web2"),
    }
    judged, steps = plan(findings, fleet, KINDS, "run", {})
    assert [step.variables["php_fpm_settings"] for step in steps] == [
        {"listen.allowed_clients": "127.0.0.1,10.89.51.11,10.89.51.13"}
    ]
    assert {one.step for one in judged} == {steps[0].id}
    assert {entry["host"] for entry in steps[0].variables["php_fpm_proof"]} == {"web", "web2"}
