# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ufw: the opening of a port by its own rules, which it keeps by itself. Ansible's module (community.general.ufw) makes it.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.opening import Found, Opening, Seen, Wanted

if TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.boot import BootFile
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import Chain
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

SERVICES = ("ufw",)
#: To ufw a refusal and an opening of one address and port are one rule.
REPLACES = True
#: How its chains begin, of IPv4 and of IPv6.
_CHAINS = ("ufw-", "ufw6-")
_ENABLED = re.compile(r"^\s*ENABLED\s*=\s*[\"']?yes", re.MULTILINE | re.IGNORECASE)


def is_in_charge(seen: Seen) -> bool:
    """Whether ufw's chains are in force and it is switched on."""
    if not any(chain["name"].startswith(_CHAINS) for chain in seen.chains.values()):
        return False
    return _ENABLED.search(seen.host.read("/etc/ufw/ufw.conf") or "") is not None


def made(chain: "Chain", in_charge: bool) -> bool:
    """Whether it is one of ufw's chains, or one of the kernel's that lead there."""
    return in_charge and chain["syntax"] != "nft" and bool(chain["name"].startswith(_CHAINS) or chain["hook"])


def boot(host: "Host") -> "Optional[List[BootFile]]":
    """None: it keeps and loads its rules by itself."""
    return None


def rules(wanted: Wanted) -> List[str]:
    return ["allow proto tcp from %s to any port %d" % (source, wanted.port) for source in wanted.sources]


def boot_files(wanted: Wanted) -> List[str]:
    """None that has to be saved: ufw's own command takes a rule out of its files again."""
    return []


def reads(wanted: Wanted) -> List[List[str]]:
    """None: Ansible's module asks ufw itself."""
    return []


def opening(wanted: Wanted, found: Found) -> Opening:
    return Opening([], [], [])


def undo(wanted: Wanted) -> List[List[str]]:
    return [["ufw", "delete"] + rule.split() for rule in rules(wanted)]
