# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packet filter of a host: which tool is in charge of it, and the rules that a connection to or from this host meets.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Dict, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import firewalld
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.in_force import chains_in_force
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.managers import manager_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.opening import Seen
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import reduced
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.tools import TOOLS, tools_in_charge
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.boot import BootFile
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.firewalld import Zone
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import Rules

    class FirewallFacts(TypedDict):
        """The packet filter of a host."""

        tool: str  # one of TOOLS (tools.py), the one that an opening has to go to, or none
        beside: List[str]  # further ones that are in charge as well: what they refuse, they have to open
        active: bool
        manager: Optional[str]  # one of MANAGERS (managers.py), which writes all rules anew from its own files
        default_zone: Optional[str]  # firewalld only
        zones: Dict[str, Zone]  # firewalld only
        rules: Rules
        boot: Optional[
            List[BootFile]
        ]  # files that rules may be loaded from at boot; None: not known, or the tool sees to it


def firewall_facts(host: Host, processes: Processes) -> "Optional[FirewallFacts]":
    """The packet filter of this host; None where the rules cannot be read."""
    chains = chains_in_force(host)
    if chains is None:
        return None
    # A zone that lets nothing in has no rules, and what leads to it is left out below.
    bound, default = firewalld.zones(host, chains), firewalld.default_zone(host, chains)
    manager = manager_of(host, chains)
    rules = reduced(chains)
    tool, *beside = tools_in_charge(Seen(host, processes, rules["chains"])) or ["none"]
    facts: "FirewallFacts" = {
        "tool": tool,
        "beside": beside,
        "active": tool != "none",
        "manager": manager,
        "default_zone": None,
        "zones": {},
        "rules": rules,
        "boot": TOOLS[tool].boot(host) if tool in TOOLS else None,
    }
    if "firewalld" in (tool, *beside):
        facts["zones"], facts["default_zone"] = bound, default
    return facts
