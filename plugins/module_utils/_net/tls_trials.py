# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a TLS server takes, found by handshakes of our own: which versions, and whether it asks for a client certificate.

Private to this collection: it may change in any release.
"""

import socket
import ssl
from typing import Callable, Iterator, List, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.tls import VERSIONS, only_versions

_HANDSHAKE = 22
_SERVER_HELLO, _CERTIFICATE_REQUEST = 2, 13
#: The extension supported_versions of a server: 1.3 (RFC 8446, 4.2.1).
_IS_1_3 = b"\x00\x2b\x00\x02\x03\x04"
_LIMIT = 64 * 1024
_SECONDS = 3.0


class Takes(NamedTuple):
    """What a server takes: versions in which it answers a ClientHello, and whether it then asks for a certificate (known up to TLS 1.2)."""

    versions: List[str]
    asks_certificate: bool


def takes(dial: "Callable[[Deadline], Optional[socket.socket]]", name: Optional[str], limit: Deadline) -> Takes:
    """One handshake for each version, with any cipher. dial: a new connection to the server."""
    versions, asks = [], False
    for version in VERSIONS:
        deadline = Deadline(_SECONDS, limit)
        sock = dial(deadline)
        if sock is None:
            break
        with sock:
            said = _said(sock, version, name, deadline)
        # A server that knows an older version only answers in that one, whatever it is greeted in.
        found = [_version(body) for kind, body in said if kind == _SERVER_HELLO]
        versions += [one for one in found[:1] if one and one not in versions]
        asks = asks or any(kind == _CERTIFICATE_REQUEST for kind, _body in said)
    return Takes(versions, asks)


def _said(sock: socket.socket, version: str, name: Optional[str], deadline: Deadline) -> List[Tuple[int, bytes]]:
    """The handshake messages that a server sends in the clear, kind and body, when it is greeted in one version alone."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    got = b""
    try:
        made.set_ciphers("ALL:@SECLEVEL=0")
        only_versions(made, [version])
        theirs, ours = ssl.MemoryBIO(), ssl.MemoryBIO()
        shaking = made.wrap_bio(theirs, ours, server_hostname=name)
        while len(got) < _LIMIT:
            try:
                shaking.do_handshake()
                break
            except ssl.SSLWantReadError:
                sock.settimeout(max(0.001, deadline.left()))
                sock.sendall(ours.read())
                chunk = sock.recv(16384)
                if not chunk:
                    break
                got += chunk
                theirs.write(chunk)
    except (OSError, ValueError):
        pass  # what came until then is what it said
    return list(_messages(got))


def _version(hello: bytes) -> Optional[str]:
    """The version that a ServerHello chooses; that of 1.3 stands in an extension."""
    if _IS_1_3 in hello:
        return VERSIONS[3]
    return VERSIONS[hello[1] - 1] if len(hello) > 1 and hello[0] == 3 and 1 <= hello[1] <= 3 else None


def _messages(data: bytes) -> Iterator[Tuple[int, bytes]]:
    """The handshake messages in records that are not encrypted yet."""
    said = b""
    while len(data) >= 5 and data[0] == _HANDSHAKE:
        size = int.from_bytes(data[3:5], "big")
        said, data = said + data[5 : 5 + size], data[5 + size :]
    while len(said) >= 4:
        end = 4 + int.from_bytes(said[1:4], "big")
        yield said[0], said[4:end]
        said = said[end:]
