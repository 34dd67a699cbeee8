# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From which of its own addresses a host would connect to another one.

Private to this collection: it may change in any release.
"""

import socket
from typing import Optional

_ANY_PORT = 9


def source_towards(destination: str) -> Optional[str]:
    """The source address that the kernel's routes choose; None where there is no route. No packet is sent: a UDP connect only looks up the route."""
    family = socket.AF_INET6 if ":" in destination else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((destination, _ANY_PORT))
            return str(sock.getsockname()[0])
    except OSError:
        return None
