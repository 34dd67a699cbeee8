# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of which pools it is looked for whom their workers wait for."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm import busy_pools

IDLE, COMPUTES = "inet_csk_accept", None


@pytest.mark.parametrize(
    ("waits", "asked"),
    [
        (["tcp_recvmsg", "wait_woken", IDLE], [1, 2]),
        (["poll_schedule_timeout.constprop.0", "locks_lock_inode_wait"], [1, 2]),
        (["tcp_recvmsg", IDLE], None),
        (["tcp_recvmsg", "tcp_recvmsg", IDLE, COMPUTES, COMPUTES], None),
        ([IDLE, "__skb_wait_for_more_packets", "__skb_wait_for_more_packets"], None),
        ([], None),
    ],
)
def test_those_of_which_half_wait(waits, asked):
    seen = []

    class Waits:
        def of(self, pids):
            seen.append(pids)
            return ["x"]

    workers = [{"pid": number, "waits_in": function} for number, function in enumerate(waits, 1)]
    pool = {"workers": workers, "awaited": []}
    busy_pools.add_awaited(Waits(), [{"pools": {"www": pool}}])
    assert (seen, pool["awaited"]) == (([asked], ["x"]) if asked else ([], []))
