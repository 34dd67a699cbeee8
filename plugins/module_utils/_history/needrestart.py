# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarts by needrestart, which apt runs when all packages are set up: services that still use what was replaced are restarted in one command.

Ubuntu has it on servers, and there it asks nobody during unattended upgrades. systemd does not say who asked.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, List

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Change

#: What apt runs of it (/etc/apt/apt.conf.d/99needrestart).
HOOK = "/usr/lib/needrestart/apt-pinvoke"
#: Seconds from the last package of a command to the restarts: it looks at each process before.
SECONDS = 120.0
_ASKED = ("stopping", "stopped")
#: What packages and units of one product begin with: php8.2, nginx, apache2.
_PRODUCT = re.compile(r"[a-z]+[\d.]*")


def name_needrestart(host: Host, packages: "List[Change]", events: "List[Change]") -> "List[Change]":
    """The same events of units; stops that nobody else asked for, soon after packages of other products were changed, say so."""
    if not packages or not host.exists(HOOK):
        return events
    for one in events:
        before = [other for other in packages if 0.0 <= one["at"] - other["at"] <= SECONDS]
        product = _PRODUCT.match(one["subject"])
        own = product and any(other["subject"].startswith(product.group()) for other in before)
        if before and not own and one["by"] is None and one["what"] in _ASKED:
            last = max(before, key=lambda other: other["at"])
            one["by"] = "needrestart, as %s was %s" % (last["subject"], last["what"].partition(" ")[0])
    return events
