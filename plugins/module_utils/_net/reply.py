# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages sent to an upstream, and what comes back: its shape in the facts, and the protocol that it belongs to.

Private to this collection: it may change in any release.
"""

import re
import socket
import time
from typing import TYPE_CHECKING, Callable, List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.connection import (
    BODY_LIMIT,
    BODY_SECONDS,
    HEADER_LIMIT,
    Reader,
    ended_by,
    explain,
    send,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import escaped

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from typing_extensions import NotRequired

    class Reply(TypedDict):
        """What came back from an upstream."""

        # by the first bytes: fastcgi | http | http2 | tls | cgi | memcached | unknown; http/1.1: hangs up on HTTP/1.0 alone
        protocol: str
        status: Optional[int]
        header_bytes: Optional[int]
        stderr_bytes: int
        # all up to the end of the header, with FastCGI's framing and stderr: what the buffer must hold
        wire_bytes: Optional[int]
        error: Optional[str]  # why there is no proper reply
        ended: Optional[
            str
        ]  # how it was broken off: closed | reset | late | endless (no end of a header); None: another way, or not
        seconds: float
        began: str  # the first 16 bytes, escaped
        faults: NotRequired[List[str]]  # http, fastcgi, cgi: what nginx refuses in that header, in words


_CGI_LINE = re.compile(rb"\A[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t]")
_FASTCGI = re.compile(rb"\A\x01[\x01-\x0b]")
_TLS_RECORD = re.compile(rb"\A[\x14-\x17]\x03[\x00-\x04]")
_HTTP2_SETTINGS = re.compile(rb"\A\x00[\x00-\xff]{2}\x04[\x00\x01]\x00\x00\x00\x00", re.DOTALL)


class Exchange(NamedTuple):
    """A message that was sent, and what has come back of the answer."""

    started: float  # by the monotonic clock
    data: bytes
    why: Optional[str]  # why the answer is not complete
    ended: Optional[str] = None  # how it was broken off, as Reply has it


def exchange(sock: socket.socket, message: bytes, deadline: Deadline, complete: Callable[[bytes], bool]) -> Exchange:
    """Send a message and read until the answer is complete. complete raises ValueError for bytes that cannot become one."""
    started = time.monotonic()
    reader = Reader(sock, deadline)
    try:
        send(sock, message, deadline)
    except OSError as error:
        return Exchange(started, b"", explain(error, deadline), ended_by(error))
    why = reader.until(complete)
    return Exchange(started, bytes(reader.data), why, reader.ended)


def reply(
    protocol: str,
    answered: Exchange,
    status: Optional[int] = None,
    header_bytes: Optional[int] = None,
    stderr_bytes: int = 0,
    wire_bytes: Optional[int] = None,
    error: Optional[str] = None,
    faults: Optional[List[str]] = None,
) -> "Reply":
    """The facts of an answer. What is not given is not known of it."""
    made: "Reply" = {
        "protocol": protocol,
        "status": status,
        "header_bytes": header_bytes,
        "stderr_bytes": stderr_bytes,
        "wire_bytes": wire_bytes,
        "error": error,
        "ended": answered.ended,
        "seconds": round(time.monotonic() - answered.started, 6),
        "began": escaped(answered.data),
    }
    if faults is not None:
        made["faults"] = faults
    return made


def unanswered(sent: Exchange, stderr_bytes: int = 0) -> "Reply":
    """The facts of an answer that never came to the end of its header."""
    over = len(sent.data) if len(sent.data) >= HEADER_LIMIT else None
    return reply(
        protocol_of(sent.data),
        sent,
        header_bytes=over,
        stderr_bytes=stderr_bytes,
        wire_bytes=over,
        error=sent.why,
    )


def protocol_of(data: bytes) -> str:
    """What the first bytes belong to: http, http2, tls, fastcgi, memcached, ajp, cgi (header lines alone) or unknown."""
    for protocol, fits in (
        ("http", data.startswith(b"HTTP/")),
        ("tls", _TLS_RECORD.match(data)),
        ("fastcgi", _FASTCGI.match(data)),
        ("http2", _HTTP2_SETTINGS.match(data)),
        ("memcached", data.startswith((b"VERSION ", b"ERROR\r\n"))),
        ("ajp", data.startswith(b"AB\x00\x01\x09")),
        ("cgi", _CGI_LINE.match(data)),
    ):
        if fits:
            return protocol
    return "unknown"


def drain(sock: socket.socket, deadline: Deadline, already: bytes = b"") -> bytes:
    """Read what follows the header, for a short while and up to a limit, so that the peer is not cut off while it writes a small page.

    already: what has been read of the answer. Returns that and what followed.
    """
    reader = Reader(sock, Deadline(BODY_SECONDS, deadline), BODY_LIMIT)
    reader.data += already
    try:
        while reader.more():
            pass
    except (OSError, ValueError):
        pass
    return bytes(reader.data)
