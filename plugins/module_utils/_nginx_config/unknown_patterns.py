# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions of a configuration that requests cannot be matched with.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Dict, Iterator, List, NamedTuple, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre import Patterns, why_not_read
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import printable

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import Place
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import NginxConfig

#: This many are named.
PATTERNS_LIMIT = 20
_SHOWN = 100


class UnknownPattern(NamedTuple):
    """A pattern, or all that are not named, and why it is not known what they fit."""

    name: str
    why: str


def unknown_patterns(config: "NginxConfig", patterns: Patterns) -> List[UnknownPattern]:
    """The patterns of locations and servers that are not known to be matched here, and those that took too long to match."""
    places: "Dict[Tuple[str, str], List[Place]]" = {}
    for pattern, caseless, place in _patterns(config):
        why = why_not_read(pattern, caseless) or patterns.unknown.get(pattern)
        if why:
            places.setdefault((pattern, why), []).append(place)
    found = [
        UnknownPattern("pattern " + printable(pattern, _SHOWN), "%s: %s" % (_where(stands), why))
        for (pattern, why), stands in places.items()
    ]
    if "" in patterns.unknown:
        found.insert(0, UnknownPattern("patterns", patterns.unknown[""]))
    if len(found) > PATTERNS_LIMIT:
        rest = UnknownPattern("patterns", "%d more are as those that are named" % (len(found) - PATTERNS_LIMIT))
        return [*found[:PATTERNS_LIMIT], rest]
    return found


def _patterns(config: "NginxConfig") -> "Iterator[Tuple[str, bool, Place]]":
    """Each pattern, whether it is one for letters of any case, and its place."""
    for block in config["blocks"]:
        if block["name"] == "location" and block["modifier"] in ("~", "~*"):
            yield block["path"], block["modifier"] == "~*", block["place"]
        elif block["name"] == "server":
            for name in block["server_names"]:
                if name.startswith("~"):
                    yield name[1:], True, block["place"]


def _where(places: "List[Place]") -> str:
    more = " and %d more places" % (len(places) - 1) if len(places) > 1 else ""
    return "%s:%d%s" % (places[0]["file"], places[0]["line"], more)
