# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that were made together: by an image, the provisioning of a host or its first boot. That they are new says nothing of why requests fail.

Private to this collection: it may change in any release.
"""

from collections import Counter
from typing import TYPE_CHECKING, List
from typing import Counter as Counts

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Change

#: Seconds between changes that are made together. Whoever comes later changes a host that is there, however new it is.
APART = 2.0
#: Who writes all of these at once makes a host, as does who writes so many of its places: /etc/nginx, /etc/php, /etc/default.
OF_A_HOST = {"/etc/hosts", "/etc/resolv.conf"}
PLACES = 6


def without_made_together(changes: "List[Change]") -> "List[Change]":
    """Changes of files without those that were made as their host was, the oldest first."""
    ordered = sorted(changes, key=lambda one: one["at"])
    kept: "List[Change]" = []
    places: "Counts[str]" = Counter()
    first = last = 0
    for one in ordered:
        while last < len(ordered) and ordered[last]["at"] - one["at"] <= APART:
            places[_place(ordered[last])] += 1
            last += 1
        while one["at"] - ordered[first]["at"] > APART:
            places[_place(ordered[first])] -= 1
            first += 1
        if not _makes_a_host(places):
            kept.append(one)
    return kept


def _place(change: "Change") -> str:
    return "/".join(change["subject"].split("/")[:3])


def _makes_a_host(places: "Counts[str]") -> bool:
    names = set(+places)
    return len(names) >= PLACES or names > OF_A_HOST
