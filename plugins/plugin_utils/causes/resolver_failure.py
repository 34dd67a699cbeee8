# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resolver that nginx asks at run time does not answer, or answers that there is no such name.

Signatures: resolver_failure, no_live_upstreams.

Looked at: what the resolver that nginx names answers, the local resolver's unit, the names asked for.

Done: a local resolver is started, its cache flushed and nginx reloaded; advice where the resolver is another host.

A quick fix: an address in place of the name stays when the backend moves.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import answer_evidence, log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import (
    Behind,
    Cause,
    Evidence,
    Finding,
    Remedy,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._beside_container import unknown_name
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._followed_names import (
    without_addresses,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._named_by_visitors import of_the_request
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._resolver_advice import (
    DNS_PORT,
    digs,
    in_container,
    what_to_write,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._resolver_answers import (
    STUB,
    LocalResolver,
    asked,
    is_of_host_alone,
    is_of_mdns,
    is_silence,
    known_to_host,
    local_resolver,
    not_proven,
    of_ipv6_alone,
    silent_there,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import kept_down, unit_evidence

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.resolve import Resolved

SIGNATURE = "resolver_failure"
#: Where docker answers the containers of its own networks: https://docs.docker.com/engine/network/#dns-services
OF_CONTAINERS = "127.0.0.11"
UNSET = re.compile(r"no resolver defined to resolve (\S{1,253})")


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for proxy in fleet.proxies():
        answers = [answer for answer in proxy.failing if answer.get("signature") == SIGNATURE]
        answers += waiting_for_names(fleet, proxy) + without_addresses(proxy, asked(proxy))
        unset = [record for record in proxy.records if UNSET.match(record["message"])]
        if answers:
            yield no_resolver(proxy, answers, unset) if unset else unresolved(proxy, answers)


def waiting_for_names(fleet: Fleet, proxy: Host) -> list[Answer]:
    """Answers that did not come while nginx waits for its resolver, of which it takes 30 seconds to say so (resolver_timeout)."""
    unknown = {one["name"] for one in asked(proxy) if one.get("error")}
    hops = [hop for hop in fleet.hops_of(proxy) if hop.address.host in unknown]
    return [answer for hop in hops for answer in hop.failing if answer.get("timed_out") and not answer.get("signature")]


def unresolved(proxy: Host, answers: list[Answer]) -> Finding:
    local = local_resolver(proxy)
    remedy, why = cure(proxy, local)
    unknown = of_ipv6_alone(proxy) or [one for one in asked(proxy) if one.get("error")]
    names = dict.fromkeys(one["name"] for one in unknown)
    lines = (*digs(proxy), *what_to_write(proxy))
    if proxy.within and names and not known_to_host(proxy):
        remedy = None
        why, lines = unknown_name(proxy, next(iter(names)))
    by_visitors = of_the_request(proxy, answers)
    if remedy is None and by_visitors.words:
        why, lines = by_visitors.words, (*by_visitors.advice, *lines)
    says = "%s's nginx gets no address for %s from its resolver" % (proxy.name, ", ".join(names)) if names else ""
    return Finding(
        cause=CAUSE.name,
        seen_from=proxy.name,
        on=proxy.name,
        subject="resolver",
        evidence=(
            *(answer_evidence(answer) for answer in answers),
            *(log_evidence(record) for record in proxy.records if record["signature"] == SIGNATURE),
            *(name_evidence(one) for one in asked(proxy)),
            *(known_evidence(proxy, one) for one in known_to_host(proxy)),
            *((unit_evidence(local.name, local.unit),) if local else ()),
        ),
        remedy=remedy,
        why=why,
        says=says,
        advice=lines,
        routes=frozenset(answer["route"] for answer in answers if answer.get("route") is not None),
        behind=None if remedy else silent_elsewhere(proxy),
    )


def silent_elsewhere(proxy: Host) -> Behind | None:
    """The resolver on another host that gives nginx no answer at all; None where any of them does, or where it is this host's own."""
    errors = {one["resolver"] or "": one.get("error") or "" for one in asked(proxy)}
    first = next(iter(errors), "")
    if not first or read_address("tcp:" + first).is_loopback or not all(map(is_silence, errors.values())):
        return None
    at = read_address("tcp:" + first)
    return Behind(
        "udp:%s" % at._replace(port=at.port or DNS_PORT).bare,
        "the resolver %s gives no answer (%s)" % (first, errors[first]),
    )


def known_evidence(proxy: Host, one: Resolved) -> Evidence:
    own = "mDNS, as .local names are" if is_of_mdns(one["name"]) else "its own resolver"
    by = "/etc/hosts:%d" % one["hosts_line"] if one.get("hosts_line") else own
    return Evidence(
        "name", "%s itself knows %s by %s: %s" % (proxy.name, one["name"], by, ", ".join(one["addresses"] or []))
    )


def no_resolver(proxy: Host, answers: list[Answer], unset: list[LogRecord]) -> Finding:
    """The address has a variable, so nginx looks its name up for each request, and nothing says whom to ask."""
    routes = frozenset(answer["route"] for answer in answers if answer.get("route") is not None)
    passes = [route["pass"] for route in proxy.config.get("routes") or [] if route["id"] in routes]
    where = ", ".join(sorted({file_and_line(one["place"]) for one in passes})) or "its pass directive"
    found = UNSET.match(unset[-1]["message"])
    name = found.group(1) if found else "NAME"
    whom: tuple[str, ...] = (
        "grep nameserver /etc/resolv.conf; getent ahosts %s   # on %s: whom the host itself asks, and what it knows"
        % (shlex.quote(name), proxy.name),
        "# in http{} or that server: resolver THAT_ADDRESS valid=30s; (a name of /etc/hosts is unknown to it)",
        "# or the name itself instead of the variable, at %s: nginx then looks it up when it starts, in /etc/hosts, too"
        % where,
    )
    if proxy.within:
        whom = in_container(proxy, OF_CONTAINERS, where)
    if name == "localhost":
        whom = (
            "# write 127.0.0.1 in place of localhost at %s: a resolver does not know that name, a number needs none"
            % where,
        )
    return Finding(
        cause=CAUSE.name,
        seen_from=proxy.name,
        on=proxy.name,
        subject="resolver",
        evidence=(
            *(answer_evidence(answer) for answer in answers),
            *(log_evidence(record) for record in unset),
            Evidence("config", "%s: a variable in the address, and no `resolver` there" % where),
        ),
        why="no `resolver` is set for %s, whose address has a variable: nginx then reads neither /etc/resolv.conf nor /etc/hosts"
        % where,
        advice=(
            *whom,
            "nginx -t && systemctl reload nginx   # on %s, after that" % proxy.name,
        ),
        routes=routes,
    )


def name_evidence(one: Resolved) -> Evidence:
    """What a resolver says of a name."""
    says = one["error"] or ", ".join(one["addresses"] or [])
    return Evidence("name", "resolver %s says of %s: %s" % (one["resolver"], one["name"], says))


def never_by_a_reload(proxy: Host, local: LocalResolver | None) -> str:
    """Why neither a flushed cache nor a reload lets the resolver answer: somebody has to write or to decide something. Empty where that is not known."""
    silent = [read_address("tcp:%s" % at).host for at in silent_there(proxy)]
    if OF_CONTAINERS in silent:
        return "%s is docker's resolver, which answers inside of its containers alone: on %s nobody listens there" % (
            OF_CONTAINERS, proxy.name,
        )  # fmt: skip
    if local is None and silent and silent[0] in STUB:
        why = "%s is where systemd-resolved listens, which %s does not have (an update, a move or a template has left it there)"
        return why % (silent[0], proxy.name)
    if not_proven(proxy):
        why = "the resolver refuses %s, as its signatures are wrong or missing (DNSSEC); unchecked, it has an address"
        return why % not_proven(proxy)[0]["name"]
    if any(is_of_host_alone(one) for one in known_to_host(proxy)):
        why = "nginx's resolver does not know a name that %s knows by itself: it reads neither /etc/hosts nor search domains, and asks nobody by mDNS (.local)"
        return why % proxy.name
    if of_ipv6_alone(proxy):
        why = "%s has an IPv6 address alone, and `ipv6=off` keeps nginx from asking for it"
        return why % of_ipv6_alone(proxy)[0]["name"]
    return ""


def cure(proxy: Host, local: LocalResolver | None) -> tuple[Remedy | None, str]:
    """The remedy, or None and why there is none: the local resolver is started where it is down, and its cache is flushed where it runs.

    A resolver on another host is left alone.
    """
    why = never_by_a_reload(proxy, local)
    if why:
        return None, why
    if local and local.unit.get("active") != "active":
        refusal = kept_down(local.name, local.unit)
        if refusal:
            return None, refusal
        return remedies.backend_service(proxy, local.name, note="nginx asks the resolver of this host"), ""
    if local and silent_there(proxy):
        return None, "%s runs, and nobody listens at %s, where nginx asks" % (
            local.name,
            ", ".join(silent_there(proxy)),
        )
    if local:
        note = "the resolver's cache is flushed and nginx is reloaded"
        return remedies.upstream_dns([local.name.replace(".service", "")], note=note), ""
    if any(not one.get("error") for one in asked(proxy)):
        return remedies.upstream_dns(note="the resolver answers by now: a reload makes nginx ask it again"), ""
    return None, "nginx asks a resolver that is not on this host: a reload would not make it answer"


CAUSE = Cause(
    name=SIGNATURE,
    title="nginx gets no address for a name",
    says="{proxy}'s nginx gets no address for the name of a backend",
    find=find,
    set_off_by=("names", "route"),
    outdoes=("no_live_upstreams",),
)
