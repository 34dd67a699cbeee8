# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The TLS handshake that nginx makes with an upstream.

Private to this collection: it may change in any release.
"""

import errno
import socket
import ssl
import warnings
from typing import TYPE_CHECKING, Collection, Iterator, List, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import is_number
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.connection import explain
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import escaped

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from typing_extensions import NotRequired

    class NamedHandshake(TypedDict):
        """How a handshake went once a server name was sent."""

        name: str
        ok: bool
        error: Optional[str]

    class Handshake(TypedDict):
        """How a TLS handshake went."""

        ok: bool
        error: Optional[str]
        version: Optional[str]
        subject: Optional[str]  # common name of the peer's certificate
        expires: Optional[str]  # when that certificate ends: YYYY-MM-DD HH:MM:SS, in UTC
        # on failure: with a name that nginx does not send; None: none to try
        with_name: NotRequired[Optional[NamedHandshake]]
        takes: NotRequired[List[str]]  # on failure: the TLS versions in which it answers, with any cipher
        asks_certificate: NotRequired[bool]  # on failure: whether it asks for a client certificate
        plain: NotRequired[bool]  # on silence: whether it answers HTTP without TLS
        wants_line: NotRequired[bool]  # on failure: whether it shakes hands after the line of the PROXY protocol


_COMMON_NAME = b"\x55\x04\x03"
_SUBJECT_LIMIT = 100
#: The versions of TLS that Python and nginx both have, as nginx writes them.
VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
#: As nginx says it, of a server that ends a handshake without a word.
HUNG_UP = "peer closed connection in SSL handshake"
#: OpenSSL 3's name of an end without notice, and what Pythons that know older ones only make of its number.
_EOF_REASONS = ("UNEXPECTED_EOF_WHILE_READING", "KRB5_S_TKT_NYV")


class Tls(NamedTuple):
    """The settings of nginx for a handshake, named like its proxy_ssl_ directives; server_name is proxy_ssl_name where it is sent."""

    server_name: Optional[str] = None
    verify: bool = False
    trusted_certificate: Optional[str] = None
    crl: Optional[str] = None
    certificate: Optional[str] = None
    certificate_key: Optional[str] = None
    alpn: Optional[str] = None
    protocols: Optional[str] = None
    ciphers: Optional[str] = None


def context(tls: Tls) -> ssl.SSLContext:
    """The context of a handshake, with its certificates read: as root, as nginx's master reads them. Raises OSError, ssl.SSLError."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = bool(tls.verify and tls.server_name)
    made.verify_mode = ssl.CERT_REQUIRED if tls.verify else ssl.CERT_NONE
    made.set_ciphers(tls.ciphers or "DEFAULT")
    if tls.protocols:
        only_versions(made, tls.protocols.split())
    if tls.trusted_certificate:
        made.load_verify_locations(cafile=tls.trusted_certificate)
    if tls.crl:
        made.load_verify_locations(cafile=tls.crl)
        made.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
    if tls.certificate:
        made.load_cert_chain(tls.certificate, tls.certificate_key)
    if tls.alpn:
        made.set_alpn_protocols([tls.alpn])
    return made


def only_versions(made: ssl.SSLContext, wanted: Collection[str]) -> None:
    """Let a context speak these versions of TLS alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some are old, which is why they are tried
        if hasattr(made, "minimum_version"):
            made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        for version in VERSIONS:
            if version not in wanted:
                made.options |= getattr(ssl, "OP_NO_" + version.replace(".", "_"), 0)


def handshake(
    sock: socket.socket, made: ssl.SSLContext, server_name: Optional[str], deadline: Deadline
) -> "Tuple[Optional[ssl.SSLSocket], Handshake]":
    """Shake hands with a server: the socket to go on with, None where that failed, and the facts of the handshake."""
    name = server_name if server_name and (made.check_hostname or not is_number(server_name)) else None
    sock.settimeout(max(0.001, deadline.left()))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wrapped = made.wrap_socket(sock, server_hostname=name)
        certificate = wrapped.getpeercert(True) or b""
    except (OSError, ValueError) as error:
        return None, {"ok": False, "error": failure(error, deadline), "version": None, "subject": None, "expires": None}
    return wrapped, {
        "ok": True, "error": None, "version": wrapped.version(), "subject": subject(certificate), "expires": expires(certificate),
    }  # fmt: skip


def failure(error: Exception, deadline: Deadline) -> str:
    """Why a handshake failed, in one line."""
    if (
        isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError))
        or getattr(error, "errno", None) == errno.ENOTCONN
    ):
        return HUNG_UP
    if getattr(error, "reason", None) in _EOF_REASONS:
        return HUNG_UP
    if isinstance(error, ssl.CertificateError) or getattr(error, "reason", None) == "CERTIFICATE_VERIFY_FAILED":
        return "certificate verify error: %s" % getattr(error, "verify_message", error)
    if isinstance(error, ssl.SSLError) and not getattr(error, "reason", None):
        # One that Python has no name for; its number means nothing to the system.
        words = str(error.strerror or error).rpartition("] ")[2]
        return "the TLS library refuses it: %s" % words.partition(" (_ssl")[0]
    return explain(error, deadline)


def _elements(data: bytes) -> Iterator[Tuple[int, bytes]]:
    """Tag and content of each DER element in a row; ends where the data makes no sense."""
    place = 0
    while place + 2 <= len(data):
        tag, length = data[place], data[place + 1]
        place += 2
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[place : place + count], "big")
            place += count
        if place + length > len(data):
            return
        yield tag, data[place : place + length]
        place += length


def _parts(certificate: bytes) -> List[bytes]:
    """The parts of a certificate in DER from its number on: signature, issuer, validity, subject; empty where it makes no sense."""
    body = [content for _tag, content in _elements(certificate)][:1]
    tbs = [content for _tag, content in _elements(body[0])][:1] if body else []
    parts = [content for tag, content in _elements(tbs[0]) if tag != 0xA0] if tbs else []
    return parts if len(parts) >= 5 else []


def expires(certificate: bytes) -> Optional[str]:
    """When a certificate in DER ends: YYYY-MM-DD HH:MM:SS, in UTC."""
    for part in _parts(certificate)[3:4]:
        times = [content.decode("ascii", "replace") for _tag, content in _elements(part)]
        end = times[-1] if times else ""
        # RFC 5280: two digits of a year, from 50 on of the last century.
        whole = end if len(end) == 15 else ("19" if end >= "5" else "20") + end
        if len(whole) == 15 and whole[:14].isdigit():
            return "%s-%s-%s %s:%s:%s" % (whole[:4], whole[4:6], whole[6:8], whole[8:10], whole[10:12], whole[12:14])
    return None


def subject(certificate: bytes) -> Optional[str]:
    """Common name of a certificate in DER. Python gives a decoded certificate only where it has been verified."""
    for part in _parts(certificate)[4:5]:
        for _tag, relative in _elements(part):
            for _set_tag, pair in _elements(relative):
                fields = [content for _tag, content in _elements(pair)]
                if len(fields) == 2 and fields[0] == _COMMON_NAME:
                    return escaped(fields[1], _SUBJECT_LIMIT)
    return None
