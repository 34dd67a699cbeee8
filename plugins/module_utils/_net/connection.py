# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets with a time limit: connected as nginx does, read with a bound.

Private to this collection: it may change in any release.
"""

import errno
import os
import selectors
import socket
import ssl
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, tcp_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline

HEADER_LIMIT = 256 * 1024
BODY_LIMIT = 64 * 1024
BODY_SECONDS = 1.0
#: How an exchange ended before its answer was complete.
CLOSED, RESET, LATE, ENDLESS = "closed", "reset", "late", "endless"


class Endless(ValueError):
    """More bytes than any header has."""


#: An end within TLS is an OSError of its own kind. socket.timeout is no error of a connection.
_ENDINGS = (
    ((ssl.SSLEOFError, ssl.SSLZeroReturnError), CLOSED),
    ((ConnectionError,), RESET),
    ((socket.timeout,), LATE),
    ((Endless,), ENDLESS),
)


class Target(NamedTuple):
    """One socket address that can be connected to."""

    address: str
    family: int
    sockaddr: Any


class Dialled(NamedTuple):
    """How connecting to one target went. sock is the caller's to close."""

    address: str
    sock: Optional[socket.socket]
    errno: Optional[int]
    error: Optional[str]
    seconds: float


def targets_of(address: Address) -> List[Target]:
    """The socket addresses behind an address; a name is looked up as nginx does at start, by libc. Raises OSError (gaierror)."""
    if address.path:
        return [Target(str(address), socket.AF_UNIX, os.fsencode(address.path))]
    found = socket.getaddrinfo(
        address.host, address.port, 0, socket.SOCK_STREAM, socket.IPPROTO_TCP, socket.AI_ADDRCONFIG
    )
    targets = []
    for family, _kind, _protocol, _name, sockaddr in found:
        target = Target(tcp_address(str(sockaddr[0]), address.port), family, sockaddr)
        if target not in targets:
            targets.append(target)
    return targets


def _open(target: Target) -> Tuple[Optional[socket.socket], int]:
    """Begin a non-blocking connect: the socket (None: there is none), and 0, EINPROGRESS or the errno of what went wrong at once."""
    try:
        sock = socket.socket(target.family, socket.SOCK_STREAM)
    except OSError as error:
        return None, error.errno or 0
    sock.setblocking(False)
    try:
        code = sock.connect_ex(target.sockaddr)
    except OSError as error:
        # Python itself refuses a path that does not fit sun_path, without an errno.
        code = error.errno or errno.ENAMETOOLONG
    return sock, code


def _is_own_end(sock: socket.socket) -> bool:
    """Whether a socket is connected to itself, which happens on a closed port among the ephemeral ones (simultaneous open)."""
    try:
        return sock.family != socket.AF_UNIX and sock.getsockname() == sock.getpeername()
    except OSError:
        return False


def _dialled(target: Target, sock: Optional[socket.socket], code: int, seconds: float) -> Dialled:
    if sock is not None and code == 0 and _is_own_end(sock):
        code = errno.ECONNREFUSED
    if sock is not None and code == 0:
        return Dialled(target.address, sock, None, None, seconds)
    if sock is not None:
        sock.close()
    return Dialled(target.address, None, code, os.strerror(code), seconds)


def dial(targets: List[Target], deadline: Deadline) -> List[Dialled]:
    """Connect to all targets at once, without blocking: the outcome of each, in their order. No answer in time is ETIMEDOUT."""
    done: Dict[int, Dialled] = {}
    started = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for index, target in enumerate(targets):
            sock, code = _open(target)
            if sock is not None and code == errno.EINPROGRESS:
                selector.register(sock, selectors.EVENT_WRITE, (index, target))
            else:
                done[index] = _dialled(target, sock, code, time.monotonic() - started)
        while selector.get_map() and deadline.left() > 0:
            for key, _events in selector.select(deadline.left()):
                index, target = key.data
                selector.unregister(key.fileobj)
                waited: Any = key.fileobj
                done[index] = _dialled(
                    target, waited, waited.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), time.monotonic() - started
                )
        for key in list(selector.get_map().values()):
            index, target = key.data
            late: Any = key.fileobj
            done[index] = _dialled(target, late, errno.ETIMEDOUT, time.monotonic() - started)
    return [done[index] for index in range(len(targets))]


class Reader:
    """The bytes that a peer sends: one time limit and one size limit for all of them."""

    def __init__(self, sock: socket.socket, deadline: Deadline, limit: int = HEADER_LIMIT) -> None:
        self.sock = sock
        self.deadline = deadline
        self.limit = limit
        self.data = bytearray()
        self.ended: Optional[str] = None  # how reading ended before the bytes were complete, where that is known

    def more(self) -> bool:
        """Wait for more bytes; False where the peer has closed. Raises OSError, socket.timeout, ValueError (limit)."""
        if len(self.data) >= self.limit:
            raise Endless("more than %d bytes without an end of the header" % self.limit)
        left = self.deadline.left()
        if left <= 0:
            raise socket.timeout()
        self.sock.settimeout(left)
        chunk = self.sock.recv(min(65536, self.limit - len(self.data)))
        self.data += chunk
        return bool(chunk)

    def until(self, complete: Callable[[bytes], bool]) -> Optional[str]:
        """Read until the bytes are complete; None then, and else why they are not. complete may raise ValueError for bytes that never will be."""
        try:
            while self.more():
                if complete(bytes(self.data)):
                    return None
        except (OSError, ValueError) as error:
            self.ended = ended_by(error)
            return explain(error, self.deadline)
        self.ended = CLOSED
        if self.data:
            return "connection closed before the header was complete"
        return "connection closed without an answer"


def send(sock: socket.socket, data: bytes, deadline: Deadline) -> None:
    """Send all of the data. Raises OSError, socket.timeout."""
    sock.settimeout(max(0.001, deadline.left()))
    sock.sendall(data)


def ended_by(error: Exception) -> Optional[str]:
    """How an exchange ended that this error broke off: closed | reset | late | endless; None for another way."""
    for kinds, ended in _ENDINGS:
        if isinstance(error, kinds):
            return ended
    return None


def explain(error: Exception, deadline: Deadline) -> str:
    """One line that says why a socket call failed."""
    if isinstance(error, socket.timeout):
        return "no answer in %g seconds" % deadline.seconds
    reason = getattr(error, "reason", None)
    if isinstance(reason, str):
        # The words of OpenSSL, so that they can be found in nginx's log too.
        return reason.replace("_", " ").lower()
    code = error.errno if isinstance(error, OSError) else None
    if code is not None and code > 0:
        return "%s (%d)" % (os.strerror(code), code)
    return str(error)
