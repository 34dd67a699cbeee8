# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads log files: bounded, quick on huge ones, never waiting on a FIFO.

Private to this collection: it may change in any release.
"""

import errno
import os
import stat
from typing import NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

READ_LIMIT = 4 * 1024 * 1024
# ENXIO and EOPNOTSUPP: sockets, and FIFOs on some systems.
_STATES = {errno.ENOENT: "missing", errno.ENOTDIR: "missing", errno.ENXIO: "not_a_file", errno.EOPNOTSUPP: "not_a_file"}


class End(NamedTuple):
    """The end of a file: whole lines. state is that of facts.md's log sources; whole: the file has no earlier bytes; written: when its last line was."""

    data: bytes
    state: str
    why: Optional[str]
    whole: bool
    written: float = 0.0


class Unreadable(Exception):
    """A file cannot be read: its state of the facts' log sources, and why."""

    def __init__(self, state: str, why: Optional[str]) -> None:
        super().__init__(why)
        self.state, self.why = state, why


def read_end(host: Host, path: str, limit: int = READ_LIMIT) -> End:
    """The last limit bytes of a regular file."""
    try:
        descriptor = _open(host, path)
    except Unreadable as refused:
        return End(b"", refused.state, refused.why, False)
    try:
        status = os.fstat(descriptor)
        start = max(0, status.st_size - limit)
        data = _read(descriptor, start, limit)
    except OSError as error:
        return End(b"", "unreadable", error.strerror, False)
    finally:
        os.close(descriptor)
    if start:
        data = data[data.find(b"\n") + 1 :]
    return End(data, "ok", None, start == 0, status.st_mtime)


def read_since(host: Host, path: str, start: int, limit: int) -> bytes:
    """At most limit bytes of a regular file from start on; nothing where it cannot be read."""
    try:
        descriptor = _open(host, path)
    except Unreadable:
        return b""
    try:
        return _read(descriptor, start, limit)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _open(host: Host, path: str) -> int:
    """A descriptor of a regular file. Raises Unreadable.

    A symlink to a terminal, a pipe or our own streams (/dev/stderr in container images) is no file, and a FIFO is never waited for.
    """
    if _leads_to_stream(host.path(path)):
        raise Unreadable("not_a_file", "%s is a link to a stream" % path)
    try:
        descriptor = os.open(host.path(path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        raise Unreadable(_STATES.get(error.errno or 0, "unreadable"), error.strerror) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unreadable("not_a_file", "%s is not a regular file" % path)
    return descriptor


def _leads_to_stream(path: str) -> bool:
    """Whether a path ends at an open file of whoever reads it: those would be ours, not nginx's."""
    for _hop in range(8):
        if path.startswith(("/proc/self/", "/dev/std", "/dev/fd/")):
            return True
        if not os.path.islink(path) or path.startswith("/proc/"):
            return False
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    return False


def _read(descriptor: int, start: int, limit: int) -> bytes:
    chunks = []
    while limit > 0:
        chunk = os.pread(descriptor, min(limit, 1024 * 1024), start)
        if not chunk:
            break
        chunks.append(chunk)
        start += len(chunk)
        limit -= len(chunk)
    return b"".join(chunks)
