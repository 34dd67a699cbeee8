# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give a socket that a daemon listens on a longer queue, without a restart that would lose what comes meanwhile.

listen(2) may be called again on a socket that listens; only the length of its queue changes. We get the daemon's own descriptor from the kernel
(pidfd_getfd, Linux 5.6), for which root is needed.

Private to this collection: it may change in any release.
"""

import ctypes
import os
import socket
from typing import Any, Iterator, Mapping, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address

# The same numbers on all architectures but Alpha.
PIDFD_OPEN, PIDFD_GETFD = 434, 438


def listen_again(pid: int, backlogs: Mapping[Address, int]) -> Optional[str]:
    """Set the queues of a process's sockets, by address (of TCP only the port counts). Returns an error or None."""
    missing = set(backlogs)
    try:
        process = _call(PIDFD_OPEN, pid, 0)
        try:
            for number in _socket_numbers(pid):
                missing.discard(_set_queue(_call(PIDFD_GETFD, process, number, 0), backlogs))
        finally:
            os.close(process)
    except (OSError, AttributeError) as error:
        return "the queue of a live socket could not be changed: %s" % error
    return "process %d does not listen on %s" % (pid, ", ".join(sorted(map(str, missing)))) if missing else None


def _call(number: int, *args: int) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result: int = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(arg) for arg in args))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _socket_numbers(pid: int) -> Iterator[int]:
    """The descriptors of a process that are sockets."""
    folder = "/proc/%d/fd" % pid
    for name in os.listdir(folder):
        try:
            if os.readlink(os.path.join(folder, name)).startswith("socket:"):
                yield int(name)
        except OSError:
            continue


def _set_queue(descriptor: int, backlogs: Mapping[Address, int]) -> Optional[Address]:
    """Set the queue of a socket that listens on one of the addresses. Returns that address, or None."""
    with _socket(descriptor) as copy:
        if not copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return None
        name = copy.getsockname()
        for address, backlog in backlogs.items():
            if _is_at(name, address):
                copy.listen(backlog)
                return address
    return None


def _socket(descriptor: int) -> socket.socket:
    """The socket of a descriptor. Python 3.6 takes each for one of IPv4, and would cut the path of a unix socket to the length of such an address."""
    guessed = socket.socket(fileno=descriptor)
    family = guessed.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN)
    return socket.socket(family, socket.SOCK_STREAM, fileno=guessed.detach())


def _is_at(name: Any, address: Address) -> bool:
    """Whether a socket with this name (a tuple that begins with host and port, or a path) listens on an address."""
    if isinstance(name, tuple):
        return not address.is_unix and bool(address.port == name[1])
    return bool(address.path == name)
