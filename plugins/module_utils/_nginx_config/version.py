# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of nginx, and since which one it does what.

Private to this collection: it may change in any release.
"""

import re
from typing import Tuple

#: Since which HTTP/1.1 and keepalive are the default towards upstreams.
HTTP_1_1_SINCE = (1, 29, 7)
#: Since which TLS 1.3 is spoken to upstreams unasked.
TLS_1_3_SINCE = (1, 23, 4)


def numbers_of(version: str) -> Tuple[int, ...]:
    """The three numbers of a version of nginx; none where it is not known."""
    return tuple(int(part) for part in re.findall(r"\d{1,5}", version)[:3])
