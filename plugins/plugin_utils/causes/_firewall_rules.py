# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that let connections out of a host or through it, in the tool whose rule refuses them.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.firewall_verdict import Verdict

FIREWALLD_OUT = "firewall-cmd --permanent --direct --add-rule %s filter OUTPUT 0 -d %s -p tcp --dport %d -j ACCEPT && firewall-cmd --reload   # on %s"


def let_through(found: Verdict, source: str, to: Address, on: str) -> str:
    """What lets a source through to where the host passes its connections on."""
    if found.tool == "ufw":
        return "ufw route allow proto tcp from %s to %s port %d   # on %s" % (source, to.host, to.port, on)
    if found.tool == "firewalld":
        words = "# let %s through to %s in firewalld of %s: a policy from the zone of the one to that of the other"
        return words % (source, to.bare, on)
    return _rule(found, source, to, on)


def let_out(found: Verdict, to: Address, on: str) -> str:
    """What lets the host itself out to an address."""
    if found.tool == "ufw":
        return "ufw allow out proto tcp to %s port %d   # on %s" % (to.host, to.port, on)
    if found.tool == "firewalld":
        return FIREWALLD_OUT % ("ipv6" if ":" in to.host else "ipv4", to.host, to.port, on)
    return _rule(found, "", to, on)


def _rule(found: Verdict, source: str, to: Address, on: str) -> str:
    """A rule before the one that refuses, in the same chain. source: empty for any."""
    if found.tool == "nftables":
        family = "ip6" if ":" in to.host else "ip"
        tests = ["%s saddr %s" % (family, source)] if source else []
        tests += ["%s daddr %s" % (family, to.host), "tcp dport %d" % to.port]
        words = "nft insert rule %s %s %s %s accept   # on %s, and in the file that it is loaded from"
        return words % (found.family, found.table, found.chain, " ".join(tests), on)
    return "%s -I %s %s-d %s -p tcp --dport %d -j ACCEPT   # on %s; keep it where the host's rules are kept" % (
        "ip6tables" if ":" in to.host else "iptables",
        found.chain,
        "-s %s " % source if source else "",
        to.host,
        to.port,
        on,
    )
