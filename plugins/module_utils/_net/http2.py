# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/2 with prior knowledge, as far as it takes to learn the status of one answer: what grpc_pass speaks, and a `listen ... http2` without TLS.

Private to this collection: it may change in any release.
"""

import socket
import struct
from typing import TYPE_CHECKING, Iterator, Mapping, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.reply import (
    exchange,
    protocol_of,
    reply,
    unanswered,
)

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.reply import Reply

#: The preface and empty SETTINGS.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
_HEAD = 9
_HEADERS, _RESET, _GOAWAY = 1, 3, 7
_END_STREAM, _END_HEADERS, _PADDED, _PRIORITY = 1, 4, 8, 32
#: :status with a value, in HPACK's static table; the first of them also stands for the name alone.
_STATUSES = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}
#: Huffman codes of digits, RFC 7541, appendix B.
_DIGITS = {"00000": "0", "00001": "1", "00010": "2"}
_DIGITS.update((format(0x19 + number, "06b"), str(3 + number)) for number in range(7))


class _Frame(NamedTuple):
    kind: int
    flags: int
    stream: int
    payload: bytes


def request(method: str, path: str, scheme: str, host: str, headers: Mapping[str, str]) -> bytes:
    """One request without a body, with all that goes before it on a connection."""
    fields = {":method": method, ":scheme": scheme, ":path": path, ":authority": host}
    fields.update((name.lower(), value) for name, value in headers.items())
    block = b"".join(b"\x00" + _text(name) + _text(value) for name, value in fields.items())
    head = struct.pack("!I", len(block))[1:] + bytes([_HEADERS, _END_STREAM | _END_HEADERS]) + struct.pack("!I", 1)
    return PREFACE + head + block


def _text(text: str) -> bytes:
    """A string of HPACK, as it is."""
    data = text.encode("utf-8", "surrogateescape")
    size, more = len(data), bytearray()
    if size >= 127:
        more += b"\x7f"
        size -= 127
        while size >= 128:
            more.append(size % 128 + 128)
            size //= 128
    return bytes(more) + bytes([size]) + data


def _frames(data: bytes) -> Iterator[_Frame]:
    """The whole frames of what a server has sent."""
    at = 0
    while len(data) >= at + _HEAD:
        size = int.from_bytes(data[at : at + 3], "big")
        if len(data) < at + _HEAD + size:
            return
        stream = int.from_bytes(data[at + 5 : at + _HEAD], "big") & 0x7FFFFFFF
        yield _Frame(data[at + 3], data[at + 4], stream, data[at + _HEAD : at + _HEAD + size])
        at += _HEAD + size


def _last(data: bytes) -> Optional[_Frame]:
    """The frame that answers the request, or refuses it; None while it has not come. Raises ValueError where this is no HTTP/2."""
    if len(data) >= _HEAD and protocol_of(data) != "http2":
        raise ValueError("not an HTTP/2 server")
    wanted = (one for one in _frames(data) if (one.kind, one.stream) in ((_HEADERS, 1), (_RESET, 1), (_GOAWAY, 0)))
    return next(wanted, None)


def has_answered(data: bytes) -> bool:
    """Whether the answer to the request has begun. Raises ValueError where this is no HTTP/2."""
    return _last(data) is not None


def status_of(data: bytes) -> Optional[int]:
    """The status of the answer; None where there is none."""
    found = _last(data)
    if found is None or found.kind != _HEADERS:
        return None
    skipped = (1 if found.flags & _PADDED else 0) + (5 if found.flags & _PRIORITY else 0)
    block = found.payload[skipped:].lstrip(bytes(range(0x20, 0x40)))  # changes of the table's size
    first = block[0] if block else 0
    if first & 0x80:
        return _STATUSES.get(first & 0x7F)
    name = first & (0x3F if first & 0x40 else 0x0F)
    return _number(block[1], block[2 : 2 + (block[1] & 0x7F)]) if name in _STATUSES and len(block) > 1 else None


def _number(size: int, value: bytes) -> Optional[int]:
    """A number as HPACK writes it. size: the byte before it, which says whether it is in Huffman's code."""
    text = value.decode("latin-1")
    if size & 0x80:
        bits, text = "".join(format(byte, "08b") for byte in value), ""
        while bits[:5] in _DIGITS or bits[:6] in _DIGITS:
            code = bits[:5] if bits[:5] in _DIGITS else bits[:6]
            text, bits = text + _DIGITS[code], bits[len(code) :]
    return int(text) if text.isdecimal() and len(text) == 3 else None


def speak(sock: socket.socket, message: bytes, deadline: Deadline) -> "Reply":
    """Send a request and return the reply."""
    sent = exchange(sock, message, deadline, has_answered)
    if sent.why:
        return unanswered(sent)
    status = status_of(sent.data)
    return reply("http2", sent, status=status, error=None if status else "the stream was refused or reset")
