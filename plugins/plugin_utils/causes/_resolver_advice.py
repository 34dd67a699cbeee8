# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an administrator types where nginx's resolver has no address for a name: who is asked, what is written, whose signatures are refused.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._beside_container import OF_PAGES
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import called
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._named_by_visitors import unknown_names
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._resolver_answers import (
    LOCAL_RESOLVERS,
    asked,
    is_of_host_alone,
    known_to_host,
    local_resolver,
    not_proven,
    of_ipv6_alone,
)

DNS_PORT, SHOWN = 53, 3


def what_to_write(proxy: Host) -> tuple[str, ...]:
    """What nginx's `resolver` or the name has to be."""
    places = [file_and_line(one["place"]) for one in proxy.config.get("resolvers") or []]
    alone = [one["name"] for one in known_to_host(proxy) if is_of_host_alone(one)]
    after = "nginx -t && systemctl reload nginx   # on %s, after that" % proxy.name
    if not_proven(proxy):
        return check_signatures(proxy, not_proven(proxy)[0]["name"])
    of_six = of_ipv6_alone(proxy)
    if of_six:
        line = "# take `ipv6=off` out of `resolver` at %s, where this host reaches %s; or give %s an A record"
        where = ", ".join(places[:SHOWN]) or "http{}"
        return line % (where, ", ".join(of_six[0]["addresses"] or []), of_six[0]["name"]), after
    names = (
        "# in nginx's configuration, write %s with its domain, as DNS has it, or its address"
        % ", ".join(alone[:SHOWN]),
    )
    return (
        *(names if alone else ()),
        "grep ^nameserver /etc/resolv.conf   # on %s: whom the host itself asks" % proxy.name,
        "# set `resolver` at %s to a server that answers and knows the name; add `ipv6=off` where only AAAA fails"
        % (", ".join(places[:SHOWN]) or "http{}"),
        after,
    )


def digs(proxy: Host) -> tuple[str, ...]:
    """Commands that ask nginx's resolvers what nginx asks them."""
    places = [(read_address("tcp:%s" % one["resolver"]), one["name"]) for one in asked(proxy)]
    if not places:
        resolvers = [at for one in proxy.config.get("resolvers") or [] for at in one["addresses"]]
        places = [(read_address("tcp:%s" % at), name) for name in unknown_names(proxy) for at in resolvers]
    lines = [
        "dig @{0} -p {1} {2} A; dig @{0} -p {1} {2} AAAA   # on {3}".format(
            at.host, at.port or DNS_PORT, shlex.quote(name), proxy.name
        )
        for at, name in dict.fromkeys(places)
    ]
    return tuple(lines[:SHOWN]) or ("# dig @RESOLVER NAME A; dig @RESOLVER NAME AAAA",)


def check_signatures(proxy: Host, name: str) -> tuple[str, ...]:
    """What shows why a name's signatures are refused, and what helps."""
    own = (
        "resolvectl query %s; journalctl -u systemd-resolved -g DNSSEC -n 5 --no-pager   # on %s: what it says of them"
        % (
            shlex.quote(name),
            proxy.name,
        )
    )
    local = local_resolver(proxy)
    return (
        *((own,) if local and local.name == LOCAL_RESOLVERS[0] else ()),
        "date -u; dig +short DS %s   # on %s: a wrong clock makes all signatures wrong; a zone inside of the own network has none, below one that has"
        % (shlex.quote(name.rstrip(".").partition(".")[2] or name), proxy.name),
        "# DNSSEC=no (or allow-downgrade) in /etc/systemd/resolved.conf, then systemctl restart systemd-resolved; dnsmasq: without `dnssec`; unbound:"
        ' domain-insecure: "ZONE"; named: validate-except { ZONE; }. If the zone is yours: renew its signatures, or take its DS record out',
        "nginx -t && systemctl reload nginx   # on %s, after that" % proxy.name,
    )


def in_container(proxy: Host, of_containers: str, where: str) -> tuple[str, ...]:
    """Whom nginx in a container has to ask, and where that is written so that it lasts."""
    own = proxy.facts["container"]
    files = [one["location"]["place"]["file"] for one in proxy.config.get("routes") or []]
    ask = "resolver %s valid=30s;" % (of_containers if own["engine"] == "docker" else "THAT_ADDRESS")
    lines = [
        "grep nameserver /etc/resolv.conf   # on %s: whom the container asks; %s is docker's in networks of its own, not in the default bridge"
        % (proxy.name, of_containers)
    ]
    if any(map(OF_PAGES.match, files)):
        return (
            *lines,
            "# `%s` in /data/nginx/custom/http_top.conf of %s, a file of your own that Nginx Proxy Manager includes and never writes (its volume on the host)"
            % (ask, called(own)),
        )
    return (
        *lines,
        "# `%s` in http{} or that server of %s: in its volume on the host, or what makes its image, or it is gone when the container is made anew"
        % (ask, called(own)),
        "# or the name itself instead of the variable, at %s: nginx then looks it up when it starts" % where,
    )
