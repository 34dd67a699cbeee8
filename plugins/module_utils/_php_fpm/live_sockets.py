# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP-FPM's live sockets: whether they are as the settings say, and what can be changed on them without a restart.

Private to this collection: it may change in any release.
"""

import contextlib
import grp
import os
import pwd
import stat
import sys
from typing import Any, Iterator, Mapping, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.netlink import unix_listeners
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import FpmConfig, Pool
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.live_backlog import listen_again
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.running import Fpm, running

#: What can be changed on the socket itself; nothing else of listen.* can, once it is bound.
BACKLOG = "listen.backlog"
ON_THE_SOCKET = ("listen.owner", "listen.group", "listen.mode", BACKLOG)


def set_on_sockets(host: Host, fpm: Fpm, config: FpmConfig, settings: Sequence[str]) -> Optional[str]:
    """Do to live sockets what FPM does to its sockets only at a start. Returns why it could not be done, or None."""
    error = _adjust(config) if any(name != BACKLOG for name in settings) else None
    if error or BACKLOG not in settings:
        return error
    backlogs = {
        config.address(pool): int(pool.get(BACKLOG) or 0) for pool in config.pools.values() if pool.get(BACKLOG)
    }
    wanted = {address: backlog for address, backlog in backlogs.items() if address is not None}
    return listen_again(running(host, fpm).master or 0, wanted)


def difference(pool: Pool, listener: Mapping[str, Any]) -> Optional[str]:
    """What of a bound socket differs from the pool's settings. An ACL takes the place of owner and group."""
    wanted = {name: pool.get("listen.%s" % name) for name in ("owner", "group", "mode")}
    if pool.get("listen.acl_users") or pool.get("listen.acl_groups"):
        wanted.update({"owner": None, "group": None, "mode": None})
    for name, text in wanted.items():
        has = listener["file"][name]
        numeric = listener["file"].get({"owner": "uid", "group": "gid"}.get(name, ""))
        if text and text not in (str(has), str(numeric)) and not (name == "mode" and int(has, 8) == int(text, 8)):
            return "its socket has %s %s, not %s" % (name, has, text)
    return None


def shorter_queue(host: Host, pool: Pool, listener: Mapping[str, Any]) -> Optional[str]:
    """How much shorter a bound socket's queue is than its pool's setting, as far as the kernel's own limit allows that; None where it is not."""
    wanted, has = pool.get(BACKLOG) or "", listener.get("backlog")
    limit = (host.read("/proc/sys/net/core/somaxconn") or "").strip()
    if has is None or not limit.isdecimal() or not wanted.isdecimal() or has >= min(int(wanted), int(limit)):
        return None
    return "its socket has backlog %d, not %s" % (has, wanted)


def _adjust(config: FpmConfig) -> Optional[str]:
    """Give live sockets the owner and mode of their pools' settings. Where an ACL is set, FPM itself would have left them alone."""
    for pool in config.pools.values():
        address = config.address(pool)
        if address and address.is_unix and not pool.get("listen.acl_users") and not pool.get("listen.acl_groups"):
            error = _adjust_one(pool, address.path)
            if error:
                return error
    return None


def _adjust_one(pool: Pool, path: str) -> Optional[str]:
    owner, group, mode = (pool.get("listen.%s" % name) for name in ("owner", "group", "mode"))
    try:
        with _held(path) as socket:
            if owner or group:
                os.chown(socket, _user(owner), _group(group))
            if mode:
                os.chmod(socket, int(mode, 8))
    except (OSError, KeyError, ValueError) as error:
        return "%s: %s" % (path, error)
    return None


@contextlib.contextmanager
def _held(path: str) -> Iterator[str]:
    """A path that stays that of the socket which listens here, whatever others put in its place: its folder may be theirs. Raises OSError, ValueError."""
    if not stat.S_ISSOCK(os.lstat(path).st_mode):
        raise ValueError("it is not a socket")
    if sys.platform != "linux":
        yield path
        return
    descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW)
    try:
        found = os.fstat(descriptor)
        bound = [one.file_inode for one in unix_listeners() if one.name == path]
        if not stat.S_ISSOCK(found.st_mode) or found.st_nlink != 1 or found.st_ino & 0xFFFFFFFF not in bound:
            raise ValueError("it is not the socket that listens there")
        yield "/proc/self/fd/%d" % descriptor
    finally:
        os.close(descriptor)


def _user(name: Optional[str]) -> int:
    return -1 if not name else int(name) if name.isdecimal() else pwd.getpwnam(name).pw_uid


def _group(name: Optional[str]) -> int:
    return -1 if not name else int(name) if name.isdecimal() else grp.getgrnam(name).gr_gid
