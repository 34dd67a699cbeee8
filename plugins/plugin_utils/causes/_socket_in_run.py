# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A socket that has to move to /run, where nginx can reach it: what to set for its daemon.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import re

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line


def socket_in_run(hop: Hop, daemon: str) -> tuple[str, ...]:
    """Advice: the setting that puts the socket behind a hop below /run, where it is set, and what nginx has to ask for then. daemon: its unit, in words."""
    path, setting = _moved(hop, daemon)
    return ("# " + setting, "# write unix:%s in place of unix:%s at %s" % (path, hop.address.path, named_at(hop)))


def _moved(hop: Hop, daemon: str) -> tuple[str, str]:
    """The path of the socket below /run, and what puts it there."""
    found = hop.backend.pool_at(hop.real_address) if hop.backend else None
    listen = found.pool["settings"].get("listen") if found else None
    if found and listen:
        path = "/run/php/%s.sock" % found.name
        return path, "at %s: listen = %s" % (file_and_line(listen["place"]), path)
    listener = or_empty(hop.backend.unix_listener(hop.real_address) if hop.backend else None)
    name = re.sub(r"\.[a-z]+$", "", posixpath.basename(hop.real_address.path)) or "app"
    path = "/run/%s/%s.sock" % (name, name)
    if daemon.startswith("supervisor"):
        user = listener.get("user") or "USER"
        return path, (
            "a folder of its user below /run: 'd /run/%s 0755 %s %s' in /etc/tmpfiles.d/%s.conf, systemd-tmpfiles --create; and let its program of supervisor"
            " make its socket at %s" % (name, user, user, name, path)
        )
    return path, "set RuntimeDirectory=%s in %s, and let it make its socket at %s" % (name, daemon, path)
