# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where pass directives lead: to the servers of an upstream{}, to an address, or to one of several that a table has for a variable.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Dict, List, Mapping, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pass_target import (
    Target,
    has_variable,
    read_target,
    substituted,
    variables_in,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.tables import Row

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import Place
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.upstreams import UpstreamFacts

    class Branch(TypedDict):
        """The first row of a table that leads to a peer. upstream: the name of the upstream{} that the peer stands in.

        source: the variable that the keys are compared with. keys: those of all rows that lead there.
        """

        table: str
        source: str
        key: str
        keys: List[str]
        place: Place
        upstream: Optional[str]


#: Rows of a table that are followed: one with more is of customers, not of releases.
ROWS_LIMIT = 32


class Followed(NamedTuple):
    """Where a target leads. upstream: the name of its upstream{}; branches: for each peer the row of a table that leads there."""

    scheme: str
    uri: Optional[str]
    upstream: Optional[str]
    peers: List[str]
    branches: "Dict[str, Branch]"


class Follower:
    """Follows targets among the upstreams and tables of a configuration."""

    def __init__(self, upstreams: "Mapping[str, UpstreamFacts]", tables: Mapping[str, List[Row]]) -> None:
        self.upstreams = upstreams
        self.by_name = {name.lower(): name for name in upstreams}
        self.tables = tables

    def follow(self, family: str, text: str) -> Followed:
        """Where a target leads, in which the variables are put in whose values are known."""
        target = read_target(family, text)
        upstream = self._upstream(target)
        peers = self._peers(target, upstream)
        if not peers and has_variable(text):
            return self._branches(family, text) or Followed(target.scheme, target.uri, None, [], {})
        return Followed(target.scheme, target.uri, upstream, peers, {})

    def _upstream(self, target: Target) -> Optional[str]:
        """The name of the upstream{} that a target means."""
        return self.by_name.get((target.name or "").lower())

    def _peers(self, target: Target, name: Optional[str]) -> List[str]:
        if name is not None:
            return list(dict.fromkeys(server["address"] for server in self.upstreams[name]["servers"]))
        return [target.address] if target.address else []

    def _branches(self, family: str, text: str) -> Optional[Followed]:
        """Where a target leads whose one variable is of a table; None where a row does not say an address, or another scheme than the others."""
        names = [name for name in variables_in(text) if name in self.tables]
        rows = self.tables[names[0]] if len(names) == 1 else []
        branches: "Dict[str, Branch]" = {}
        targets: List[Target] = []
        for row in rows if len(rows) <= ROWS_LIMIT else []:
            target = read_target(family, substituted(text, {names[0]: row.value}))
            upstream = self._upstream(target)
            peers = self._peers(target, upstream)
            if not peers or has_variable(row.value):
                return None
            targets.append(target)
            for peer in peers:
                branch = branches.setdefault(
                    peer,
                    {
                        "table": row.table,
                        "source": row.source,
                        "key": row.key,
                        "keys": [],
                        "place": row.place,
                        "upstream": upstream,
                    },
                )
                branch["keys"].append(row.key)
        if len({target.scheme for target in targets}) != 1:
            return None
        return Followed(targets[0].scheme, targets[0].uri, None, list(branches), branches)
