# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words of names: a site and the service behind it often have one in common.

Private to this collection: it may change in any release.
"""

import re
from typing import Collection, Iterable, Set

#: Words that say nothing of what a service is; shorter ones are alike by chance.
_COMMON = re.compile(
    ".{0,3}|apps|auth|back(end)?|cache|conf|daemon|data|default|edge|example|front(end)?|gateway|https?|html|java|live|local(host)?|main|nginx|node|perl|port"
    "|prod(uction)?|project|proxy|python|ruby|server|service|sites?|socket|staging|system|systemd|test|upstream|users?|vhost|worker"
)


def words_of(names: Iterable[str]) -> Set[str]:
    """The words of these names that may say what a service is."""
    return {word for name in names for word in re.split("[^a-z]+", name.lower()) if not _COMMON.fullmatch(word)}


def is_alike(name: str, words: Collection[str]) -> bool:
    """Whether one of its words begins with one of these, or these with it."""
    return any(one.startswith(other) or other.startswith(one) for one in words_of([name]) for other in words)
