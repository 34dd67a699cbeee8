# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of a unix socket: whose it is, who may connect, and whether it is the one that is listened on.

Private to this collection: it may change in any release.
"""

import os
import stat
import struct
from typing import TYPE_CHECKING, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class SocketFile(TypedDict):
        """What stands at the path of a socket. All is None where that folder may not be searched."""

        exists: Optional[bool]
        is_socket: Optional[bool]
        same: Optional[bool]  # whether it is the file that is listened on; None: not known
        owner: Optional[str]
        group: Optional[str]
        uid: Optional[int]
        gid: Optional[int]
        mode: Optional[str]  # four octal digits
        acl: Optional[List[str]]  # u:nginx:rw, g::rw: what the mask leaves; None: it has only its mode


ACL_ATTRIBUTE = "system.posix_acl_access"
# struct posix_acl_xattr_entry: the tags that name somebody, and the mask that limits them.
ACL_USER, ACL_GROUP_OWNER, ACL_GROUP, ACL_MASK = 0x02, 0x04, 0x08, 0x10


def socket_file(host: Host, path: str, bound_inode: Optional[int], accounts: Accounts) -> "SocketFile":
    """What stands at a path. bound_inode: the 32-bit number of the file that is listened on, where it is known."""
    try:
        found = os.stat(host.path(path))
    except PermissionError:
        return _nothing(None)
    except OSError:
        return _nothing(False)
    return {
        "exists": True,
        "is_socket": stat.S_ISSOCK(found.st_mode),
        "same": None if bound_inode is None else found.st_ino & 0xFFFFFFFF == bound_inode,
        "owner": accounts.user(found.st_uid),
        "group": accounts.group(found.st_gid),
        "uid": found.st_uid,
        "gid": found.st_gid,
        "mode": "%04o" % stat.S_IMODE(found.st_mode),
        "acl": _acl(host.path(path), accounts),
    }


def _nothing(exists: Optional[bool]) -> "SocketFile":
    return {
        "exists": exists,
        "is_socket": exists,
        "same": exists,
        "owner": None,
        "group": None,
        "uid": None,
        "gid": None,
        "mode": None,
        "acl": None,
    }


def _acl(path: str, accounts: Accounts) -> Optional[List[str]]:
    try:
        return parse_acl(os.getxattr(path, ACL_ATTRIBUTE), accounts)
    except (OSError, AttributeError):
        return None


def parse_acl(raw: bytes, accounts: Accounts) -> Optional[List[str]]:
    """Named users and groups and the owning group ("g::rw") with what the mask leaves them; None where it is only the mode."""
    entries = list(struct.iter_unpack("<HHI", raw[4 : 4 + (len(raw) - 4) // 8 * 8]))
    mask = next((permissions for tag, permissions, _id in entries if tag == ACL_MASK), None)
    if mask is None:
        return None
    texts = []
    for tag, permissions, number in entries:
        allowed = "".join(letter for bit, letter in ((4, "r"), (2, "w"), (1, "x")) if permissions & mask & bit) or "-"
        if tag == ACL_USER:
            texts.append("u:%s:%s" % (accounts.user(number), allowed))
        elif tag == ACL_GROUP:
            texts.append("g:%s:%s" % (accounts.group(number), allowed))
        elif tag == ACL_GROUP_OWNER:
            texts.append("g::%s" % allowed)
    return texts
