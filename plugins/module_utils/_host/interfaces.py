# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network interfaces of a host and their addresses.

Private to this collection: it may change in any release.
"""

import re
from typing import Dict, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host


def interface_addresses(host: Host) -> Optional[Dict[str, List[str]]]:
    """ADDRESS/PREFIX of each interface that is up, by its name; None where they cannot be read."""
    try:
        return netlink.interface_addresses()
    except (OSError, AttributeError) as error:
        why = "netlink: %s" % error
    ran = host.run(["ifconfig", "-a"])
    if ran.code != 0:
        host.unseen("addresses", "%s; %s" % (why, ran.error or ran.err.strip()))
        return None
    return parse_ifconfig(ran.out)


def hardware_addresses() -> Optional[Dict[str, str]]:
    """The hardware address of each Ethernet interface that is up, by its name; None where the system is not Linux."""
    try:
        return netlink.hardware_addresses()
    except (OSError, AttributeError):
        return None


def neighbours() -> Dict[str, str]:
    """The hardware address that answers for each address of the host's own networks; empty where the system is not Linux."""
    try:
        return netlink.neighbours()
    except (OSError, AttributeError):
        return {}


def parse_ifconfig(text: str) -> Dict[str, List[str]]:
    """Interfaces that are up, in the form of macOS and the BSDs. Written from ifconfig(8); not tried on such a host."""
    found: Dict[str, List[str]] = {}
    name = ""
    for line in text.splitlines():
        head = re.match(r"(\S+): flags=\w+<([^>]*)>", line)
        if head:
            name = head.group(1) if "UP" in head.group(2).split(",") else ""
            if name:
                found[name] = []
        address = re.match(r"\s+inet6? ([0-9A-Fa-f:.]+)\S*(?: netmask 0x([0-9a-f]{8}))?(?: prefixlen (\d+))?", line)
        if address and name:
            mask, prefix = address.group(2), address.group(3)
            found[name].append("%s/%s" % (address.group(1), prefix or (bin(int(mask, 16)).count("1") if mask else 32)))
    return found
