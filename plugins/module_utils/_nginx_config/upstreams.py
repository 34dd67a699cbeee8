# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""upstream{} blocks: their peers and what they share.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Dict, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import Directive
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pass_target import canonical

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import Place

    class UpstreamServer(TypedDict):
        """A server of an upstream{}, by its canonical address. parameters: fail_timeout, max_fails and others that have a value, as written."""

        address: str
        down: bool
        backup: bool
        resolve: bool
        parameters: Dict[str, str]
        place: Place

    class UpstreamCheck(TypedDict):
        """How nginx itself checks the servers of an upstream{} (`check` of Tengine and of nginx_upstream_check_module)."""

        place: Place
        type: str
        send: str  # what an HTTP check sends
        expects: List[str]  # classes of its answers that are well: http_2xx

    class UpstreamFacts(TypedDict):
        """An upstream{}. keepalive: idle connections that each worker keeps; keepalive_timeout: for how long, as written; zone: name of its shared memory."""

        place: Place
        end_line: int
        keepalive: Optional[int]
        keepalive_timeout: Optional[str]
        zone: Optional[str]
        check: Optional[UpstreamCheck]
        servers: List[UpstreamServer]


def upstream_facts(http: Optional[Directive]) -> "Dict[str, UpstreamFacts]":
    """Each upstream{} of http{} by its name; of two with one name the first."""
    upstreams: "Dict[str, UpstreamFacts]" = {}
    for directive in (http.block or []) if http else []:
        if directive.name == "upstream" and directive.block is not None and directive.args:
            upstreams.setdefault(directive.first, _upstream(directive))
    return upstreams


def _upstream(upstream: Directive) -> "UpstreamFacts":
    plain = {directive.name: directive for directive in upstream.block or []}
    keepalive = plain["keepalive"].first if "keepalive" in plain else ""
    servers = (_server(directive) for directive in upstream.block or [] if directive.name == "server")
    return {
        "place": upstream.place,
        "end_line": upstream.end_line,
        "keepalive": int(keepalive) if keepalive.isdecimal() else None,
        "keepalive_timeout": plain["keepalive_timeout"].first if "keepalive_timeout" in plain else None,
        "zone": plain["zone"].first if "zone" in plain else None,
        "check": _check(plain),
        "servers": [server for server in servers if server],
    }


def _check(plain: Dict[str, Directive]) -> "Optional[UpstreamCheck]":
    """plain: the directives of an upstream{} by their names. Defaults are the module's own."""
    check, send, expects = (plain.get(name) for name in ("check", "check_http_send", "check_http_expect_alive"))
    if check is None:
        return None
    given = dict(one.split("=", 1) for one in check.args if "=" in one)
    return {
        "place": check.place,
        "type": given.get("type", "tcp"),
        "send": send.first if send else "GET / HTTP/1.0\r\n\r\n",
        "expects": expects.args if expects else ["http_2xx", "http_3xx"],
    }


def _server(server: Directive) -> "Optional[UpstreamServer]":
    address = canonical(server.first, 80)
    if address is None:
        return None
    flags = server.args[1:]
    return {
        "address": address,
        "down": "down" in flags,
        "backup": "backup" in flags,
        "resolve": "resolve" in flags,
        "parameters": dict(flag.split("=", 1) for flag in flags if "=" in flag),
        "place": server.place,
    }
