# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that write all rules anew from files of their own: an opening made beside them would be lost.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, Dict, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import Chain

#: Name, a file of its own, and an expression that fits a chain which it makes wherever its rules are in force. One that is installed and switched off has
#: the file alone. Without an expression the file does: it gives its chains the names that its administrator wants, or is there while it is on.
MANAGERS = (
    ("csf", "/etc/csf/csf.conf", "LOCALINPUT$"),
    ("shorewall", "/etc/shorewall/shorewall.conf", "shorewall$"),
    ("firehol", "/etc/firehol/firehol.conf", r"in_\w+$"),
    ("arno-iptables-firewall", "/etc/arno-iptables-firewall/firewall.conf", "EXT_INPUT_CHAIN$"),
    ("imunify360", "/etc/sysconfig/imunify360/imunify360.config", r"(?i)imunify|i360"),
    ("foomuuri", "/etc/foomuuri", r"input(?:_\w+)?$"),
    ("ferm", "/etc/ferm/ferm.conf", ""),
    ("awall", "/etc/awall", ""),
    ("plesk", "/usr/local/psa/var/modules/firewall/firewall-active.sh", ""),
    ("hestia", "/lib/systemd/system/hestia-iptables.service", ""),
    ("vesta", "/usr/local/vesta/data/firewall/rules.conf", ""),
    ("ispconfig", "/etc/Bastille/bastille-firewall.cfg", ""),
)
_SWITCHED_OFF = re.compile(r"^\s*ENABLED=\W?no", re.MULTILINE)


def manager_of(host: Host, chains: "Dict[str, Chain]") -> Optional[str]:
    """The manager whose rules are in force; None where there is none. chains: all of the host."""
    return next(
        (
            name
            for name, path, sign in MANAGERS
            if host.exists(path)
            and (
                any(re.match(sign, chain["name"]) for chain in chains.values())
                if sign
                else not _SWITCHED_OFF.search(host.read("/etc/default/" + name) or "")
            )
        ),
        None,
    )
