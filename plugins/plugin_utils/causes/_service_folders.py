# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that runit, daemontools or s6 keep running, each by the script in a folder of its own.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import (
    asked_address,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._places import is_same_place

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit


def folder_of(unit: Unit, hop: Hop) -> str:
    """The folder of runit, daemontools or s6 whose script says that it listens there; empty where it is none of theirs."""
    for one in unit.get("declares") or []:
        if one["file"].endswith("/run") and is_same_place(read_address(one["address"]), asked_address(hop)):
            return posixpath.dirname(one["file"])
    return ""


def kept_by_folder(folder: str, on: str) -> tuple[str, str]:
    """How its state is seen, and how it is started."""
    at, name = shlex.quote(folder), shlex.quote(posixpath.basename(folder))
    if folder.startswith("/opt/gitlab/"):
        return (
            "gitlab-ctl status %s; gitlab-ctl tail %s   # on %s: GitLab's own runit keeps it; is it down, and why?"
            % (name, name, on),
            "gitlab-ctl start %s   # on %s; where it is to listen elsewhere: /etc/gitlab/gitlab.rb, then gitlab-ctl reconfigure"
            % (name, on),
        )
    return (
        "sv status %s   # on %s: `down, normally up` is what somebody stopped (daemontools: svstat, s6: s6-svstat)"
        % (at, on),
        "sv up %s; sleep 2; sv status %s   # on %s; a file `down` in it keeps it down after a boot" % (at, at, on),
    )
