# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall tools that an opening can go to. A tool is one file beside this one (opening.py says what is in it) and one line here.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Dict, List

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import firewalld, iptables, nftables, ufw
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.opening import Found, Opening, Seen, Wanted

if TYPE_CHECKING:
    from typing import Protocol

    class Tool(Protocol):
        """What the file of a tool has."""

        def is_in_charge(self, seen: Seen) -> bool: ...

        def rules(self, wanted: Wanted) -> List[str]: ...

        def boot_files(self, wanted: Wanted) -> List[str]: ...

        def reads(self, wanted: Wanted) -> List[List[str]]: ...

        def opening(self, wanted: Wanted, found: Found) -> Opening: ...

        def undo(self, wanted: Wanted) -> List[List[str]]: ...


#: In the order in which they are asked whether they are in charge: a tool that works through another comes before it.
TOOLS: "Dict[str, Tool]" = {
    "firewalld": firewalld,
    "ufw": ufw,
    "nftables": nftables,
    "iptables": iptables,
}


def tool_in_charge(seen: Seen) -> str:
    """Name of the tool that an opening has to go to, so that it lasts; "none" where nothing filters."""
    return next((name for name, tool in TOOLS.items() if tool.is_in_charge(seen)), "none")
