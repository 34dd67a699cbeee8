# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that have only what a test is about: a proxy with a few lines of configuration, a backend with a listener."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding, Remedy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.roles import PARAMETERS
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import written

NOW = 1000.0
ANY = "0.0.0.0"  # noqa: S104  what a daemon of a fake host listens on, nothing is bound here


def location(target: str, path: str = "/") -> str:
    return "location %s { %s %s; }" % (
        path,
        "fastcgi_pass" if target.startswith("unix:") or "://" not in target else "proxy_pass",
        target,
    )


def proxy(*targets: str, http: str = "", started: float = 100.0, **facts: t.Any) -> dict[str, t.Any]:
    """A proxy with one server, and in it one location for each target: /, /1, /2 and so on."""
    locations = " ".join(location(target, "/%s" % (number or "")) for number, target in enumerate(targets))
    nginx = {
        "master": {"pid": 1, "started": started},
        "workers": [{"pid": 2, "started": started, "stopping": False}],
        "unit": "nginx.service",
        "test": {"sound": True, "error": None, "where": None},
        "config": written("%s server { listen 80; %s }" % (http, locations)),
    }
    return host(nginx=nginx, **facts)


def host(*addresses: str, **facts: t.Any) -> dict[str, t.Any]:
    empty = {
        "clock": {"now": NOW, "last_change": None},
        "log": {"sources": [], "records": []},
        "reach": [],
        "answers": [],
        "unknown": [],
        "nginx": None,
    }
    return {
        **empty,
        "system": {"addresses": [*addresses, "127.0.0.1", "::1"], "service_manager": "systemd", "family": "debian"},
        **facts,
    }


def listener(address: str, port: int, **more: t.Any) -> dict[str, t.Any]:
    return {"address": address, "port": port, "v6only": None, "unit": None, "pid": 9, "process": "app", **more}


def tried(address: str, errno: int | None = None, **more: t.Any) -> dict[str, t.Any]:
    return {
        "address": address,
        "connected": errno is None,
        "errno": errno,
        "error": None if errno is None else "refused",
        **more,
    }


def reached(address: str, *attempts: t.Mapping[str, t.Any], family: str = "proxy", **more: t.Any) -> dict[str, t.Any]:
    connected = any(one["connected"] for one in attempts)
    return {
        "id": "%s %s" % (family, address),
        "address": address,
        "family": family,
        "tried": list(attempts),
        "connected": connected,
        **more,
    }


def answer(
    status: int | None = 502,
    route: int | None = 0,
    signature: str | None = None,
    upstream: str | None = None,
    **more: t.Any,
) -> dict[str, t.Any]:
    return {
        "url": "http://site/",
        "from": "host",
        "connect": "tcp:127.0.0.1:80",
        "method": "GET",
        "proxy_protocol": False,
        "status": status,
        "route": route,
        "signature": signature,
        "upstream": upstream,
        "seconds": 0.1,
        "timed_out": status is None,
        **more,
    }


def record(
    address: str, signature: str = "backend_port_closed", last: float = 900.0, **more: t.Any
) -> dict[str, t.Any]:
    return {
        "source": "/var/log/nginx/error.log",
        "kind": "nginx",
        "signature": signature,
        "count": 1,
        "first": last,
        "last": last,
        "message": "connect() failed",
        "upstream": {"scheme": "http", "address": address, "text": address},
        **more,
    }


def log(*records: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    source = {"path": "/var/log/nginx/error.log", "kind": "nginx", "state": "ok", "level": "error", "why": None}
    return {"sources": [source], "records": list(records)}


def fleet(**hosts: t.Mapping[str, t.Any]) -> Fleet:
    return Fleet(hosts)


def hop_of(web: t.Mapping[str, t.Any], **others: t.Mapping[str, t.Any]) -> Hop:
    """The only hop of a proxy, beside other hosts."""
    (hop,) = fleet(web=web, **others).hops
    return hop


def finding(cause: str = "c", *looks: str, **more: t.Any) -> Finding:
    evidence = tuple(Evidence(look, "seen by " + look) for look in looks or ("firewall",))
    return Finding(
        **{
            "cause": cause,
            "seen_from": "web",
            "on": "web",
            "subject": "tcp:10.0.0.2:80",
            "evidence": evidence,
            "routes": frozenset({0}),
            **more,
        }
    )


def remedy(role: str = "php_fpm", kinds: tuple[str, ...] = ("start",), **parameters: t.Any) -> Remedy:
    """A remedy whose role takes these parameters; all others are empty."""
    empty = {"list": [], "dict": {}, "int": 0}
    types = {key: kind.__forward_arg__.partition("[")[0] for key, kind in PARAMETERS[role].__annotations__.items()}
    given = {key: empty.get(kind, "started" if key == "action" else "") for key, kind in types.items()}
    return Remedy(role, kinds, "start it", {**given, **parameters}, "a note")


def cause(name: str, *findings: Finding, yields_to: tuple[str, ...] = (), outdoes: tuple[str, ...] = ()) -> Cause:
    return Cause(name, name.upper(), lambda _fleet: iter(findings), yields_to, outdoes)
