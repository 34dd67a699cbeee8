# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools whose workers wait for something else than requests, and for whom.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.awaited import Waits

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from typing import List

    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmFacts

#: Kernel functions in which a process waits for an answer, a connection or a lock. A worker that is idle waits in an accept.
WAITS = re.compile(
    r"tcp_recvmsg|sk_wait_data|wait_woken|unix_stream_|inet_stream_connect|inet_wait|(?:do_sys_|do_)?poll|poll_schedule|ep_poll|do_epoll|"
    r"skb_wait|\w*lock_inode_wait|fcntl_setlk|__do_sys_flock"
)
ACCEPTS = "__skb_wait_for_more_packets"
#: From so many workers on, and this part of them, what they wait for is looked for.
LEAST, SHARE = 2, 0.5


def add_awaited(waits: Waits, fpms: "List[FpmFacts]") -> None:
    """Show of each pool whose workers wait whom they most likely wait for."""
    for fpm in fpms:
        for pool in fpm["pools"].values():
            waiting = [one["pid"] for one in pool["workers"] if _waits(one["waits_in"])]
            if len(waiting) >= max(LEAST, SHARE * len(pool["workers"])):
                pool["awaited"] = waits.of(waiting)


def _waits(function: Optional[str]) -> bool:
    return bool(function and function != ACCEPTS and WAITS.match(function))
