# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that the kernel has in force, as nft and iptables list them.

The kernel is asked first, so that a host without rules costs no command at all.

Private to this collection: it may change in any release.
"""

import json
from typing import TYPE_CHECKING, Dict, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import iptables_listing, nft_listing
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import Chain

# iptables keeps its rules in these tables, also where it writes them by way of nftables.
IPTABLES_TABLES = ("filter", "nat", "mangle", "raw", "security")
SAVES = (
    ("ip", "iptables-save", "iptables-legacy-save", "/proc/net/ip_tables_names"),
    ("ip6", "ip6tables-save", "ip6tables-legacy-save", "/proc/net/ip6_tables_names"),
)


def chains_in_force(host: Host) -> "Optional[Dict[str, Chain]]":
    """All chains by their ID, with all their rules; None where they cannot be read."""
    legacy = [family for family, _save, _legacy, names in SAVES if (host.read(names) or "").strip()]
    try:
        chains = _nft_chains(host) if netlink.has_nft_base_chains() else {}
    except AttributeError:
        # No netlink: not Linux. pf and the application firewall of macOS are not looked into.
        host.unseen("firewall", "only Linux's packet filters can be read")
        return None
    except OSError as error:
        host.unseen("firewall", "nftables: %s" % error.strerror)
        return None
    return chains if chains is not None and _add_legacy(host, chains, legacy) else None


def _nft_chains(host: Host) -> "Optional[Dict[str, Chain]]":
    """The chains that nft lists, those of iptables as iptables itself puts them."""
    if not host.which("nft"):
        return _without_nft(host)
    ran = host.run(["nft", "-j", "list", "ruleset"], timeout=20.0)
    try:
        listing = json.loads(ran.out) if ran.code == 0 else None
    except ValueError as error:
        host.unseen("firewall", "nft -j list ruleset: %s" % error)
        return None
    if listing is None:
        host.unseen("firewall", ran.error or ran.err.strip() or "nft -j list ruleset exits with %s" % ran.code)
        return None
    chains = nft_listing.chains_of(listing)
    for family, save, _legacy, _names in SAVES:
        if any(chain["family"] == family and chain["table"] in IPTABLES_TABLES for chain in chains.values()):
            _as_iptables_says(host, chains, family, save)
    return chains


def _as_iptables_says(host: Host, chains: "Dict[str, Chain]", family: str, save: str) -> None:
    """Put iptables' own words in place of nft's, which cannot show all its extensions. Tables that are nft's own stay."""
    if not host.which(save):
        return
    ran = host.run([save], timeout=20.0)
    if ran.code == 0:
        better = _chains_of(host, ran.out, family)
        tables = {chain["table"] for chain in better.values()}
        for name in [name for name, chain in chains.items() if chain["family"] == family and chain["table"] in tables]:
            del chains[name]
        chains.update((name, chain) for name, chain in better.items() if chain["table"] in tables)


def _without_nft(host: Host) -> "Optional[Dict[str, Chain]]":
    """A host that has iptables but not nft: then iptables is likely the only one that made rules."""
    chains: "Dict[str, Chain]" = {}
    for family, save, _legacy, _names in SAVES:
        ran = host.run([save], timeout=20.0)
        if ran.code != 0 or iptables_listing.incompatible(ran.out):
            host.unseen(
                "firewall",
                "there are nftables rules, but neither nft nor %s can list them: %s"
                % (save, ran.error or ran.err.strip()),
            )
            return None
        chains.update(_chains_of(host, ran.out, family))
    return chains


def _add_legacy(host: Host, chains: "Dict[str, Chain]", families: List[str]) -> bool:
    """Add the rules of iptables' older kernel interface; whether they could be read."""
    for family, save, legacy_save, _names in SAVES:
        if family in families:
            ran = host.run([legacy_save if host.which(legacy_save) else save], timeout=20.0)
            if ran.code != 0:
                host.unseen("firewall", ran.error or ran.err.strip())
                return False
            # Both interfaces may filter, one after the other: neither may hide the other's chains.
            chains.update(_chains_of(host, ran.out, family, "/legacy"))
    return True


def _chains_of(host: Host, saved: str, family: str, kernel: str = "") -> "Dict[str, Chain]":
    """The chains of one save. ipset is asked only where a rule names a set."""
    sets = iptables_listing.sets_of(host.run(["ipset", "save"]).out) if "--match-set" in saved else None
    return iptables_listing.chains_of(saved, family, kernel, sets)
