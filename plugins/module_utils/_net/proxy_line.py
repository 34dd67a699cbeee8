# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The line of the PROXY protocol (version 1), with which a proxy says for whom it connects.

Private to this collection: it may change in any release.
"""

import socket


def proxy_line(sock: socket.socket) -> bytes:
    """The line for a connection of our own. It names both ends where it can: Apache's mod_remoteip hangs up on UNKNOWN."""
    if sock.family == socket.AF_UNIX:
        return b"PROXY UNKNOWN\r\n"
    try:
        ours, theirs = sock.getsockname(), sock.getpeername()
    except OSError:  # the other end has hung up at once
        return b"PROXY UNKNOWN\r\n"
    kind = "TCP6" if sock.family == socket.AF_INET6 else "TCP4"
    return ("PROXY %s %s %s %d %d\r\n" % (kind, ours[0], theirs[0], ours[1], theirs[1])).encode("ascii")
