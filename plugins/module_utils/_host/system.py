# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is: its system, its addresses, its memory and limits, its clock, its disks.

Private to this collection: it may change in any release.
"""

import os
import platform
import re
import socket
import time
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import boot_time

LAST_CHANGE = "/var/lib/bad_gateway/last_change"
# In this order: Rocky says "rhel centos fedora", openSUSE "suse opensuse".
FAMILIES = (
    ("debian", ("debian", "ubuntu")),
    ("redhat", ("rhel", "fedora", "centos", "amzn", "ol")),
    ("suse", ("suse", "opensuse", "sles")),
    ("arch", ("arch", "archlinux")),
    ("alpine", ("alpine",)),
)
PANELS = (
    ("plesk", "/usr/local/psa/version"),
    ("cpanel", "/usr/local/cpanel/version"),
    ("ispconfig", "/usr/local/ispconfig/server"),
    ("hestia", "/usr/local/hestia/conf/hestia.conf"),
)
MEMORY_LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat", "inactive_file"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "/sys/fs/cgroup/memory/memory.stat",
        "total_inactive_file",
    ),
)
# How often the kernel has killed for want of memory under that limit.
OOM_KILLS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
# Where a full disk makes a web server fail: its logs, its sockets, its temporary files and the sessions of PHP.
DISK_PATHS = (
    "/",
    "/var",
    "/var/log",
    "/var/log/nginx",
    "/var/lib",
    "/var/lib/nginx",
    "/var/lib/php",
    "/var/cache",
    "/run",
    "/tmp",  # noqa: S108 - only their free space is read
    "/var/tmp",  # noqa: S108 - likewise
)


def system_facts(host: Host) -> Dict[str, Any]:
    interfaces = _interfaces(host)
    release = os_release(host)
    return {
        "os": "darwin" if _is_darwin(host) else "linux",
        "family": "darwin" if _is_darwin(host) else _family(release),
        "distribution": "macos" if _is_darwin(host) else release.get("ID", "unknown"),
        "version": platform.mac_ver()[0] if _is_darwin(host) else release.get("VERSION_ID", ""),
        "service_manager": service_manager(host),
        "hostname": socket.gethostname(),
        "addresses": _addresses(interfaces),
        "interfaces": interfaces,
        "page_size": os.sysconf("SC_PAGESIZE"),
        "cpus": os.cpu_count() or 1,
        "memory": memory(host),
        "panel": next((name for name, path in PANELS if host.exists(path)), None),
        "somaxconn": _sysctl_number(host, "net/core/somaxconn"),
        "local_ports": _local_ports(host),
        "tcp_tw_reuse": _sysctl_number(host, "net/ipv4/tcp_tw_reuse"),
    }


def clock(host: Host) -> Dict[str, Any]:
    """The host's own clock, so that its log lines can be dated."""
    now = time.time()
    changed = (host.read(LAST_CHANGE) or "").strip()
    return {
        "now": now,
        "boot": boot_time(host),
        "utc_offset": time.localtime(now).tm_gmtoff,
        "last_change": float(changed) if re.match(r"\d+(\.\d+)?$", changed) else None,
    }


def disks(host: Host) -> List[Dict[str, Any]]:
    """Free space of each file system that a web server writes to, under the first of its paths."""
    seen, found = set(), []
    for path in DISK_PATHS:
        try:
            device = os.stat(host.path(path)).st_dev
            space = os.statvfs(host.path(path))
        except OSError:
            continue
        if device not in seen:
            seen.add(device)
            # A file system without an inode table (btrfs) says 0 of 0.
            inodes: Optional[int] = space.f_favail if space.f_files else None
            found.append(
                {
                    "path": path,
                    "free_bytes": space.f_bavail * space.f_frsize,
                    "total_bytes": space.f_blocks * space.f_frsize,
                    "free_inodes": inodes,
                }
            )
    return found


def os_release(host: Host) -> Dict[str, str]:
    found: Dict[str, str] = {}
    for line in (host.read("/etc/os-release") or host.read("/usr/lib/os-release") or "").splitlines():
        key, equals, value = line.partition("=")
        if equals:
            found[key.strip()] = value.strip().strip("\"'")
    return found


def _is_darwin(host: Host) -> bool:
    return host.root == "/" and platform.system() == "Darwin"


def _family(release: Dict[str, str]) -> str:
    ids = [release.get("ID", "").lower()] + release.get("ID_LIKE", "").lower().split()
    for name in ids:
        for family, members in FAMILIES:
            if name in members or name.startswith(family):
                return family
    return "other"


def service_manager(host: Host) -> str:
    """Who starts services here; systemd only where it runs, not where it is merely installed."""
    if host.is_dir("/run/systemd/system"):
        return "systemd"
    if host.exists("/run/openrc/softlevel"):
        return "openrc"
    if _is_darwin(host):
        return "launchd"
    return "sysvinit" if host.listdir("/etc/init.d") and host.which("service") else "none"


def _interfaces(host: Host) -> Optional[Dict[str, List[str]]]:
    try:
        return netlink.interface_addresses()
    except (OSError, AttributeError) as error:
        why = "netlink: %s" % error
    ran = host.run(["ifconfig", "-a"])
    if ran.code != 0:
        host.unseen("addresses", "%s; %s" % (why, ran.error or ran.err.strip()))
        return None
    return parse_ifconfig(ran.out)


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


def _addresses(interfaces: Optional[Dict[str, List[str]]]) -> Optional[List[str]]:
    if interfaces is None:
        return None
    return sorted({address.split("/")[0] for addresses in interfaces.values() for address in addresses})


def memory(host: Host) -> Dict[str, Optional[int]]:
    """Bytes. Under a limit of its own, a host (a container, mostly) has no more than what that leaves."""
    if _is_darwin(host):
        return {
            "total": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGESIZE"),
            "available": None,
            "limit": None,
            "oom_kills": None,
        }
    text = host.read("/proc/meminfo") or ""
    found = {key: int(value) * 1024 for key, value in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE)}
    total, available = found.get("MemTotal"), found.get("MemAvailable")
    if total is None or available is None:
        host.unseen("memory", "/proc/meminfo has no MemTotal and MemAvailable")
    limit, used = _memory_limit(host, total)
    if limit is not None and available is not None:
        available = min(available, max(0, limit - used))
    return {
        "total": total,
        "available": available,
        "limit": limit,
        "oom_kills": _oom_kills(host) if limit is not None else None,
    }


def _oom_kills(host: Host) -> Optional[int]:
    found = [re.search(r"^oom_kill (\d+)$", host.read(path) or "", re.MULTILINE) for path in OOM_KILLS]
    return next((int(match.group(1)) for match in found if match), None)


def _memory_limit(host: Host, total: Optional[int]) -> Tuple[Optional[int], int]:
    """(limit, what cannot be given back). No limit: "max" in v2, a number beyond the memory there is in v1."""
    for limit_path, usage_path, stat_path, reclaimable in MEMORY_LIMITS:
        limit = (host.read(limit_path) or "").strip()
        if limit.isdecimal() and (total is None or int(limit) < total):
            usage = (host.read(usage_path) or "").strip()
            cache = re.search(r"^%s (\d+)" % reclaimable, host.read(stat_path) or "", re.MULTILINE)
            return int(limit), max(0, (int(usage) if usage.isdecimal() else 0) - (int(cache.group(1)) if cache else 0))
    return None, 0


def _sysctl_number(host: Host, name: str) -> Optional[int]:
    text = (host.read("/proc/sys/" + name) or "").strip()
    return int(text) if text.isdecimal() else None


def _local_ports(host: Host) -> Optional[List[int]]:
    words = (host.read("/proc/sys/net/ipv4/ip_local_port_range") or "").split()
    return [int(word) for word in words] if len(words) == 2 and all(word.isdecimal() for word in words) else None
