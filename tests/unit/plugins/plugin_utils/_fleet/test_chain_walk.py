# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains walked for one packet. Real rulesets are walked by firewall_verdict.py."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import chain, rule
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import test as asks
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.chain_walk import ends_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.packet import packet_to

PACKET = packet_to("192.0.2.1", "192.0.2.2", 80)
ALWAYS, NEVER, PERHAPS = [], [asks("dport", ["81"])], [asks("unknown", ["x"])]


def walk(policy="accept", more=None, **chains):
    """How the packet ends in the chains; each is a list of tests and verdicts. `input` is where it comes in."""
    made = {}
    for name, rules in chains.items():
        hook = ("input", 0, policy) if name == "input" else (None, 0, None)
        entry = chain("ip", "filter", name, "nft", *hook)
        entry["rules"] = [rule(tests, verdict, verdict) for tests, verdict in rules]
        made["ip filter " + name] = entry
    return {
        action: (end.chain.split(" ")[2], end.position)
        for action, end in ends_of({**made, **(more or {})}, PACKET).items()
    }


@pytest.mark.parametrize(
    ("rules", "ends"),
    [
        ([], {"accept": ("input", None)}),
        ([(ALWAYS, "drop")], {"drop": ("input", 0)}),
        ([(NEVER, "drop")], {"accept": ("input", None)}),
        ([(PERHAPS, "drop")], {"drop": ("input", 0), "accept": ("input", None)}),
        ([(ALWAYS, "accept"), (ALWAYS, "drop")], {"accept": ("input", 0)}),
        ([(ALWAYS, "return"), (ALWAYS, "drop")], {"accept": ("input", None)}),
        ([(ALWAYS, "reject:tcp-reset")], {"reject": ("input", 0)}),
    ],
)
def test_the_first_rule_that_fits_decides(rules, ends):
    assert walk(input=rules) == ends


def test_a_jump_comes_back_and_a_goto_does_not():
    after = [(ALWAYS, "drop")]
    assert walk(input=[(ALWAYS, "jump ip filter a"), *after], a=[]) == {"drop": ("input", 1)}
    assert walk(input=[(ALWAYS, "goto ip filter a"), *after], a=[]) == {"accept": ("input", None)}
    assert walk(input=[(ALWAYS, "jump ip filter a"), *after], a=[(ALWAYS, "reject:x")]) == {"reject": ("a", 0)}
    assert walk(input=[(ALWAYS, "jump ip filter left_out"), *after]) == {"drop": ("input", 1)}


def test_a_loop_comes_to_an_end():
    ends = walk(policy="drop", input=[(ALWAYS, "jump ip filter a")], a=[(ALWAYS, "jump ip filter a")])
    assert set(ends) == {"unknown"}


def test_what_the_first_chain_lets_through_the_next_may_refuse():
    second = chain("ip", "late", "input", "nft", "input", 10, "drop")
    assert walk(input=[(ALWAYS, "accept")], more={"ip late input": second}) == {"drop": ("input", None)}
    second["policy"] = "accept"
    assert walk(input=[(ALWAYS, "accept")], more={"ip late input": second}) == {"accept": ("input", None)}
