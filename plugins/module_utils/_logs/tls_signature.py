# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signature of what the TLS library says of a connection to an upstream.

Alerts are compared by number. Reasons are compared by their words, which OpenSSL, LibreSSL and BoringSSL share, and by number where a library is
built without its words: `error:0A000086:lib(20)::reason(134)`.

Private to this collection: it may change in any release.
"""

import re
from typing import Optional, Tuple

_CODE = re.compile(r"error:([0-9A-Fa-f]{8,16}):")
_ALERT = re.compile(r"SSL alert number (\d{1,3})\b")
_WRONG_PROTOCOL = re.compile(r"wrong.version.number|unknown.protocol|packet.length.too.long|record.layer.failure", re.I)
_EOF = re.compile(r"unexpected.eof.while.reading", re.I)
_VERSION = re.compile(
    r"unsupported.protocol|wrong.ssl.version|no.protocols.available|version.too.low|inappropriate.fallback|no.ciphers.available"
    r"|no.shared.cipher|no.cipher.match|(?:unknown|wrong).cipher.returned|unsafe.legacy.renegotiation|(?:dh|ee|ca).key.too.(?:small|short)"
    r"|(?:ca.md|dh.p).too.(?:weak|short)|legacy.sigalg|wrong.signature.type|no.suitable.(?:key.share|signature.algorithm)"
    r"|no.common.signature.algorithms|wrong.curve|unknown.group|insufficient.security",
    re.I,
)
# An earlier session that the two remember differently.
_SESSION = re.compile(r"digest.check.failed|bad.record.mac|bad.decrypt|session.id.context|invalid.session.id", re.I)
# Alerts, RFC 8446 section 6.2 and those before it.
NAME_ALERTS = (40, 80, 112)
CERTIFICATE_ALERTS = (41, 42, 43, 44, 45, 46, 48, 49, 116)
VERSION_ALERTS = (60, 70, 71, 86)
SESSION_ALERTS = (20, 51, 115)
NO_APPLICATION_PROTOCOL = 120
# Reasons of OpenSSL; those above 1000 are alerts.
VERIFY_FAILED, WRONG_VERSION_NUMBER, UNKNOWN_PROTOCOL, UNEXPECTED_EOF = 134, 267, 252, 294
UNSUPPORTED_PROTOCOL, NO_PROTOCOLS, VERSION_TOO_LOW = 258, 191, 396


def _reasons(message: str) -> Tuple[int, ...]:
    """OpenSSL's reason codes: the low 12 bits of each error, in all its versions."""
    return tuple(int(code, 16) & 0xFFF for code in _CODE.findall(message))


def _alerts(message: str) -> Tuple[int, ...]:
    """The alerts that the upstream sent."""
    numbers = [int(number) for number in _ALERT.findall(message)]
    return tuple(numbers + [reason - 1000 for reason in _reasons(message) if reason > 1000])


def is_eof(message: str) -> bool:
    """Whether the upstream closed the connection without saying so in TLS."""
    return bool(_EOF.search(message))


def is_about_a_session(message: str) -> bool:
    """Whether keys differ that the two had agreed upon: mostly those of an earlier session that is gone on with."""
    return bool(_SESSION.search(message)) or any(alert in SESSION_ALERTS for alert in _alerts(message))


def refuses_certificate(message: str) -> bool:
    """Whether the upstream ends the connection for the certificate that nginx shows, or shows none. With TLS 1.3 it does so after the handshake."""
    return any(alert in CERTIFICATE_ALERTS for alert in _alerts(message))


def handshake_signature(message: str) -> Optional[str]:
    """The id of a handshake with an upstream that failed; None where only an errno can decide, or nothing does."""
    reasons, alerts = _reasons(message), _alerts(message)
    if any(alert in NAME_ALERTS for alert in alerts):
        return "upstream_tls_sni"
    if VERIFY_FAILED in reasons:
        return "upstream_tls_verify"
    if WRONG_VERSION_NUMBER in reasons or UNKNOWN_PROTOCOL in reasons:
        return "upstream_tls_scheme_mismatch"
    if refuses_certificate(message):
        return "upstream_tls_client_certificate"
    if NO_APPLICATION_PROTOCOL in alerts:
        return "upstream_protocol_mismatch"
    if any(alert in VERSION_ALERTS for alert in alerts) or _VERSION.search(message):
        return "upstream_tls_protocol"
    if any(reason in (UNSUPPORTED_PROTOCOL, NO_PROTOCOLS, VERSION_TOO_LOW) for reason in reasons):
        return "upstream_tls_protocol"
    if _WRONG_PROTOCOL.search(message):
        return "upstream_tls_scheme_mismatch"
    ended = UNEXPECTED_EOF in reasons or is_eof(message) or is_about_a_session(message)
    return "upstream_tls_reset" if ended else None
