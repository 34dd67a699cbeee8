# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What could not be learned in a look: why nothing is known of any host, or what is unknown of one.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t
import urllib.parse

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.nginx_names import is_nginx
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import not_asked_again, unexplained
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import client_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._products import how_to_start

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Unknown
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Finding
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import RuleErrors

NO_NGINX = "no nginx was found on any host of this run: name the hosts that run nginx (fix_502_hosts, or the inventory)"
IN_CONTAINER = "nginx runs in container %s (%s) on %s, pid %d, and could not be looked into"
ITS_LOG = "; what it logged: %s logs --since 1h %s"
NOT_SERVED = "fix_502_urls: no nginx of this run serves %s (http or https, its name, its port)"
STOPPED = "nginx does not run on this host, although its unit is enabled: start it (nginx -t shows whether it can)"
NOT_RUNNING = "nginx runs on no host of this run, so that nothing can be asked of it: start it first (nginx -t shows whether it can)"
TAKEN = "; port %d of %s, which it is to have, is taken by %s (%s)"
NOT_READ = "nginx's configuration was not read whole (%s), and what was read has no URL to be asked: whether this host serves 502 is not known"
#: What a look misses where a file of nginx's configuration was not read.
CONFIGURATION = "nginx configuration"
UNEXPLAINED = "%s fails and nothing that was seen explains it"
NOT_A_PROXY = "no nginx on this host: it was read as a backend only"
OTHER_NGINX = "%s (%s, pid %d) runs here as well, and that of %s alone is looked at: whether its URLs fail is not known"
RULE_ERROR = "the rule for this cause raised an error on this host's facts (%s)"


def why_nothing_is_known(fleet: Fleet, findings: t.Sequence[Finding], urls: t.Sequence[str]) -> str | None:
    """Why nothing can be said of any host, in one line; None where something can."""
    if not fleet.proxies():
        return in_containers(fleet) or NO_NGINX
    if findings:
        return None
    if not any(proxy.nginx.get("master") for proxy in fleet.proxies()):
        return in_containers(fleet) or NOT_RUNNING + "".join(map(who_has_its_port, fleet.proxies()))
    missed = not_served(fleet, urls)
    return NOT_SERVED % ", ".join(missed) if missed and set(missed) == set(urls) else None


def in_containers(fleet: Fleet) -> str:
    """Which nginx runs in containers of the hosts of this run, in one line; empty where none does."""
    return "; ".join(
        IN_CONTAINER % (container["name"], container["engine"], host.name, one["pid"]) + its_log(container)
        for host in fleet.hosts.values()
        for container in host.facts.get("containers") or []
        for one in container.get("inside") or []
        if one["name"] == "nginx"
    )


def its_log(container: Container) -> str:
    """The command that shows what a container logged, where its engine has one."""
    client = client_of(container)
    return ITS_LOG % (client, shlex.quote(container["name"])) if client else ""


def not_served(fleet: Fleet, urls: t.Sequence[str]) -> list[str]:
    """URLs of the user that no nginx of this run was asked for, each once."""
    asked = {answer["url"] for proxy in fleet.proxies() for answer in proxy.answers}
    return [url for url in dict.fromkeys(urls) if url not in asked]


def why_not_judged(fleet: Fleet, host: Host, findings: t.Sequence[Finding]) -> str | None:
    """Why nothing is known of one host, in one line; None where something is: a finding, an answer, or that it has nothing to be asked."""
    if any(host.name in (finding.seen_from, finding.on) for finding in findings):
        return None
    if is_stopped(fleet, host):
        return STOPPED + who_has_its_port(host)
    unread = [one["why"] for one in host.facts.get("unknown") or [] if one["missing"] == CONFIGURATION]
    return NOT_READ % unread[0] if unread and host.nginx.get("master") and not host.answers else None


def is_stopped(fleet: Fleet, host: Host) -> bool:
    """Whether a proxy is down that should be up. An nginx that is installed beside a backend's own service is no proxy."""
    unit = or_empty(host.unit(host.nginx.get("unit")))
    wanted = unit.get("enabled") == "enabled" and host.config.get("routes") and not host.nginx.get("master")
    return bool(wanted) and all(hop.proxy is host for hop in fleet.hops_to(host))


def who_has_its_port(host: Host) -> str:
    """Who listens on a port that nginx is to have, which keeps it from starting; empty where nobody does."""
    listens = (one for block in host.config.get("blocks") or [] for one in block.get("listens") or [])
    ports = dict.fromkeys(one["port"] for one in listens if "port" in one)
    taken = (one for port in ports for one in host.tcp_listeners(port) if not is_nginx(one.get("process")))
    one = next(taken, None)
    if one is None:
        return ""
    by = ", ".join(filter(None, (one.get("unit"), "pid %s" % one.get("pid"))))
    return TAKEN % (one["port"], host.name, one.get("process"), by)


def own_words(host: Host, url: str) -> str:
    """What nginx itself says of a URL that fails, with how what it asks is started where that is known: a module of others (Passenger) may answer it.
    Empty where nginx says nothing."""
    answer = next((one for one in host.failing if one["url"] == url and one.get("signature")), None)
    if answer is None:
        return ""
    path = urllib.parse.urlsplit(url).path or "/"
    lines = [
        record["message"]
        for record in host.records
        if record["signature"] == answer["signature"] and or_empty(record.get("request")).get("path") == path
    ]
    asked = read_address(answer.get("upstream") or "")
    said = lines[:1] or ["%s, upstream %s" % (answer["signature"], answer.get("upstream"))]
    return "; ".join(["; nginx says: %s" % said[0], *how_to_start(asked.path, host.name)])


def other_nginxes(host: Host) -> list[Unknown]:
    """A row for each nginx of its own beside the one that was looked at. A panel's own has another name, and that of an upgrade the same unit."""
    own = host.nginx.get("unit")
    others = (one for one in host.nginx.get("others") or [] if is_nginx((one["binary"] or "").rpartition("/")[2]))
    return [
        {
            "missing": "second nginx",
            "why": OTHER_NGINX % (one["binary"], one["unit"] or "of no unit", one["pid"], own or "no unit"),
        }
        for one in others
        if own is None or one["unit"] != own
    ]


def unknown_of(
    fleet: Fleet, findings: t.Sequence[Finding], urls: t.Sequence[str], errors: RuleErrors
) -> dict[str, list[Unknown]]:
    """Per host, what could not be read, and what no finding explains."""
    failing, barred = unexplained(fleet, findings), not_asked_again(fleet, findings)
    missed = [NOT_SERVED % url for url in not_served(fleet, urls)]
    unknown: dict[str, list[Unknown]] = {}
    for name, host in fleet.hosts.items():
        whys = [UNEXPLAINED % url + own_words(host, url) for url in failing.get(name, [])]
        whys += barred.get(name, [])
        whys += missed if host.nginx else []
        rows: list[Unknown] = [
            {"missing": one["missing"], "why": one["why"]} for one in host.facts.get("unknown") or []
        ]
        rows += [{"missing": "cause", "why": why} for why in whys]
        said = any(row["missing"] == "nginx" for row in rows)
        rows += [] if host.nginx or host.facts.get("inside") or said else [{"missing": "nginx", "why": NOT_A_PROXY}]
        rows += [
            {"missing": "cause %s" % cause, "why": RULE_ERROR % error} for cause, error in errors.get(name, {}).items()
        ]
        unknown[name] = rows + other_nginxes(host)
    return unknown
