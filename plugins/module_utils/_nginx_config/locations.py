# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which location of a server nginx chooses for a path, by its own rules.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Dict, Iterable, List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre import Patterns

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import BlockFacts


class Chosen(NamedTuple):
    """A block, and whether nginx tries nothing further once it has come to it."""

    block: "BlockFacts"
    is_final: bool


class _Level:
    """The locations that stand in one block. The first of two with the same path counts."""

    def __init__(self) -> None:
        self.exact: "Dict[str, BlockFacts]" = {}
        self.prefixes: "Dict[str, BlockFacts]" = {}
        self.lengths: List[int] = []
        self.expressions: "List[BlockFacts]" = []
        self.named: "Dict[str, BlockFacts]" = {}

    def add(self, location: "BlockFacts") -> None:
        modifier, path = location["modifier"], location["path"]
        if modifier in ("~", "~*"):
            self.expressions.append(location)
            return
        kind = {"=": self.exact, "@": self.named}.get(modifier, self.prefixes)
        kind.setdefault(path, location)
        if kind is self.prefixes and len(path) not in self.lengths:
            self.lengths = sorted([*self.lengths, len(path)], reverse=True)

    def longest(self, path: str) -> "Optional[BlockFacts]":
        """The location with the longest prefix of this path."""
        found = (self.prefixes.get(path[:length]) for length in self.lengths if length <= len(path))
        return next(filter(None, found), None)


class Locations:
    """The locations of a configuration."""

    def __init__(self, blocks: "Iterable[BlockFacts]", patterns: Patterns) -> None:
        self.patterns = patterns
        self.levels: Dict[int, _Level] = {}
        for block in blocks:
            if block["name"] == "location" and block["parent"] is not None:
                self.levels.setdefault(block["parent"], _Level()).add(block)

    def named(self, server: "BlockFacts", name: str) -> "Optional[BlockFacts]":
        """The location @name of a server."""
        level = self.levels.get(server["id"])
        return level.named.get(name) if level else None

    def find(self, within: "BlockFacts", path: str) -> Chosen:
        """nginx's own search: the longest prefix, in it the nested locations, then expressions in order; `within` itself where none fits.
        Raises NotKnown."""
        level = self.levels.get(within["id"])
        if level is None:
            return Chosen(within, False)
        if path in level.exact:
            return Chosen(level.exact[path], True)
        longest = level.longest(path)
        found = self.find(longest, path) if longest else Chosen(within, False)
        if found.is_final or (longest and longest["modifier"] == "^~"):
            return found
        for location in level.expressions:
            if self.patterns.fits(location["path"], path, location["modifier"] == "~*"):
                return Chosen(self.find(location, path).block, True)
        return found
