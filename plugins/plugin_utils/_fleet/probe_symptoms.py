# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backend did when it was asked directly, as the signature that nginx's own line would have: where nginx writes none, this is all there is.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.tls_signature import handshake_signature

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.reply import Reply
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.tls import Handshake

#: What is heard from a backend that speaks the protocol of a family.
SPEAKS: t.Mapping[str, tuple[str, ...]] = {
    "fastcgi": ("fastcgi",),
    "proxy": ("http",),
    "grpc": ("http2",),
    "memcached": ("memcached",),
    "uwsgi": ("http", "cgi"),
    "scgi": ("http", "cgi"),
}

#: Python names an alert, without the number by which nginx's own lines are read.
_TLS_WORDS = (
    (re.compile(r"certificate verify error"), "upstream_tls_verify"),
    (re.compile(r"peer closed connection"), "upstream_tls_reset"),
    (re.compile(r"alert protocol version"), "upstream_tls_protocol"),
    (re.compile(r"unrecognized name|alert (?:handshake failure|internal error)"), "upstream_tls_sni"),
    (
        re.compile(
            r"alert (?:no certificate|bad certificate|(?:unsupported )?certificate|unknown ca|access denied|certificate required)"
        ),
        "upstream_tls_client_certificate",
    ),
    (re.compile(r"no application protocol"), "upstream_protocol_mismatch"),
)
#: By how the exchange ended.
_ENDED: t.Mapping[str | None, str] = {
    "closed": "upstream_closed_prematurely",
    "reset": "upstream_connection_reset",
    "late": "upstream_read_timeout",
    "endless": "response_header_too_big",
}
_DOES = {
    "upstream_closed_prematurely": "ends the connection: %s",
    "upstream_connection_reset": "ends the connection: %s",
    "upstream_read_timeout": "takes the connection and gives %s",
}


class Sign(t.NamedTuple):
    """A signature, and what the backend did that has it. look: the kind of look that saw it."""

    signature: str
    seen: str
    look: str = "probe"


def handshake_sign(tls: Handshake) -> Sign | None:
    """What the handshake failed with; None where it did not, or with nothing that is known."""
    if tls["ok"] is not False:
        return None
    words = tls["error"] or ""
    if tls.get("plain"):
        return Sign(
            "upstream_tls_scheme_mismatch", "is silent in the TLS handshake, and answers HTTP without TLS", "tls"
        )
    signature = _first(_TLS_WORDS, words) or handshake_signature(words)
    return Sign(signature, "ends the TLS handshake: %s" % words, "tls") if signature else None


def reply_sign(family: str, reply: Reply) -> Sign | None:
    """What is wrong with the reply; None where nothing is, or nothing that is known."""
    words, protocol = reply.get("error") or "", reply.get("protocol")
    if words and protocol not in ("unknown", None, *SPEAKS.get(family, (protocol,))):
        return Sign("upstream_protocol_mismatch", "speaks %s: %s" % (protocol, reply.get("began")))
    signature = _first(_TLS_WORDS, words) or _ENDED.get(reply.get("ended"))
    if signature:
        return Sign(signature, _DOES.get(signature, "gives no whole answer: %s") % words)
    faults = reply.get("faults")
    return Sign("upstream_invalid_header", "sends a header with %s" % "; ".join(faults)) if faults else None


def _first(table: t.Iterable[tuple[t.Pattern[str], str]], words: str) -> str | None:
    """The signature of the first pattern that is found in the words."""
    return next((signature for pattern, signature in table if pattern.search(words)), None)
