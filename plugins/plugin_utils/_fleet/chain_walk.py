# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways that a packet can take through the chains of a firewall, walked as the kernel would.

A test that cannot be judged (an extension, an interface that is not known) is taken both ways.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import HOOKS, WAY_OUT, WAY_THROUGH
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.packet import Packet, applies

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import Chain


class End(t.NamedTuple):
    """One way that the walk through a chain can end: accept | drop | reject | divert | unknown, or "" for back to the caller.

    position is that of the rule in the chain; None: a policy, or the end of the chain.
    """

    action: str
    chain: str
    position: int | None


def ends_of(chains: t.Mapping[str, Chain], packet: Packet) -> dict[str, End]:
    """How the packet may end, by action. Of refusals the first chain counts, of chains that accept it the last."""
    hooks = WAY_OUT if packet.leaves else WAY_THROUGH if packet.passes else HOOKS[-1:] if packet.diverted else HOOKS
    bases = [
        (hooks.index(chain["hook"]), chain["priority"], name)
        for name, chain in chains.items()
        if chain["hook"] in hooks and chain["family"] in ("inet", "netdev", packet.family)
    ]
    walk = _Walk(chains, packet)
    found: dict[str, End] = {}
    for _hook, _priority, name in sorted(bases, key=lambda base: base[:2]):
        ends = walk.base(name)
        for end in ends:
            if end.action == "accept" or end.action not in found:
                found[end.action] = end
        if not any(end.action == "accept" for end in ends):
            # Nothing gets past this chain, so that what stands behind it does not matter.
            found.pop("accept", None)
            break
    return found


class _Walk:
    """Chains walked for one packet; each chain once, whoever jumps to it."""

    def __init__(self, chains: t.Mapping[str, Chain], packet: Packet) -> None:
        self.chains = chains
        self.packet = packet
        self.done: dict[str, set[End]] = {}

    def base(self, name: str) -> list[End]:
        """The ways that a base chain ends; falling off its end or returning from it is its policy."""
        policy = self.chains[name]["policy"] or "accept"
        return [End(policy, name, None) if end.action == "" else end for end in sorted(self.chain(name), key=repr)]

    def chain(self, name: str) -> set[End]:
        """The ways that any chain ends."""
        if name not in self.chains:
            # Left out because it holds no rule about TCP.
            return {End("", name, None)}
        if name not in self.done:
            # A loop cannot be in force; this ends one in facts that are not sound.
            self.done[name] = {End("unknown", name, None)}
            self.done[name] = self._rules(name)
        return self.done[name]

    def _rules(self, name: str) -> set[End]:
        ends: set[End] = set()
        for index, rule in enumerate(self.chains[name]["rules"]):
            fits = applies(rule, self.packet)
            if fits is False:
                continue
            outcome = self._outcome(rule["verdict"], name, index)
            # A jump that comes back goes on with the next rule of this chain.
            onward = End("", "", index) in outcome
            ends |= outcome - {End("", "", index)}
            if fits and not onward:
                return ends
        return ends | {End("", name, None)}

    def _outcome(self, verdict: str, name: str, index: int) -> set[End]:
        kind, _blank, target = verdict.partition(" ")
        if kind == "jump":
            return {End("", "", index) if end.action == "" else end for end in self.chain(target)}
        if kind == "goto":
            return {End("", name, None) if end.action == "" else end for end in self.chain(target)}
        if kind == "return":
            return {End("", name, None)}
        return {End(kind.partition(":")[0], name, index)}
