# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several causes of a failed TLS handshake with a backend ask in the same words.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts

SNI, RESET = "upstream_tls_sni", "upstream_tls_reset"
_PREFIXES = {"proxy": "proxy_ssl_", "grpc": "grpc_ssl_", "uwsgi": "uwsgi_ssl_"}


def directive(hop: Hop, name: str) -> str:
    """The name of this hop's directive: proxy_ssl_NAME, grpc_ssl_NAME, uwsgi_ssl_NAME."""
    return _PREFIXES.get(hop.family, "proxy_ssl_") + name


def setting(hop: Hop, name: str) -> Facts | None:
    """The directive in force on the first route that has it."""
    found: list[Facts] = [
        route["settings"][directive(hop, name)] for route in hop.routes if directive(hop, name) in route["settings"]
    ]
    return found[0] if found else None


def in_force(hop: Hop, name: str, default: str) -> Evidence:
    """What is in force, with its place."""
    given = setting(hop, name)
    if given is None:
        place = hop.routes[0]["pass"]["place"]
        return Evidence(
            "config", "%s is not set at %s:%d: %s" % (directive(hop, name), place["file"], place["line"], default)
        )
    return Evidence(
        "config",
        "%s %s (%s:%d)"
        % (directive(hop, name), " ".join(given["args"]), given["place"]["file"], given["place"]["line"]),
    )


def probed(hop: Hop) -> tuple[Evidence, ...]:
    """How the handshake went when the backend was asked directly, as nginx asks it."""
    tls = (hop.reach or {}).get("tls") or {}
    return (
        (Evidence("tls", "asked directly, %s ends the TLS handshake: %s" % (hop.address, tls["error"])),)
        if tls.get("ok") is False
        else ()
    )


def wants_a_name(hop: Hop) -> bool | None:
    """Whether the handshake fails for the server name: None where no name could be tried."""
    tls = (hop.reach or {}).get("tls") or {}
    again = tls.get("with_name")
    if again:
        return bool(again["ok"])
    sent = setting(hop, "server_name")
    if sent and sent["args"] == ["on"]:
        return "unrecognized name" in (tls.get("error") or "")
    return None


def is_about_the_name(hop: Hop) -> bool:
    """An alert of the name's kind, unless a name was sent and did not help; or any end of the handshake that a name would mend."""
    wanted = wants_a_name(hop)
    return wanted is not False if hop.has(SNI) else wanted is True and hop.has(RESET)
