# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that were made together: by an image, the provisioning of a host or its first boot. That they are new says nothing of why requests fail.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, List

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Change

#: Seconds without a change that part one burst of changes from the next.
APART = 2.0
#: Who writes all of these at once makes a host, as does who writes so many of its places: /etc/nginx, /etc/php, /etc/default.
OF_A_HOST = {"/etc/hosts", "/etc/resolv.conf"}
PLACES = 6


def without_made_together(changes: "List[Change]") -> "List[Change]":
    """Changes of files without those that were made as their host was, the oldest first."""
    kept: "List[Change]" = []
    burst: "List[Change]" = []
    for one in sorted(changes, key=lambda one: one["at"]):
        if burst and one["at"] - burst[-1]["at"] > APART:
            kept += [] if _makes_a_host(burst) else burst
            burst = []
        burst.append(one)
    return kept if _makes_a_host(burst) else kept + burst


def _makes_a_host(burst: "List[Change]") -> bool:
    places = {"/".join(one["subject"].split("/")[:3]) for one in burst}
    return len(places) >= PLACES or (places > OF_A_HOST)
