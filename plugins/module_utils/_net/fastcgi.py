# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FastCGI as far as a look needs it: a request to a responder, a question that php-fpm answers without running a script, and the replies.

Private to this collection: it may change in any release.
"""

import socket
import struct
from typing import TYPE_CHECKING, Dict, Iterator, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.header_faults import cgi_faults
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.http_message import (
    METHODS,
    USER_AGENT,
    cgi_status,
    fields_of,
    header_end,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.reply import drain, exchange, reply, unanswered

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.reply import Reply

BEGIN_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT, STDERR, GET_VALUES, GET_VALUES_RESULT = 1, 3, 4, 5, 6, 7, 9, 10
_RESPONDER = 1
_HEADER = struct.Struct(">BBHHBx")
_NOT_FASTCGI = "not a FastCGI reply"
_END_REASONS = {1: "cannot multiplex", 2: "overloaded", 3: "unknown role"}


class Record(NamedTuple):
    """A record as far as it has come in."""

    kind: int
    content: bytes
    place: int  # of the content among all bytes
    whole: bool


class Seen(NamedTuple):
    """What the records say that have come in up to now."""

    header: Optional[bytes]
    stderr: int  # bytes of standard error up to the end of the header
    wire: Optional[int]  # bytes on the wire up to the end of the header: what fastcgi_buffer_size must hold
    last: Optional[Record]  # the one that ended the request

    @property
    def ended(self) -> bool:
        """Whether the request is over."""
        return self.last is not None


def record(kind: int, content: bytes, request: int = 1) -> bytes:
    """The bytes of a record."""
    return _HEADER.pack(1, kind, request, len(content), 0) + content


def _length(text: bytes) -> bytes:
    return struct.pack(">B", len(text)) if len(text) < 128 else struct.pack(">I", len(text) | 0x80000000)


def pairs(params: Dict[str, str]) -> bytes:
    """Parameters as the protocol writes name-value pairs."""
    encoded = b""
    for name, value in params.items():
        one, other = name.encode("utf-8", "surrogateescape"), value.encode("utf-8", "surrogateescape")
        encoded += _length(one) + _length(other) + one + other
    return encoded


def params_for(method: str, uri: str, host: str, params: Dict[str, str]) -> Dict[str, str]:
    """The parameters that nginx's fastcgi_params would set, and over them those that are given. Raises ValueError."""
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
    """The bytes of a request without a body; the application closes the connection after it."""
    encoded = pairs(params)
    message = record(BEGIN_REQUEST, struct.pack(">HB5x", _RESPONDER, 0))
    for place in range(0, len(encoded), 65535):
        message += record(PARAMS, encoded[place : place + 65535])
    return message + record(PARAMS, b"") + record(STDIN, b"")


def question() -> bytes:
    """The bytes of FCGI_GET_VALUES: php-fpm's worker answers it itself, runs no script and logs nothing."""
    return record(GET_VALUES, pairs({"FCGI_MPXS_CONNS": ""}), 0)


def read_records(data: bytes) -> Seen:
    """What the records that have come in say. Raises ValueError where this is not FastCGI."""
    stdout, stderr = b"", 0
    size: Optional[int] = None
    wire: Optional[int] = None
    last: Optional[Record] = None
    for found in _records(data):
        if found.kind == STDERR and size is None:
            stderr += len(found.content)
        if found.kind == STDOUT and size is None:
            stdout += found.content
            size = header_end(stdout)
            wire = found.place + len(found.content) - (len(stdout) - size) if size is not None else None
        if found.kind in (END_REQUEST, GET_VALUES_RESULT) and found.whole:
            last = found
            break
    return Seen(stdout[:size] if size else None, stderr, wire, last)


def _records(data: bytes) -> Iterator[Record]:
    place = 0
    while place + _HEADER.size <= len(data):
        version, kind, _request, length, padding = _HEADER.unpack_from(data, place)
        if version != 1 or not 1 <= kind <= 11:
            raise ValueError(_NOT_FASTCGI)
        place += _HEADER.size
        yield Record(kind, data[place : place + length], place, place + length + padding <= len(data))
        place += length + padding


def _is_complete(data: bytes) -> bool:
    """Whether the header or the end of the request is there. Raises ValueError where this is not FastCGI."""
    if data[:1] != b"\x01":
        raise ValueError(_NOT_FASTCGI)
    seen = read_records(data)
    return seen.header is not None or seen.ended


def speak(sock: socket.socket, message: bytes, deadline: Deadline) -> "Reply":
    """Send a message and return the reply."""
    sent = exchange(sock, message, deadline, _is_complete)
    if sent.why:
        return unanswered(sent, 0 if sent.why == _NOT_FASTCGI else read_records(sent.data).stderr)
    seen = read_records(sent.data)
    if seen.header is None:
        return reply("fastcgi", sent, stderr_bytes=seen.stderr, error=_without_header(seen))
    status, faults = cgi_status(fields_of(seen.header)), cgi_faults(seen.header)
    answer = reply("fastcgi", sent, status, len(seen.header), seen.stderr, seen.wire, faults=faults)
    if not seen.ended:
        drain(sock, deadline)
    return answer


def _without_header(seen: Seen) -> Optional[str]:
    """Why a reply has no header; None for the answer to question(), which needs none."""
    if seen.last is None or seen.last.kind == GET_VALUES_RESULT:
        return None
    # FCGI_EndRequestBody: appStatus in 4 bytes, then protocolStatus.
    reason = seen.last.content[4] if len(seen.last.content) == 8 else 0
    if reason:
        return "FastCGI application refused the request: %s" % _END_REASONS.get(reason, str(reason))
    return "FastCGI request ended without a header"
