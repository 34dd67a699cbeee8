# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SELinux as the kernel has it in force: its mode and the booleans that hold for web servers.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Dict, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class SelinuxFacts(TypedDict):
        """The facts `selinux`. mode: disabled | permissive | enforcing."""

        mode: str
        booleans: Dict[str, bool]


MOUNT = "/sys/fs/selinux"


def selinux_facts(host: Host) -> "Optional[SelinuxFacts]":
    """Mode and the httpd_* booleans as they are now; None where the kernel does not let them be read."""
    if not host.exists(MOUNT + "/enforce"):
        return {"mode": "disabled", "booleans": {}}
    enforce = (host.read(MOUNT + "/enforce") or "").strip()
    if enforce not in ("0", "1"):
        host.unseen("selinux", "%s/enforce cannot be read" % MOUNT)
        return None
    return {"mode": "enforcing" if enforce == "1" else "permissive", "booleans": _booleans(host)}


def _booleans(host: Host) -> Dict[str, bool]:
    found: Dict[str, bool] = {}
    for name in host.listdir(MOUNT + "/booleans"):
        if name.startswith("httpd_"):
            # Two numbers: the value in force, and the one that waits to be committed.
            words = (host.read("%s/booleans/%s" % (MOUNT, name)) or "").split()
            if words:
                found[name] = words[0] == "1"
            else:
                host.unseen("selinux boolean " + name, "cannot be read")
    return found
