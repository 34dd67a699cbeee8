# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders that PHP-FPM's configuration names and that are not there: php-fpm -t asks for those of logs, a start for that of the PID file as well.

Private to this collection: it may change in any release.
"""

import os
from typing import TYPE_CHECKING, Dict, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.mount_points import unmounted_at
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.root_only import RootOnly
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import FpmConfig, Value

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import FilePlace

    class FpmMissingFolder(TypedDict):
        """A folder that is not there, and the setting that needs it; pool and user are null for [global]."""

        folder: str
        setting: str
        path: str
        pool: Optional[str]
        user: Optional[str]
        place: FilePlace
        others: Optional[str]  # who else than root could put a link in its place
        unmounted: Optional[str]  # the mount point of /etc/fstab above it on which nothing is mounted


FILES_OF_FPM = ("pid", "error_log")
#: access.log counts where it names a file; of a slowlog FPM asks in any case.
FILES_OF_A_POOL = ("slowlog", "access.log")
FOLDERS_OF_A_POOL = ("chroot", "chdir")


def missing_folders(host: Host, config: FpmConfig) -> "List[FpmMissingFolder]":
    """Each folder once, as the first setting that needs it names it. Relative paths depend on how FPM was built and are left out."""
    found: "Dict[str, FpmMissingFolder]" = {}

    def look(setting: str, value: Optional[Value], pool: Optional[str], user: Optional[str]) -> None:
        if value is None or not value.value.startswith("/"):
            return
        path = os.path.normpath(value.value)
        folder = path if setting in FOLDERS_OF_A_POOL else os.path.dirname(path)
        if not host.is_dir(folder):
            found.setdefault(
                folder,
                {
                    "folder": folder,
                    "setting": setting,
                    "path": path,
                    "pool": pool,
                    "user": user,
                    "place": value.place.as_fact(),
                    "others": RootOnly(host).why_not(folder),
                    "unmounted": unmounted_at(host, folder),
                },
            )

    for name in FILES_OF_FPM:
        look(name, config.globals.get(name), None, None)
    for pool in config.pools.values():
        chroot = pool.get("chroot")
        for name in FILES_OF_A_POOL + FOLDERS_OF_A_POOL:
            if name != "chdir" or not chroot:
                look(name, pool.settings.get(name), pool.name, pool.get("user"))
    return list(found.values())
