# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small protocols among nginx's upstreams: uwsgi, SCGI, gRPC's HTTP/2, memcached; and AJP, which is none of them.

Private to this collection: it may change in any release.
"""

import socket
import struct
from typing import TYPE_CHECKING, Dict, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.header_faults import cgi_faults
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.http2 import PREFACE
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.http_message import (
    cgi_status,
    fields_of,
    head_of,
    header_end,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.reply import (
    Exchange,
    drain,
    exchange,
    protocol_of,
    reply,
    unanswered,
)

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.reply import Reply

MEMCACHED_VERSION = b"version\r\n"
#: Of Tomcat's AJP: is anybody there?
AJP_PING = b"\x12\x34\x00\x01\x0a"
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


def speak_cgi(sock: socket.socket, message: bytes, deadline: Deadline) -> "Reply":
    """Ask a uwsgi or SCGI server and return its reply: it answers with an HTTP status line or in CGI's manner."""
    sent = exchange(sock, message, deadline, lambda data: header_end(data) is not None)
    if sent.why:
        return unanswered(sent)
    size = header_end(sent.data) or 0
    protocol = protocol_of(sent.data)
    head = head_of(sent.data) if protocol == "http" else None
    status: Optional[int] = None
    faults: Optional[List[str]] = None
    if head:
        status, faults = head.status, list(head.faults)
    elif protocol == "cgi":
        status, faults = cgi_status(fields_of(sent.data[:size])), cgi_faults(sent.data[:size])
    answer = reply(protocol, sent, status=status, header_bytes=size, wire_bytes=size, faults=faults)
    drain(sock, deadline)
    return answer


def speak_http2(sock: socket.socket, deadline: Deadline) -> "Reply":
    """Begin HTTP/2 with prior knowledge, as grpc_pass does, and return the reply: a server answers with its SETTINGS."""
    sent = exchange(sock, PREFACE, deadline, lambda data: len(data) >= _HTTP2_FRAME)
    return _expected(sent, "http2", "not an HTTP/2 server")


def speak_ajp(sock: socket.socket, deadline: Deadline) -> "Reply":
    """Ask an AJP connector whether it is there, and return the reply."""
    sent = exchange(sock, AJP_PING, deadline, lambda data: len(data) >= len(AJP_PING))
    return _expected(sent, "ajp", "not an AJP connector")


def speak_memcached(sock: socket.socket, deadline: Deadline) -> "Reply":
    """Ask for memcached's version and return the reply."""
    sent = exchange(sock, MEMCACHED_VERSION, deadline, lambda data: b"\r\n" in data)
    return _expected(sent, "memcached", "not a memcached server")


def _expected(sent: Exchange, protocol: str, otherwise: str) -> "Reply":
    """The reply of a server that should speak this protocol, otherwise what is wrong."""
    if sent.why:
        return unanswered(sent)
    spoken = protocol_of(sent.data)
    return reply(spoken, sent, error=None if spoken == protocol else otherwise)
