# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What processes wait for, by their states and the kernel functions that they wait in.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t
from collections import Counter

_STATES = {
    "T": "stopped by a signal",
    "t": "halted by a debugger",
    "R": "computing",
    "Z": "ended, and not yet collected by their parent",
}
#: Beginnings of kernel functions, and what a process waits for there.
_WAITS = (
    (re.compile(r"inet_csk_accept|unix_accept|__?skb_wait_for_more_packets"), "waiting for a connection"),
    (
        re.compile(
            r"tcp_recvmsg|sk_wait_data|wait_woken|unix_stream_(?:read|data_wait)|inet_stream_connect|inet_wait_for_connect"
        ),
        "waiting for an answer from the network",
    ),
    (
        re.compile(r"(?:do_sys_|do_|core_sys_)?(?:poll|select)|poll_schedule_timeout|ep_poll|do_epoll_wait"),
        "waiting for the network or a timer",
    ),
    (re.compile(r"locks_lock_inode_wait|\w*lock_inode_wait|fcntl_setlk|__do_sys_flock"), "waiting for a file lock"),
    (re.compile(r"futex"), "waiting for a lock or for another thread"),
    (re.compile(r"pipe_(?:read|wait)|anon_pipe"), "waiting for another process's output"),
    (re.compile(r"do_wait|kernel_wait"), "waiting for a child process to end"),
    (re.compile(r"hrtimer_nanosleep|do_nanosleep|common_nsleep"), "sleeping"),
    (re.compile(r"nfs|rpc_wait|cifs|fuse"), "waiting for a network file system"),
)


_NETWORK = re.compile(
    r"tcp_recvmsg|sk_wait_data|wait_woken|unix_stream_|(?:do_sys_|do_)?poll|poll_schedule_timeout|ep_poll|do_epoll_wait"
)


class Waits(t.NamedTuple):
    """What processes do, in words; most is what most of them do."""

    text: str
    most: str


def waits(processes: t.Sequence[tuple[str, str | None]]) -> Waits:
    """What processes do, by state and kernel function: one text for all, with numbers where they differ."""
    counts = Counter(_does(state, function) for state, function in processes)
    if not counts:
        return Waits("cannot be seen", "")
    most = counts.most_common()
    if len(most) == 1:
        return Waits("is %s" % most[0][0] if len(processes) == 1 else "all are %s" % most[0][0], most[0][0])
    return Waits(", ".join("%d %s" % (number, text) for text, number in most), most[0][0])


def waits_for_network(function: str | None) -> bool:
    """Whether a process that waits in this kernel function waits for something to come over a socket."""
    return bool(function and _NETWORK.match(function))


def _does(state: str, function: str | None) -> str:
    known = next((text for pattern, text in _WAITS if function and pattern.match(function)), None)
    if state in _STATES:
        return _STATES[state]
    if state == "D":
        return "waiting for a disk or a network file system" + (" (%s)" % function if function else "")
    return "%s (%s)" % (known, function) if known else "waiting in %s" % function if function else "waiting"
