# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that keep chains of their own beside the tool in charge of a firewall, known by the names of their tables and chains.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import Chain

#: Each expression fits the beginning of the name of a table or of a chain.
OWNERS = {
    "fail2ban": r"f2b-|fail2ban-",
    "crowdsec": r"(?i)crowdsec",
    "sshguard": r"sshguard",
    "docker": r"DOCKER|docker-",
    "kubernetes": r"KUBE-|kube-",
    "calico": r"cali[-_]|calico",
    "cilium": r"CILIUM_",
    "flannel": r"FLANNEL-",
    "podman": r"NETAVARK|netavark|CNI-",
    "libvirt": r"LIBVIRT_|libvirt",
    "lxd": r"lxd$|incus$",
    "imunify360": r"(?i)imunify|i360",
    "csf": r"ALLOW(?:IN|OUT)$|DENY(?:IN|OUT)$|G(?:ALLOW|DENY)(?:IN|OUT)$|LOCAL(?:IN|OUT)PUT$|CC_|BOGON$|SPAMHAUS$|DSHIELD$",
    "tailscale": r"ts-(?:input|forward)$",
}


def owner_of(chain: "Chain") -> Optional[str]:
    """The program whose chain it is; None where none of these has made it."""
    names = (chain["table"], chain["name"])
    return next((owner for owner, names_of in OWNERS.items() if any(re.match(names_of, name) for name in names)), None)
