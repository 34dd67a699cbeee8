# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the resolvers that nginx names answer of the names that it asks them for, and which of them is this host's own.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._followed_names import named, servers

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.resolve import Resolved

_HOST = re.compile(r":\d+$")
#: Where systemd-resolved listens, and nothing else does.
STUB = ("127.0.0.53", "127.0.0.54")
#: How a resolver answers that has no address for a name: the last two are what some say of a name without a domain.
NO_ADDRESS, REFUSED = ("NXDOMAIN", "no address", "REFUSED", "SERVFAIL"), "refused"
NOT_PROVEN = "SERVFAIL (DNSSEC"
#: Units that serve DNS on a host's own loopback address.
LOCAL_RESOLVERS = (
    "systemd-resolved.service",
    "dnsmasq.service",
    "unbound.service",
    "named.service",
    "bind9.service",
    "nscd.service",
)


class LocalResolver(t.NamedTuple):
    """The unit of the DNS service on this host, by its name."""

    name: str
    unit: Unit


def asked(proxy: Host) -> list[Resolved]:
    """What nginx's own resolvers answer now of names that it asks them for: others it has looked up when it started, in /etc/hosts, too."""
    answers = [one for one in proxy.facts.get("names") or [] if one.get("resolver")]
    passes = [route["pass"] for route in proxy.config.get("routes") or []]
    at_start = {
        _HOST.sub("", one["target"].rpartition("://")[2].partition("/")[0]) for one in passes if not one["variable"]
    }
    at_start |= named(servers(proxy), resolve=False) - named(servers(proxy), resolve=True)
    return [one for one in answers if one["name"] not in at_start] or answers


def local_resolver(proxy: Host) -> LocalResolver | None:
    """The DNS service on this host, where nginx asks a loopback address."""
    addresses = [address for resolver in proxy.config.get("resolvers") or [] for address in resolver["addresses"]]
    if not any(read_address("tcp:" + address).is_loopback for address in addresses):
        return None
    units = proxy.units
    known = (
        LOCAL_RESOLVERS[:1] if all(read_address("tcp:" + one).host in STUB for one in addresses) else LOCAL_RESOLVERS
    )
    names = [name for name in known if name in units and units[name].get("load") == "loaded"]
    return LocalResolver(names[0], units[names[0]]) if names else None


def silent_there(proxy: Host) -> list[str]:
    """The resolvers of nginx at which nobody listens."""
    return [one["resolver"] or "" for one in asked(proxy) if REFUSED in (one.get("error") or "")]


def is_silence(error: str) -> bool:
    """Whether an error is no answer of a resolver."""
    return bool(error) and not error.startswith(NO_ADDRESS)


def known_to_host(proxy: Host) -> list[Resolved]:
    """What the host's own libc knows of the names of which nginx's resolvers say that there are none."""
    missing = {one["name"] for one in asked(proxy) if (one.get("error") or "").startswith(NO_ADDRESS)}
    names = proxy.facts.get("names") or []
    return [one for one in names if one["name"] in missing and not one.get("resolver") and one.get("addresses")]


def is_of_host_alone(one: Resolved) -> bool:
    """Whether a name is known by /etc/hosts, by mDNS, or completed with a search domain of /etc/resolv.conf: a resolver of nginx knows none of these."""
    return bool(one.get("hosts_line")) or "." not in one["name"].rstrip(".") or is_of_mdns(one["name"])


def is_of_mdns(name: str) -> bool:
    """Whether a name is one that hosts tell each other without DNS (RFC 6762)."""
    return name.rstrip(".").endswith(".local")


def of_ipv6_alone(proxy: Host) -> list[Resolved]:
    """The names that have IPv6 addresses and no other by nginx's own resolver: it gets none where `ipv6=off` keeps it from asking for these."""
    answers = asked(proxy)
    is_off = any(one.get("ipv6") is False for one in proxy.config.get("resolvers") or [])
    if not is_off or any(one.get("error") for one in answers):
        return []
    return [one for one in answers if one["addresses"] and all(":" in address for address in one["addresses"])]


def not_proven(proxy: Host) -> list[Resolved]:
    """The names whose signatures a resolver of nginx's finds wrong or missing (DNSSEC), and of which it has addresses all the same."""
    return [one for one in asked(proxy) if (one.get("error") or "").startswith(NOT_PROVEN)]
