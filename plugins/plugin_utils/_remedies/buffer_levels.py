# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which buffer sizes are in force in each block of nginx's configuration, also after edits that are only planned.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import BlockFacts, NginxConfig
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.roles import DirectiveEdit

_DEFAULT_NUMBER = 8
_DEFAULT_MAX_TEMP = 1024 * 1024 * 1024
_UNITS = {"": 1, "k": 1024, "m": 1024 * 1024, "g": 1024 * 1024 * 1024}


def bytes_of(text: str) -> int | None:
    """The bytes that a size of nginx's configuration stands for (32k, 1m, 6000); None where the text is no size."""
    found = re.match(r"\A(\d{1,15})([kKmMgG]?)\Z", text)
    return int(found.group(1)) * _UNITS[found.group(2).lower()] if found else None


def text_of(size: int) -> str:
    """A size in bytes as nginx's configuration has it: 32k, 1m, 6000."""
    for unit in ("m", "k"):
        if size and size % _UNITS[unit] == 0:
            return "%d%s" % (size // _UNITS[unit], unit)
    return str(size)


@dataclass(frozen=True)
class Values:
    """The buffer values that are in force for one family in one block, in bytes.

    size: the first buffer, which holds the header. number and each: the other buffers. busy and temp_write are None where nothing sets them:
    nginx then takes twice the larger buffer.
    """

    size: int
    number: int
    each: int
    busy: int | None
    temp_write: int | None
    max_temp: int

    @property
    def larger(self) -> int:
        """The larger of the first buffer and one of the others."""
        return max(self.size, self.each)

    @property
    def busy_in_force(self) -> int:
        return 2 * self.larger if self.busy is None else self.busy

    @property
    def room(self) -> int:
        """All buffers but one: as much as nginx lets be busy."""
        return (self.number - 1) * self.each


class Duplicate(t.NamedTuple):
    """A directive that a block would have twice after the edits, which nginx refuses."""

    block: int
    directive: str


class Levels:
    """The blocks of a configuration, and which buffer directives each of them sets itself, after the planned edits.

    sets: arguments by directive, for each block's id.
    """

    def __init__(self, config: NginxConfig, edits: t.Iterable[DirectiveEdit] = ()) -> None:
        self.blocks: list[BlockFacts] = list(config.get("blocks") or [])
        self.dropin_dir = or_empty(config.get("http")).get("dropin_dir")
        self.sets: dict[int, dict[str, list[str]]] = {
            block["id"]: {name: list(one["args"]) for name, one in block["sets"].items()} for block in self.blocks
        }
        self.parents = {block["id"]: block["parent"] for block in self.blocks}
        self.duplicates: list[Duplicate] = []
        for edit in edits:
            self._apply(edit)

    def _apply(self, edit: DirectiveEdit) -> None:
        for block in self.blocks:
            if self._is_meant(block, edit):
                self._set(block, edit)

    def _set(self, block: BlockFacts, edit: DirectiveEdit) -> None:
        directive, present = edit["directive"], block["sets"].get(edit["directive"])
        if edit.get("state", "present") == "absent":
            self.sets[block["id"]].pop(directive, None)
            return
        if present is not None and edit.get("block") is None and present["place"]["file"] != edit["path"]:
            self.duplicates.append(Duplicate(block["id"], directive))
        self.sets[block["id"]][directive] = list(edit["args"])

    def _is_meant(self, block: BlockFacts, edit: DirectiveEdit) -> bool:
        """Whether the edit changes this block. A file that is included in several places is several blocks: all of them change."""
        wanted, place = edit.get("block"), block["place"]
        if wanted is not None:
            return bool(
                place["file"] == edit["path"] and place["line"] == wanted["line"] and block["name"] == wanted["name"]
            )
        if place["file"] != edit["path"] and any(
            one["place"]["file"] == edit["path"] for one in block["sets"].values()
        ):
            return True
        return (
            block["name"] == "http"
            and self.dropin_dir is not None
            and posixpath.dirname(edit["path"]) == self.dropin_dir
        )

    def chain(self, block: int) -> t.Iterator[int]:
        """The block itself and those around it, the innermost first."""
        yield block
        parent = self.parents[block]
        if parent is not None:
            yield from self.chain(parent)

    def is_within(self, block: int, around: int) -> bool:
        """Whether a block is the other one, or lies in it."""
        return around in self.chain(block)

    def holder(self, block: int, directive: str) -> int | None:
        """The block whose value of the directive is in force in this one; None where no block sets it."""
        return next((level for level in self.chain(block) if directive in self.sets[level]), None)

    def args(self, block: int, directive: str) -> list[str] | None:
        """The arguments in force; None where no block sets the directive."""
        holder = self.holder(block, directive)
        return None if holder is None else self.sets[holder][directive]

    def size(self, block: int, directive: str) -> int | None:
        """The first argument in force, in bytes."""
        args = self.args(block, directive)
        return bytes_of(args[0]) if args else None

    def values(self, block: int, family: str, page_size: int) -> Values:
        """What is in force for a family in a block: what is set, else nginx's defaults, of which some are one memory page."""
        buffers = self.args(block, family + "_buffers") or []
        number, each = (bytes_of(buffers[0]), bytes_of(buffers[1])) if len(buffers) == 2 else (None, None)
        max_temp = self.size(block, family + "_max_temp_file_size")
        return Values(
            size=self.size(block, family + "_buffer_size") or page_size,
            number=_DEFAULT_NUMBER if number is None else number,
            each=each or page_size,
            busy=self.size(block, family + "_busy_buffers_size"),
            temp_write=self.size(block, family + "_temp_file_write_size"),
            max_temp=_DEFAULT_MAX_TEMP if max_temp is None else max_temp,
        )
