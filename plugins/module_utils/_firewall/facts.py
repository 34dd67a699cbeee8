# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packet filter of a host: which tool owns it, and the rules that a connection to this host meets.

The kernel is asked first, so that a host without rules costs no command at all. firewalld is never asked (its client takes long to start):
what it made of its zones stands in the kernel. The form of the rules is told in rules.py.

Private to this collection: it may change in any release.
"""

import json
import re
from typing import TYPE_CHECKING, Dict, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import iptables, nft
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import rules as firewall_rules
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import Chain, Rule, Rules

    class Zone(TypedDict):
        """What one zone of firewalld serves, and what it does with packets that none of its rules fits."""

        interfaces: List[str]
        sources: List[str]
        target: str  # default | ACCEPT | DROP | REJECT

    class FirewallFacts(TypedDict):
        """The packet filter of a host."""

        tool: str  # firewalld | ufw | nftables | iptables | none: the one that an opening has to go to
        active: bool
        manager: Optional[str]  # csf | shorewall | ferm | imunify360 | plesk: writes all rules anew from its own files
        default_zone: Optional[str]  # firewalld only
        zones: Dict[str, Zone]  # firewalld only
        rules: Rules


# iptables keeps its rules in these tables, also where it writes them by way of nftables.
IPTABLES_TABLES = ("filter", "nat", "mangle", "raw", "security")
SAVES = (
    ("ip", "iptables-save", "iptables-legacy-save", "/proc/net/ip_tables_names"),
    ("ip6", "ip6tables-save", "ip6tables-legacy-save", "/proc/net/ip6_tables_names"),
)
# Programs that write all rules anew from files of their own: an opening made beside them would be lost.
MANAGERS = (
    ("csf", "/etc/csf/csf.conf"),
    ("shorewall", "/etc/shorewall/shorewall.conf"),
    ("ferm", "/etc/ferm/ferm.conf"),
    ("imunify360", "/etc/sysconfig/imunify360/imunify360.config"),
    ("plesk", "/usr/local/psa/var/modules/firewall/firewall-active.sh"),
)
_ZONE_CHAIN = re.compile(r"(?:filter_)?IN_(?!policy_)(.+)$")
#: Where firewalld shares out what comes in: INPUT_ZONES, in 2.x INPUT_POLICIES.
_ZONES_CHAIN = re.compile(r"(?:filter_)?INPUT_(?:ZONES|POLICIES$)")


def firewall_facts(host: Host, processes: Processes) -> "Optional[FirewallFacts]":
    """The packet filter of this host; None where the rules cannot be read."""
    chains = _in_force(host)
    if chains is None:
        return None
    # A zone that lets nothing in has no rules, and what leads to it is left out below.
    bound, default = zones(host, chains), _default_zone(host, chains)
    rules = firewall_rules.reduced(chains)
    tool = _owner(host, processes, rules["chains"])
    facts: "FirewallFacts" = {
        "tool": tool,
        "active": tool != "none",
        "manager": _manager(host),
        "default_zone": None,
        "zones": {},
        "rules": rules,
    }
    if tool == "firewalld":
        facts["zones"], facts["default_zone"] = bound, default
    return facts


def _in_force(host: Host) -> "Optional[Dict[str, Chain]]":
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
    chains = nft.chains_of(listing)
    for family, save, _legacy, _names in SAVES:
        if any(chain["family"] == family and chain["table"] in IPTABLES_TABLES for chain in chains.values()):
            _as_iptables_says(host, chains, family, save)
    return chains


def _as_iptables_says(host: Host, chains: "Dict[str, Chain]", family: str, save: str) -> None:
    """Put iptables' own words in place of nft's, which cannot tell all its extensions. Tables that are nft's own stay."""
    if not host.which(save):
        return
    ran = host.run([save], timeout=20.0)
    if ran.code == 0:
        better = iptables.chains_of(ran.out, family)
        tables = {chain["table"] for chain in better.values()}
        for name in [name for name, chain in chains.items() if chain["family"] == family and chain["table"] in tables]:
            del chains[name]
        chains.update((name, chain) for name, chain in better.items() if chain["table"] in tables)


def _without_nft(host: Host) -> "Optional[Dict[str, Chain]]":
    """A host that has iptables but not nft: then iptables is likely the only one that made rules."""
    chains: "Dict[str, Chain]" = {}
    for family, save, _legacy, _names in SAVES:
        ran = host.run([save], timeout=20.0)
        if ran.code != 0 or iptables.incompatible(ran.out):
            host.unseen(
                "firewall",
                "there are nftables rules, but neither nft nor %s can list them: %s"
                % (save, ran.error or ran.err.strip()),
            )
            return None
        chains.update(iptables.chains_of(ran.out, family))
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
            chains.update(iptables.chains_of(ran.out, family, "/legacy"))
    return True


def _owner(host: Host, processes: Processes, chains: "Dict[str, Chain]") -> str:
    """The tool that an opening has to go to, so that it lasts."""
    if processes.find(name="firewalld$") or processes.find(title=r"\S*python\S* (-\S+ )*/usr/s?bin/firewalld"):
        return "firewalld"
    if any(chain["name"].startswith("ufw-") for chain in chains.values()) and _ufw_enabled(host):
        return "ufw"
    filtering = [chain for chain in chains.values() if chain["hook"] == "input" or chain["table"] == "filter"]
    native = [chain for chain in filtering if chain["syntax"] == "nft" and not chain["table"].startswith("f2b-")]
    if native:
        return "nftables"
    return "iptables" if filtering else "none"


def _ufw_enabled(host: Host) -> bool:
    return (
        re.search(r"^\s*ENABLED\s*=\s*[\"']?yes", host.read("/etc/ufw/ufw.conf") or "", re.MULTILINE | re.IGNORECASE)
        is not None
    )


def _manager(host: Host) -> Optional[str]:
    return next((name for name, path in MANAGERS if host.exists(path)), None)


def zones(host: Host, chains: "Dict[str, Chain]") -> "Dict[str, Zone]":
    """firewalld's zones that are in use: their interfaces and sources as in force, their target as written in their files."""
    found: "Dict[str, Zone]" = {}
    for chain in chains.values():
        if _ZONES_CHAIN.match(chain["name"]):
            for item in chain["rules"]:
                _bind_zone(found, item)
    for name, zone in found.items():
        text = (
            host.read("/etc/firewalld/zones/%s.xml" % name) or host.read("/usr/lib/firewalld/zones/%s.xml" % name) or ""
        )
        target = re.search(r"<zone\b[^>]*\btarget=\"([^\"]+)\"", text)
        zone["target"] = target.group(1).strip("%") if target else "default"
    return found


def _bind_zone(found: "Dict[str, Zone]", item: "Rule") -> None:
    target = firewall_rules.target_of(item["verdict"])
    zone = _ZONE_CHAIN.match(target.split(" ")[2]) if target else None
    if zone:
        entry = found.setdefault(zone.group(1), {"interfaces": [], "sources": [], "target": "default"})
        for part in item["tests"]:
            bound = {"iif": entry["interfaces"], "saddr": entry["sources"]}.get(part["field"])
            if bound is not None:
                bound += [value for value in part["values"] if value not in bound]


def _default_zone(host: Host, chains: "Dict[str, Chain]") -> str:
    """Where all that no other zone claims goes: the last zone that the chain that shares it out leads to, else what the file says."""
    for chain in chains.values():
        if _ZONES_CHAIN.match(chain["name"]):
            targets = [firewall_rules.target_of(item["verdict"]) for item in chain["rules"] if not item["tests"]]
            found = [_ZONE_CHAIN.match(target.split(" ")[2]) for target in targets if target]
            names = [zone.group(1) for zone in found if zone]
            if names:
                return names[-1]
    written = re.search(r"^DefaultZone=(\S+)", host.read("/etc/firewalld/firewalld.conf") or "", re.MULTILINE)
    return written.group(1) if written else "public"
