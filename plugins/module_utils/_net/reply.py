# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came back from an upstream: its shape in the facts, and which protocol the first bytes belong to.

Private to this collection: it may change in any release.
"""

import re
import socket
import time
from typing import TYPE_CHECKING, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.connection import BODY_LIMIT, BODY_SECONDS, Reader
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import escaped

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from typing_extensions import NotRequired

    class Reply(TypedDict):
        """What came back from an upstream."""

        protocol: str  # by the first bytes: fastcgi | http | http2 | tls | cgi | memcached | unknown
        status: Optional[int]
        header_bytes: Optional[int]
        stderr_bytes: int
        wire_bytes: Optional[
            int
        ]  # all up to the end of the header, with FastCGI's framing and stderr: what the buffer must hold
        error: Optional[str]  # why there is no proper reply
        seconds: float
        began: str  # the first 16 bytes, escaped
        faults: NotRequired[List[str]]  # http, fastcgi, cgi: what nginx refuses in that header, in words


_CGI_LINE = re.compile(rb"\A[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t]")
_FASTCGI = re.compile(rb"\A\x01[\x01-\x0b]")
_TLS_RECORD = re.compile(rb"\A[\x14-\x17]\x03[\x00-\x04]")
_HTTP2_SETTINGS = re.compile(rb"\A\x00[\x00-\xff]{2}\x04[\x00\x01]\x00\x00\x00\x00", re.DOTALL)


def reply(
    protocol: str,
    data: bytes,
    started: float,
    status: Optional[int] = None,
    header_bytes: Optional[int] = None,
    stderr_bytes: int = 0,
    wire_bytes: Optional[int] = None,
    error: Optional[str] = None,
    faults: Optional[List[str]] = None,
) -> "Reply":
    """A reply that began with data, asked for at started (monotonic clock); what is not given of it is not known."""
    made: "Reply" = {
        "protocol": protocol,
        "status": status,
        "header_bytes": header_bytes,
        "stderr_bytes": stderr_bytes,
        "wire_bytes": wire_bytes,
        "error": error,
        "seconds": round(time.monotonic() - started, 6),
        "began": escaped(data),
    }
    if faults is not None:
        made["faults"] = faults
    return made


def protocol_of(data: bytes) -> str:
    """What the first bytes belong to: http, http2, tls, fastcgi, memcached, cgi (header lines alone) or unknown."""
    for protocol, fits in (
        ("http", data.startswith(b"HTTP/")),
        ("tls", _TLS_RECORD.match(data)),
        ("fastcgi", _FASTCGI.match(data)),
        ("http2", _HTTP2_SETTINGS.match(data)),
        ("memcached", data.startswith((b"VERSION ", b"ERROR\r\n"))),
        ("cgi", _CGI_LINE.match(data)),
    ):
        if fits:
            return protocol
    return "unknown"


def drain(sock: socket.socket, deadline: Deadline, already: bytes = b"") -> bytes:
    """Read what follows the header, for a short while and up to a limit, so that the peer is not cut off while it writes a small page."""
    reader = Reader(sock, Deadline(BODY_SECONDS, deadline), BODY_LIMIT)
    reader.data += already
    try:
        while reader.more():
            pass
    except (OSError, ValueError):
        pass
    return bytes(reader.data)


def unanswered(reader: Reader, started: float, why: str) -> "Reply":
    """A reply that never came to the end of its header."""
    data = bytes(reader.data)
    over = len(data) if len(data) >= reader.limit else None
    protocol: Optional[str] = protocol_of(data) if data else None
    return reply(protocol or "unknown", data, started, error=why, header_bytes=over, wire_bytes=over)
