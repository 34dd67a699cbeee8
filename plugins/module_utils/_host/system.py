# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is: its system, its distribution, what starts its services, its kernel's settings.

Private to this collection: it may change in any release.
"""

import os
import socket
from typing import TYPE_CHECKING, Dict, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.interfaces import (
    hardware_addresses,
    interface_addresses,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.memory import memory_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.panels import panel_of

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.memory import Memory

    class System(TypedDict):
        """What a host is."""

        os: str  # linux | darwin | freebsd
        family: str  # debian | redhat | suse | arch | alpine | freebsd | darwin | other
        distribution: str  # ID of os-release, macos
        version: str
        service_manager: str  # systemd | sysvinit | openrc | launchd | none
        hostname: str
        addresses: Optional[List[str]]  # of all interfaces that are up
        interfaces: Optional[Dict[str, List[str]]]  # ADDRESS/PREFIX by interface
        hardware: Optional[Dict[str, str]]  # of Ethernet interfaces that are up
        page_size: int
        cpus: int
        memory: Memory
        panel: Optional[str]  # one of SIGNS (panels.py)
        somaxconn: Optional[int]
        local_ports: Optional[List[int]]  # the first and the last
        tcp_tw_reuse: Optional[int]  # 0: never, 1: ports in TIME_WAIT are used again, 2: only on loopback
        conntrack: Optional[List[int]]  # connections that the kernel tracks, and may track


# In this order: Rocky says "rhel centos fedora", openSUSE "suse opensuse".
FAMILIES = (
    ("debian", ("debian", "ubuntu")),
    ("redhat", ("rhel", "fedora", "centos", "amzn", "ol")),
    ("suse", ("suse", "opensuse", "sles")),
    ("arch", ("arch", "archlinux")),
    ("alpine", ("alpine",)),
    ("freebsd", ("freebsd",)),
)


def system_facts(host: Host) -> "System":
    """What this host is. A setting of the kernel that cannot be read is None."""
    interfaces = interface_addresses(host)
    release = os_release(host)
    family = "darwin" if host.is_darwin else _family(release)
    return {
        "os": "darwin" if host.is_darwin else "freebsd" if family == "freebsd" else "linux",
        "family": family,
        "distribution": "macos" if host.is_darwin else release.get("ID", "unknown"),
        "version": host.run(["sw_vers", "-productVersion"]).out.strip()
        if host.is_darwin
        else release.get("VERSION_ID", ""),
        "service_manager": service_manager.in_charge(host),
        "hostname": socket.gethostname(),
        "addresses": _addresses(interfaces),
        "interfaces": interfaces,
        "hardware": hardware_addresses(),
        "page_size": os.sysconf("SC_PAGESIZE"),
        "cpus": os.cpu_count() or 1,
        "memory": memory_facts(host),
        "panel": panel_of(host),
        "somaxconn": _sysctl_number(host, "net/core/somaxconn"),
        "local_ports": _local_ports(host),
        "tcp_tw_reuse": _sysctl_number(host, "net/ipv4/tcp_tw_reuse"),
        "conntrack": _conntrack(host),
    }


def os_release(host: Host) -> Dict[str, str]:
    """The distribution's own description, by its keys (ID, ID_LIKE, VERSION_ID, ...)."""
    found: Dict[str, str] = {}
    for line in (host.read("/etc/os-release") or host.read("/usr/lib/os-release") or "").splitlines():
        key, equals, value = line.partition("=")
        if equals:
            found[key.strip()] = value.strip().strip("\"'")
    return found


def _family(release: Dict[str, str]) -> str:
    ids = [release.get("ID", "").lower()] + release.get("ID_LIKE", "").lower().split()
    for name in ids:
        for family, members in FAMILIES:
            if name in members or name.startswith(family):
                return family
    return "other"


def _addresses(interfaces: Optional[Dict[str, List[str]]]) -> Optional[List[str]]:
    if interfaces is None:
        return None
    return sorted({address.split("/")[0] for addresses in interfaces.values() for address in addresses})


def _sysctl_number(host: Host, name: str) -> Optional[int]:
    text = (host.read("/proc/sys/" + name) or "").strip()
    return int(text) if text.isdecimal() else None


def _conntrack(host: Host) -> Optional[List[int]]:
    found = [_sysctl_number(host, "net/netfilter/nf_conntrack_" + name) for name in ("count", "max")]
    known = [one for one in found if one is not None]
    return known if len(known) == 2 and known[1] else None


def _local_ports(host: Host) -> Optional[List[int]]:
    words = (host.read("/proc/sys/net/ipv4/ip_local_port_range") or "").split()
    return [int(word) for word in words] if len(words) == 2 and all(word.isdecimal() for word in words) else None
