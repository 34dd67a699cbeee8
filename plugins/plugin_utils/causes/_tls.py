# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS handshake with a backend that fails: which settings of nginx are in force, and whether the server name is what it fails for.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import is_number
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import at_location, file_and_line

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import SettingInForce

SNI, RESET, SCHEME = "upstream_tls_sni", "upstream_tls_reset", "upstream_tls_scheme_mismatch"
PROTOCOL, CLIENT_CERTIFICATE = "upstream_tls_protocol", "upstream_tls_client_certificate"
#: What a handshake ends with that does not say why: an alert of many reasons, or none at all.
VAGUE = (SNI, RESET)
_PREFIXES = {"proxy": "proxy_ssl_", "grpc": "grpc_ssl_", "uwsgi": "uwsgi_ssl_"}


def directive(hop: Hop, name: str) -> str:
    """The whole name of a directive for this hop: proxy_ssl_NAME, grpc_ssl_NAME, uwsgi_ssl_NAME."""
    return _PREFIXES.get(hop.family, "proxy_ssl_") + name


def setting_evidence(hop: Hop, name: str, default: str) -> Evidence:
    """The directive that is in force, with its place. default: what holds where it is not set."""
    given = setting(hop, name)
    if given is None:
        place = file_and_line(hop.routes[0]["pass"]["place"])
        return Evidence("config", "%s is not set at %s: %s" % (directive(hop, name), place, default))
    words = " ".join([directive(hop, name), *given["args"]])
    return Evidence("config", "%s (%s)" % (words, file_and_line(given["place"])))


def handshake_evidence(hop: Hop) -> tuple[Evidence, ...]:
    """How the handshake failed when the backend was asked directly, as nginx asks it; empty where it did not."""
    tls = failed_handshake(hop)
    if not tls:
        return ()
    does = "says nothing in" if is_silent(hop) else "ends"
    return (Evidence("tls", "asked directly, %s %s the TLS handshake: %s" % (hop.address, does, tls["error"])),)


def is_silent(hop: Hop) -> bool:
    """Whether the backend takes a connection and says nothing in a TLS handshake that is made directly."""
    return (failed_handshake(hop).get("error") or "").startswith("no answer")


def wants_certificate(hop: Hop) -> bool:
    """Whether the backend ends the handshake for nginx's certificate: by its alert, or by one of many reasons after it has asked for one."""
    return hop.has(CLIENT_CERTIFICATE) or hop.has(*VAGUE) and bool(failed_handshake(hop).get("asks_certificate"))


def is_about_the_version(hop: Hop) -> bool:
    """Whether the version or the ciphers are to blame: by what was said, or because the backend answers others in the same handshake."""
    if hop.has(PROTOCOL):
        return True
    answers = bool(failed_handshake(hop).get("takes"))
    return answers and hop.has(*VAGUE) and not wants_certificate(hop) and _name_helps(hop) is not True


def is_about_the_name(hop: Hop) -> bool:
    """Whether the server name is to blame: the alert that says so; one of that kind, unless a name was sent and did not help; or any end that a name
    prevents."""
    if wants_certificate(hop) or is_about_the_version(hop):
        return False
    if "unrecognized name" in (failed_handshake(hop).get("error") or ""):
        return True
    helped = _name_helps(hop)
    return helped is not False if hop.has(SNI) else helped is True and hop.has(RESET)


def name_to_match(hop: Hop) -> str:
    """The name that nginx looks for in the certificate, and sends where it sends one: as it is set, or the host of the pass directive."""
    given = setting(hop, "name")
    return given["args"][0] if given and given["args"] else hop.routes[0]["pass"]["upstream"] or hop.address.host


def s_client(hop: Hop, options: str = "", errors: str = "2>/dev/null") -> str:
    """The command that shakes hands with the backend as nginx does: with the server name that it sends, or none. errors: where they go."""
    sent, name = setting(hop, "server_name"), name_to_match(hop)
    words = ["openssl s_client -connect", hop.address.bare]
    if sent and sent["args"] == ["on"] and not is_number(name):
        words += ["-servername", "NAME" if "$" in name else shlex.quote(name)]
    elif hop.address.is_name:
        words.append("-noservername")
    words += ["-alpn h2"] if hop.family == "grpc" else []
    return " ".join([*words, *options.split(), "</dev/null", errors])


def which_version(hop: Hop) -> str:
    """The command that shows which versions of TLS the backend takes."""
    return "%s | grep -E 'alert|errno|Cipher is'   # on %s; the same with -tls1_3: which does it take?" % (
        s_client(hop, "-tls1_2", "2>&1"),
        hop.proxy.name,
    )


def failed_handshake(hop: Hop) -> t.Mapping[str, t.Any]:
    """The handshake that was made directly, where it failed; empty else."""
    tls = or_empty(or_empty(hop.reach).get("tls"))
    return tls if tls.get("ok") is False else {}


def _name_helps(hop: Hop) -> bool | None:
    """Whether the handshake succeeds with another server name; None where no name could be tried."""
    tls = or_empty(or_empty(hop.reach).get("tls"))
    again = tls.get("with_name")
    if again:
        return bool(again["ok"])
    sent = setting(hop, "server_name")
    return False if sent and sent["args"] == ["on"] else None


def to_set(hop: Hop, wanted: t.Mapping[str, str]) -> tuple[str, ...]:
    """Advice that gives directives these values for this hop; nothing of those that have them."""
    lines: dict[str, list[str]] = {}
    for name, value in wanted.items():
        given = setting(hop, name)
        if given is None or given["args"] != value.split():
            lines.setdefault(where_to_write(hop, name), []).append("%s %s;" % (directive(hop, name), value))
    return tuple("# %s: %s" % (place, " ".join(new)) for place, new in lines.items())


def where_to_write(hop: Hop, name: str) -> str:
    """Where a directive is to be written for this hop. nginx refuses the same one twice in a block: one that stands there is written anew."""
    return at_location(hop.routes[0], directive(hop, name))


def setting(hop: Hop, name: str) -> SettingInForce | None:
    """The directive in force on the first route that has it."""
    whole = directive(hop, name)
    found = [route["settings"][whole] for route in hop.routes if whole in route["settings"]]
    return found[0] if found else None
