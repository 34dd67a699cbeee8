# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall tools that an opening can go to. A tool is one file beside this one, which has what Tool says, and its name in TOOLS.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Dict, List, Optional, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import firewalld, iptables, nftables, ufw
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.opening import Found, Opening, Seen, Wanted

if TYPE_CHECKING:
    from typing import Protocol

    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.boot import BootFile
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import Chain
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

    class Tool(Protocol):
        """What the file of a tool has.

        All but is_in_charge is pure: the controller calls it too. Whatever of the sources and names can't be put into the tool's words raises
        ValueError with one sentence.
        """

        __name__: str

        @property
        def SERVICES(self) -> Tuple[str, ...]:
            """The services that put its rules in force, without their suffix."""

        @property
        def REPLACES(self) -> bool:
            """Whether an opening takes the place of a refusal of the same address and port, which an undo could not bring back."""

        def is_in_charge(self, seen: Seen) -> bool:
            """Whether an opening has to go to this tool, so that it lasts."""

        def made(self, chain: Chain, in_charge: bool) -> bool:
            """Whether the rules of a chain are this tool's, where none that comes before it in TOOLS has made them."""

        def boot(self, host: Host) -> Optional[List[BootFile]]:
            """The files that its rules may be loaded from at boot; None where it sees to that by itself, or it is not known."""

        def rules(self, wanted: Wanted) -> List[str]:
            """The opening in the tool's own words, one rule for each source."""

        def boot_files(self, wanted: Wanted) -> List[str]:
            """Files that rules may be loaded from at boot."""

        def reads(self, wanted: Wanted) -> List[List[str]]:
            """Commands that list what is open."""

        def opening(self, wanted: Wanted, found: Found) -> Opening:
            """What is missing, given what boot_files and reads found."""

        def undo(self, wanted: Wanted) -> List[List[str]]:
            """Commands that close it again; each does nothing where the rule is not there."""


_ALL: "Tuple[Tool, ...]" = (ufw, firewalld, nftables, iptables)
#: By name, in the order in which they are asked whether they are in charge: a tool that works through another comes before it.
TOOLS: "Dict[str, Tool]" = {tool.__name__.rpartition(".")[2]: tool for tool in _ALL}
SERVICES = tuple(service for tool in _ALL for service in tool.SERVICES)


#: Tools that keep and load their rules by themselves, so that an opening in each of them lasts where several are in charge.
KEEPERS = ("ufw", "firewalld")


def tools_in_charge(seen: Seen) -> List[str]:
    """Names of the tools that an opening has to go to, so that it lasts: one, or each of those that keep their rules; none where nothing filters."""
    keepers = [name for name in KEEPERS if TOOLS[name].is_in_charge(seen)]
    return keepers or [name for name, tool in TOOLS.items() if tool.is_in_charge(seen)][:1]


def maker_of(chain: "Chain", in_charge: Sequence[str]) -> str:
    """Name of the tool whose rules a chain has; in_charge: the tools that an opening has to go to."""
    return next(name for name, tool in TOOLS.items() if tool.made(chain, name in in_charge))
