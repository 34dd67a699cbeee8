# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS messages: the bytes of a question, and the addresses in a response.

Private to this collection: it may change in any release.
"""

import socket
import struct
from typing import List, NamedTuple, Optional, Tuple

A, AAAA = 1, 28
TYPES = {A: "A", AAAA: "AAAA"}
RCODES = {1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}

_IN = 1
_HEADER = struct.Struct(">HHHHHH")
_RESPONSE, _TRUNCATED, _RECURSION_DESIRED, _UNCHECKED, _RCODE = 0x8000, 0x0200, 0x0100, 0x0010, 0x000F


class Response(NamedTuple):
    """A response to our question. rcode is 0 where there is no error; no addresses then means that the name has none of this type."""

    rcode: int
    truncated: bool
    addresses: Tuple[str, ...]


def question(identifier: int, name: str, kind: int, unchecked: bool = False) -> bytes:
    """The bytes of a query. unchecked: the server is not to check signatures (DNSSEC) for it. Raises ValueError for what is no name."""
    labels = name.rstrip(".").encode("idna").split(b".")
    if not all(0 < len(label) < 64 for label in labels) or sum(len(label) + 1 for label in labels) > 254:
        raise ValueError("not a name that can be looked up")
    encoded = b"".join(struct.pack(">B", len(label)) + label for label in labels) + b"\0"
    return (
        _HEADER.pack(identifier, _RECURSION_DESIRED | (_UNCHECKED if unchecked else 0), 1, 0, 0, 0)
        + encoded
        + struct.pack(">HH", kind, _IN)
    )


def _after_name(message: bytes, place: int) -> int:
    """The place after a name, which may end in a pointer. Raises IndexError."""
    while True:
        length = message[place]
        if length & 0xC0 == 0xC0:
            return place + 2
        if length == 0:
            return place + 1
        place += 1 + length


def response(message: bytes, asked: bytes) -> Optional[Response]:
    """What a message says that answers a query; None for any other, also one that is cut or forged."""
    if len(message) < len(asked) or message[:2] != asked[:2]:
        return None
    _identifier, flags, questions, answers, _authority, _more = _HEADER.unpack_from(message)
    asked_for = asked[_HEADER.size :]
    if not flags & _RESPONSE or questions != 1 or message[_HEADER.size : len(asked)].lower() != asked_for.lower():
        return None
    kind = struct.unpack(">H", asked_for[-4:-2])[0]
    try:
        addresses = _addresses(message, len(asked), answers, kind)
    except (IndexError, struct.error, ValueError):
        return None
    return Response(flags & _RCODE, bool(flags & _TRUNCATED), tuple(addresses))


def _addresses(message: bytes, place: int, answers: int, wanted: int) -> List[str]:
    """Addresses of the wanted type in the answer section, whichever alias they belong to."""
    family, size = (socket.AF_INET, 4) if wanted == A else (socket.AF_INET6, 16)
    found = []
    for _each in range(answers):
        place = _after_name(message, place)
        kind, _class, _ttl, length = struct.unpack_from(">HHIH", message, place)
        place += 10
        if kind == wanted:
            if length != size:
                raise ValueError("an address of %d bytes" % length)
            found.append(socket.inet_ntop(family, message[place : place + length]))
        place += length
    return found
