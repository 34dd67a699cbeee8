# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""firewalld: its zones in use, and the opening of a port by rich rules. Ansible's own module (ansible.posix.firewalld) makes it.

firewalld is never asked while a host is looked at (its client takes long to start): what it made of its zones stands in the kernel.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, Dict, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.opening import (
    Found,
    Opening,
    Seen,
    Wanted,
    name,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import target_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.boot import BootFile
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import Chain, Rule

    class Zone(TypedDict):
        """What one zone of firewalld serves, and what it does with packets that none of its rules fits."""

        interfaces: List[str]
        sources: List[str]
        target: str  # default | ACCEPT | DROP | REJECT


SERVICES = ("firewalld",)
REPLACES = False
_ZONE_CHAIN = re.compile(r"(?:filter_)?IN_(?!policy_)(.+)$")
#: What a zone does in parts stands in chains whose names go on.
_PART_OF_ZONE = re.compile(_ZONE_CHAIN.pattern.replace("(.+)$", "(.+?)(?:_(?:pre|log|deny|allow|post))?$"))
_POLICY_CHAIN = re.compile(r"(?:filter_)?IN_policy_(.+?)(?:_(?:pre|log|deny|allow|post))?$")
#: Where firewalld shares out what comes in: INPUT_ZONES, in 2.x INPUT_POLICIES.
_ZONES_CHAIN = re.compile(r"(?:filter_)?INPUT_(?:ZONES|POLICIES$)")


def is_in_charge(seen: Seen) -> bool:
    """Whether firewalld runs."""
    found = seen.processes.find(name="firewalld$")
    found += seen.processes.find(title=r"\S*python\S* (-\S+ )*/usr/s?bin/firewalld")
    return any(not process.disguise("firewalld|python") for process in found)


def made(chain: "Chain", in_charge: bool) -> bool:
    """Whether it is firewalld's: in its own table of nftables, or, where iptables is what it works through, a zone's chain or one that leads there."""
    if chain["syntax"] == "nft":
        return chain["table"] == "firewalld"
    return in_charge and bool(zone_of_chain(chain["name"]) or chain["hook"])


def boot(host: Host) -> "Optional[List[BootFile]]":
    """None: it keeps and loads its rules by itself."""
    return None


def rules(wanted: Wanted) -> List[str]:
    """Rich rules."""
    priority = 'priority="%d" ' % wanted.priority if wanted.priority else ""
    return [
        'rule %sfamily="%s" source address="%s" port port="%d" protocol="tcp" accept'
        % (priority, "ipv6" if ":" in source else "ipv4", source, wanted.port)
        for source in wanted.sources
    ]


def boot_files(wanted: Wanted) -> List[str]:
    """The zone's own file, and the copy that firewalld makes of it before it writes it: an undo makes one too."""
    path = "/etc/firewalld/zones/%s.xml" % name(wanted.zone, "zone")
    return [path, path + ".old"]


def reads(wanted: Wanted) -> List[List[str]]:
    """None: Ansible's module asks firewalld itself."""
    return []


def opening(wanted: Wanted, found: Found) -> Opening:
    return Opening(boot_files(wanted), [], [])


def undo(wanted: Wanted) -> List[List[str]]:
    """The rules go out of force first, and then out of the zone's file."""
    zone = "--zone=" + name(wanted.zone, "zone")
    return [
        command + ["--remove-rich-rule=" + rule]
        for command in (["firewall-cmd", zone], ["firewall-cmd", "--permanent", zone])
        for rule in rules(wanted)
    ]


def zone_of_chain(chain: str) -> Optional[str]:
    """The zone that a chain of this name, or of a part of one, belongs to."""
    zone = _PART_OF_ZONE.match(chain)
    return zone.group(1) if zone else None


def policy_of_chain(chain: str) -> Optional[str]:
    """The policy that a chain of this name, or of a part of one, belongs to."""
    policy = _POLICY_CHAIN.match(chain)
    return policy.group(1) if policy else None


def zones(host: Host, chains: "Dict[str, Chain]") -> "Dict[str, Zone]":
    """The zones that are in use: their interfaces and sources as in force, their target as written in their files."""
    found: "Dict[str, Zone]" = {}
    for chain in chains.values():
        if _ZONES_CHAIN.match(chain["name"]):
            for item in chain["rules"]:
                _bind_zone(found, item)
    for zone_name, zone in found.items():
        zone["target"] = _target(host, zone_name)
    return found


def _bind_zone(found: "Dict[str, Zone]", item: "Rule") -> None:
    target = target_of(item["verdict"])
    zone = _ZONE_CHAIN.match(target.split(" ")[2]) if target else None
    if zone:
        entry = found.setdefault(zone.group(1), {"interfaces": [], "sources": [], "target": "default"})
        for part in item["tests"]:
            bound = {"iif": entry["interfaces"], "saddr": entry["sources"]}.get(part["field"])
            if bound is not None:
                bound += [value for value in part["values"] if value not in bound]


def _target(host: Host, zone: str) -> str:
    own, shipped = ("%s/zones/%s.xml" % (folder, zone) for folder in ("/etc/firewalld", "/usr/lib/firewalld"))
    target = re.search(r"<zone\b[^>]*\btarget=\"([^\"]+)\"", host.read(own) or host.read(shipped) or "")
    return target.group(1).strip("%") if target else "default"


def default_zone(host: Host, chains: "Dict[str, Chain]") -> str:
    """Where all goes that no other zone claims: the last zone that the chain leads to that shares it out, or else what the file says."""
    for chain in chains.values():
        if _ZONES_CHAIN.match(chain["name"]):
            targets = [target_of(item["verdict"]) for item in chain["rules"] if not item["tests"]]
            found = [_ZONE_CHAIN.match(target.split(" ")[2]) for target in targets if target]
            names = [zone.group(1) for zone in found if zone]
            if names:
                return names[-1]
    written = re.search(r"^DefaultZone=(\S+)", host.read("/etc/firewalld/firewalld.conf") or "", re.MULTILINE)
    return written.group(1) if written else "public"
