# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which upstreams to connect to, and what to ask those over which requests are known to fail.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._net.canonical import (
    is_name,
    is_unix,
    normal,
    split_tcp,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.entry_points import Doors, Failed
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.peers import (
    TLS_SCHEMES,
    peers_in_use,
    upstream_id,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import (
    Facts,
    Landing,
    landing,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.upstream_request import (
    Asked,
    expanded,
    upstream_request,
    variables,
)

Upstream = dict[str, t.Any]

_TLS_FILES = ("trusted_certificate", "certificate", "certificate_key")
#: Asked first: only the reply tells how large the header is.
_MEASURED = "response_header_too_big"
UPSTREAMS_LIMIT = 200


def upstreams_to_reach(
    config: Facts, records: t.Iterable[Facts] | None = None, limit: int = UPSTREAMS_LIMIT
) -> list[Upstream]:
    """Each upstream that a route names, less those marked down, as upstream_reachability_facts takes them. request is there only where log
    records show a GET or HEAD failing over it; on a healthy host every upstream is only connected to."""
    found: dict[tuple[str, str, str], Upstream] = {}
    for route in config.get("routes") or []:
        for address in peers_in_use(t.cast(t.Any, config), route):
            _add(found, route, address)
    for failed in sorted(Doors(config).failed(records or []), key=lambda one: one.record["signature"] != _MEASURED):
        _add_request(found, config, failed)
    return list(found.values())[:limit]


def _add(found: dict[tuple[str, str, str], Upstream], route: Facts, address: str) -> Upstream:
    family, scheme = route["pass"]["family"], route["pass"]["scheme"]
    key = (family, scheme, address)
    if key not in found:
        found[key] = {
            "id": upstream_id(family, scheme, address),
            "address": address,
            "family": family,
            "scheme": scheme,
        }
        if scheme in TLS_SCHEMES:
            found[key]["tls"] = _tls(route)
    return found[key]


def _add_request(found: dict[tuple[str, str, str], Upstream], config: Facts, failed: Failed) -> None:
    """Give the request to the peers of its route that the record blames; a variable target gets the blamed address as a peer."""
    landed = landing(config, failed.server, failed.path)
    blamed = (failed.record.get("upstream") or {}).get("address")
    if landed.route is None or not blamed:
        return
    asked = Asked(failed.method, failed.path, failed.host, failed.door.scheme, failed.door.port)
    for address in _peers(landed.route, blamed):
        upstream = _add(found, landed.route, address)
        if "request" not in upstream:
            upstream["request"] = upstream_request(landed.route, landed, asked)


def _peers(route: Facts, blamed: str) -> list[str]:
    """The peers that a log line means: the address itself, or names with its port, which it may come from."""
    peers = [address for address in route["peers"] if normal(address) == normal(blamed)]
    if not peers and not is_unix(blamed):
        peers = [
            address
            for address in route["peers"]
            if not is_unix(address) and split_tcp(address)[1] == split_tcp(blamed)[1]
        ]
    return peers or ([] if route["peers"] else [blamed])


def _tls(route: Facts) -> dict[str, t.Any]:
    """What the *_ssl_* directives in force say; nothing is verified and no name is sent unless they say so."""
    prefix = TLS_SCHEMES[route["pass"]["scheme"]] + "_ssl_"
    given = {
        name[len(prefix) :]: setting["args"][0]
        for name, setting in route["settings"].items()
        if name.startswith(prefix) and setting["args"]
    }
    told: dict[str, t.Any] = {"verify": given.get("verify") == "on"}
    name = next((name for name in route["server_names"] if name not in ("_", "") and name[0] not in "~*."), "localhost")
    values = variables(route, Landing(route, "/", ""), Asked("GET", "/", name, "https", 443))
    peer = expanded(given.get("name", "$proxy_host"), values).partition(":")[0]
    if given.get("server_name") == "on":
        told["server_name"] = peer
    else:
        spare = [one for one in (peer, name) if _is_public(one) and one != route["pass"].get("upstream")]
        told.update(zip(["spare_name"], spare))
    told.update({name: given[name] for name in _TLS_FILES if given.get(name) and "$" not in given[name]})
    return told


def _is_public(name: str) -> bool:
    """Whether a server may know this name as one of its own."""
    return "." in name and is_name("tcp:%s:443" % name)
