# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FastCGI as far as a look needs it: a responder's answer to one request, and the question that no application sees.

Private to this collection: it may change in any release.
"""

import socket
import struct
import time
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.connection import Reader, explain, send
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.header_faults import cgi_faults
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.http import (
    METHODS,
    USER_AGENT,
    cgi_status,
    fields_of,
    header_end,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.reply import drain, reply, unanswered

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.reply import Reply

BEGIN_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT, STDERR, GET_VALUES, GET_VALUES_RESULT = 1, 3, 4, 5, 6, 7, 9, 10
_RESPONDER = 1
_HEADER = struct.Struct(">BBHHBx")
_END_REASONS = {1: "cannot multiplex", 2: "overloaded", 3: "unknown role"}


class Seen(NamedTuple):
    """What the records up to now say. wire counts the bytes on the wire up to the end of the header: what fastcgi_buffer_size must hold."""

    header: Optional[bytes]
    stderr: int
    wire: Optional[int]
    ended: bool
    reason: int
    kinds: Tuple[int, ...]


def record(kind: int, content: bytes, request: int = 1) -> bytes:
    return _HEADER.pack(1, kind, request, len(content), 0) + content


def _length(text: bytes) -> bytes:
    return struct.pack(">B", len(text)) if len(text) < 128 else struct.pack(">I", len(text) | 0x80000000)


def pairs(params: Dict[str, str]) -> bytes:
    """Name-value pairs of the protocol."""
    encoded = b""
    for name, value in params.items():
        one, other = name.encode("utf-8", "surrogateescape"), value.encode("utf-8", "surrogateescape")
        encoded += _length(one) + _length(other) + one + other
    return encoded


def params_for(method: str, uri: str, host: str, params: Dict[str, str]) -> Dict[str, str]:
    """What nginx's fastcgi_params would say, and what is given on top. Raises ValueError."""
    if method not in METHODS:
        raise ValueError("only GET and HEAD are asked, not %s" % method)
    path, _mark, query = uri.partition("?")
    made = {
        "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_SOFTWARE": "nginx", "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_NAME": host, "SERVER_ADDR": "127.0.0.1",
        "SERVER_PORT": "80", "REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "0", "REQUEST_SCHEME": "http", "REQUEST_METHOD": method, "REQUEST_URI": uri,
        "DOCUMENT_URI": path, "SCRIPT_NAME": path, "QUERY_STRING": query, "CONTENT_TYPE": "", "CONTENT_LENGTH": "", "REDIRECT_STATUS": "200",
        "HTTP_HOST": host, "HTTP_USER_AGENT": USER_AGENT, "HTTP_ACCEPT": "*/*",
    }  # fmt: skip
    made.update(params)
    return made


def request(params: Dict[str, str]) -> bytes:
    """A responder's request without a body; the application closes the connection."""
    encoded = pairs(params)
    message = record(BEGIN_REQUEST, struct.pack(">HB5x", _RESPONDER, 0))
    for place in range(0, len(encoded), 65535):
        message += record(PARAMS, encoded[place : place + 65535])
    return message + record(PARAMS, b"") + record(STDIN, b"")


def question() -> bytes:
    """FCGI_GET_VALUES: php-fpm's worker answers it itself, runs no script and logs nothing."""
    return record(GET_VALUES, pairs({"FCGI_MPXS_CONNS": ""}), 0)


def read_records(data: bytes) -> Optional[Seen]:
    """Read the records that have come in whole or in part; None where this is not FastCGI."""
    place, stdout, stderr, wire = 0, b"", 0, None
    kinds: List[int] = []
    size: Optional[int] = None
    while place + _HEADER.size <= len(data):
        version, kind, _request, length, padding = _HEADER.unpack_from(data, place)
        if version != 1 or not 1 <= kind <= 11:
            return None
        place += _HEADER.size
        content = data[place : place + length]
        kinds.append(kind)
        if kind == STDERR and size is None:
            stderr += len(content)
        if kind == STDOUT and size is None:
            stdout += content
            size = header_end(stdout)
            wire = place + len(content) - (len(stdout) - size) if size is not None else None
        place += length + padding
        if kind in (END_REQUEST, GET_VALUES_RESULT) and place <= len(data):
            return Seen(
                stdout[:size] if size else None,
                stderr,
                wire,
                True,
                content[4] if kind == END_REQUEST and length == 8 else 0,
                tuple(kinds),
            )
    return Seen(stdout[:size] if size else None, stderr, wire, False, 0, tuple(kinds))


def _read(reader: Reader) -> Tuple[Optional[Seen], Optional[str]]:
    """Read until the header or the end of the request is there; what was seen, or why not."""
    seen: Optional[Seen] = None
    try:
        while reader.more():
            if reader.data[0] != 1:
                return None, "not a FastCGI reply"
            seen = read_records(bytes(reader.data))
            if seen is None:
                return None, "not a FastCGI reply"
            if seen.header is not None or seen.ended:
                return seen, None
    except (OSError, ValueError) as error:
        return seen, explain(error, reader.deadline)
    return (
        seen,
        "connection closed before the header was complete" if reader.data else "connection closed without an answer",
    )


def speak(sock: socket.socket, message: bytes, deadline: Deadline) -> "Reply":
    """Send a message and tell the reply as docs/facts.md has it."""
    started = time.monotonic()
    reader = Reader(sock, deadline)
    try:
        send(sock, message, deadline)
    except OSError as error:
        return unanswered(reader, started, explain(error, deadline))
    seen, why = _read(reader)
    if seen is None or why:
        told = unanswered(reader, started, why or "")
        told["stderr_bytes"] = seen.stderr if seen else 0
        return told
    data = bytes(reader.data)
    if seen.header is None:
        return reply("fastcgi", data, started, stderr_bytes=seen.stderr, error=_without_header(seen))
    status, faults = cgi_status(fields_of(seen.header)), cgi_faults(seen.header)
    told = reply("fastcgi", data, started, status, len(seen.header), seen.stderr, seen.wire, faults=faults)
    if not seen.ended:
        drain(sock, deadline)
    return told


def _without_header(seen: Seen) -> Optional[str]:
    if GET_VALUES_RESULT in seen.kinds:
        return None
    if seen.reason:
        return "FastCGI application refused the request: %s" % _END_REASONS.get(seen.reason, str(seen.reason))
    return "FastCGI request ended without a header"
