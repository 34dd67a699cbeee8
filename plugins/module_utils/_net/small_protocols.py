# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small protocols among nginx's upstreams: uwsgi, SCGI, gRPC's HTTP/2, memcached.

Private to this collection: it may change in any release.
"""

import socket
import struct
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.connection import Reader, explain, send
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.header_faults import cgi_faults
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.http import (
    cgi_status,
    fields_of,
    head_of,
    header_end,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.reply import drain, protocol_of, reply, unanswered

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.reply import Reply

HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
MEMCACHED_VERSION = b"version\r\n"
_HTTP2_FRAME = 9


def uwsgi_request(params: Dict[str, str]) -> bytes:
    """A uwsgi packet (modifiers 0, 0). Raises ValueError where the parameters do not fit one."""
    texts = [text.encode("utf-8", "surrogateescape") for pair in params.items() for text in pair]
    if sum(len(text) + 2 for text in texts) > 65535:
        raise ValueError("parameters of more than 65535 bytes do not fit a uwsgi packet")
    body = b"".join(struct.pack("<H", len(text)) + text for text in texts)
    return struct.pack("<BHB", 0, len(body), 0) + body


def scgi_request(params: Dict[str, str]) -> bytes:
    """An SCGI netstring: CONTENT_LENGTH first, as the protocol wants it."""
    ordered = {"CONTENT_LENGTH": "0", "SCGI": "1"}
    ordered.update((name, value) for name, value in params.items() if name not in ordered)
    body = b"".join(text.encode("utf-8", "surrogateescape") + b"\0" for pair in ordered.items() for text in pair)
    return str(len(body)).encode("ascii") + b":" + body + b","


def _line_end(data: bytes) -> Optional[int]:
    return data.find(b"\r\n") + 2 if b"\r\n" in data else None


def _frame_end(data: bytes) -> Optional[int]:
    return _HTTP2_FRAME if len(data) >= _HTTP2_FRAME else None


def exchange(
    sock: socket.socket, message: bytes, deadline: Deadline, ends: Callable[[bytes], Optional[int]]
) -> Tuple[Reader, float, Optional[str]]:
    """Send a message and read until its answer's end is there: the reader, when it began, and why there is none."""
    started = time.monotonic()
    reader = Reader(sock, deadline)
    try:
        send(sock, message, deadline)
        while ends(bytes(reader.data)) is None:
            if not reader.more():
                return (
                    reader,
                    started,
                    "connection closed before the header was complete"
                    if reader.data
                    else "connection closed without an answer",
                )
    except (OSError, ValueError) as error:
        return reader, started, explain(error, deadline)
    return reader, started, None


def speak_cgi(sock: socket.socket, message: bytes, deadline: Deadline) -> "Reply":
    """Ask a uwsgi or SCGI server: it answers with an HTTP status line or in CGI's manner."""
    reader, started, why = exchange(sock, message, deadline, header_end)
    if why:
        return unanswered(reader, started, why)
    data = bytes(reader.data)
    size = header_end(data) or 0
    protocol = protocol_of(data)
    head = head_of(data) if protocol == "http" else None
    known: Dict[str, Any] = {"header_bytes": size, "wire_bytes": size}
    if head:
        known.update(status=head.status, faults=list(head.faults))
    elif protocol == "cgi":
        known.update(status=cgi_status(fields_of(data[:size])), faults=cgi_faults(data[:size]))
    told = reply(protocol, data, started, **known)
    drain(sock, deadline)
    return told


def speak_http2(sock: socket.socket, deadline: Deadline) -> "Reply":
    """Begin HTTP/2 with prior knowledge, as grpc_pass does: a server answers with its SETTINGS."""
    return _opening(sock, HTTP2_PREFACE, deadline, _frame_end, "http2", "not an HTTP/2 server")


def speak_memcached(sock: socket.socket, deadline: Deadline) -> "Reply":
    return _opening(sock, MEMCACHED_VERSION, deadline, _line_end, "memcached", "not a memcached server")


def _opening(
    sock: socket.socket,
    message: bytes,
    deadline: Deadline,
    ends: Callable[[bytes], Optional[int]],
    wanted: str,
    other: str,
) -> "Reply":
    reader, started, why = exchange(sock, message, deadline, ends)
    if why:
        return unanswered(reader, started, why)
    protocol = protocol_of(bytes(reader.data))
    return reply(protocol, bytes(reader.data), started, error=None if protocol == wanted else other)
