# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work done as another account: in a child process with that account's ids and, where wanted, inside a worker's mount namespace.

Private to this collection: it may change in any release.
"""

import ctypes
import grp
import json
import os
import pwd
import select
import signal
from typing import Any, Callable, List, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.ids import parse_ids

STATUS_LIMIT = 1024 * 1024
#: Kinds of namespaces: of mounts, of networks.
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
#: Bytes that a child may report: other processes of its account could write in its place.
REPORT_LIMIT = 16 * 1024 * 1024

Report = Callable[[Any], None]


class Identity(NamedTuple):
    """The account to work as. mounts is the path of a mount namespace to enter, or None."""

    uid: int
    gid: int
    groups: Tuple[int, ...]
    mounts: Optional[str] = None


def of_user(name: str) -> Identity:
    """The ids that an account has now. Raises KeyError."""
    account = pwd.getpwnam(name)
    groups = [account.pw_gid] + [group.gr_gid for group in grp.getgrall() if name in group.gr_mem]
    return Identity(account.pw_uid, account.pw_gid, tuple(sorted(set(groups))))


def of_process(pid: int, proc: str = "/proc") -> Identity:
    """The ids of a running process, which may differ from what its account has by now, and its mounts. Raises OSError, ValueError."""
    with open("%s/%d/status" % (proc, pid), encoding="utf-8", errors="replace") as stream:
        ids = parse_ids(stream.read(STATUS_LIMIT))
    if ids is None:
        raise ValueError("%s/%d/status has no ids" % (proc, pid))
    mounts: Optional[str] = "%s/%d/ns/mnt" % (proc, pid)
    try:
        if mounts and os.stat(mounts).st_ino == os.stat("%s/self/ns/mnt" % proc).st_ino:
            mounts = None
    except OSError:
        mounts = None
    return Identity(ids.uid, ids.gid, tuple(ids.groups), mounts)


def enter(namespace: str, kind: int) -> None:
    """Put this process into a namespace, which is named by its file under /proc. Raises OSError."""
    descriptor = os.open(namespace, os.O_RDONLY)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(descriptor, kind) != 0:
            raise OSError(ctypes.get_errno(), "setns: %s" % os.strerror(ctypes.get_errno()))
    finally:
        os.close(descriptor)


def become(identity: Identity) -> None:
    """Give this process an identity for good: only in a child. Raises OSError."""
    if identity.mounts:
        enter(identity.mounts, CLONE_NEWNS)
    if os.geteuid() == 0:
        os.setgroups(list(identity.groups)[: os.sysconf("SC_NGROUPS_MAX")])
        os.setgid(identity.gid)
        os.setuid(identity.uid)


def _child(pipe: int, identity: Optional[Identity], work: Callable[[Report], None]) -> None:
    """The child's whole life: one line of JSON for each thing reported, then out, without the parent's exit handlers."""

    def report(thing: Any) -> None:
        os.write(pipe, (json.dumps(thing) + "\n").encode("ascii"))

    code = 1
    try:
        if identity is not None:
            become(identity)
        work(report)
        code = 0
    except Exception as error:  # noqa: BLE001  whatever it is, it must not come back into the parent's code in the child
        report({"failed": "%s: %s" % (type(error).__name__, error)})
    finally:
        os._exit(code)


def reported_by_child(identity: Optional[Identity], work: Callable[[Report], None], deadline: Deadline) -> List[Any]:
    """Do work(report) in a child with that identity; the things that it reported, {"failed": why} last where it ended by an exception.

    A child that is late, or reports more than REPORT_LIMIT bytes, is killed; what it reported before is returned.
    """
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        _child(theirs, identity, work)
    os.close(theirs)
    text = bytearray()
    try:
        while select.select([ours], [], [], deadline.left())[0]:
            chunk = os.read(ours, 65536)
            if not chunk or len(text) + len(chunk) > REPORT_LIMIT:
                break
            text += chunk
    finally:
        os.close(ours)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    lines = bytes(text).split(b"\n")[:-1]
    return [json.loads(line.decode("ascii")) for line in lines]
