# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fewest edits that make one block's buffer for the header larger, such that nginx still accepts its whole configuration.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffer_levels import (
    Levels,
    Values,
    text_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffer_rules import (
    SEVERAL_BUFFERS,
    Violation,
    validate_all,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import BlockFacts, NginxConfig
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.roles import Block, DirectiveEdit

_EACH = 16 * 1024
_NUMBER = 8


class BufferEdits:
    """Edits that set the sizes for one route in one target block.

    dropin: the file that is written instead where the target is http{}; edits of it are what the file will have.
    """

    def __init__(self, config: NginxConfig, route: Route, target: int, dropin: str | None, page_size: int) -> None:
        self.config = config
        self.block: int = route["block"]
        self.family: str = route["pass"]["family"]
        self.page_size = page_size
        self.target = target
        self.dropin = dropin
        self.blocks = {block["id"]: block for block in config["blocks"]}
        self.edits: list[DirectiveEdit] = _without_old_dropin(self.blocks[target], dropin)

    def after(self, block: int) -> Values:
        """What will be in force in a block after the edits up to now."""
        return self._levels().values(block, self.family, self.page_size)

    def enlarge(self, size: int) -> None:
        """Set the size of the first buffer, and of the other values those that it needs."""
        self._set(self.block, "buffer_size", text_of(size))
        if self.family not in SEVERAL_BUFFERS:
            return
        if self.dropin:
            self._put(self.dropin, None, self.family + "_buffers", _buffers(self.after(self.target)))
        elif self._levels().holder(self.block, self.family + "_buffers") is None:
            self._set(self.block, "buffers", *_buffers(self.after(self.block)))
        self._make_room(self.block)

    def repair(self, before: t.Sequence[Violation]) -> None:
        """Also adapt locations inside the target that have values of their own and would break a rule by the edits. before: what is broken already."""
        for violation in validate_all(self.config, self.edits, self.page_size):
            if violation not in before and self._levels().is_within(violation.block, self.target):
                self._make_room(violation.block)

    def problem(self, before: t.Sequence[Violation]) -> str | None:
        """Why these edits cannot be made; None where nginx will accept them. before: what is broken already."""
        for violation in validate_all(self.config, self.edits, self.page_size):
            if violation not in before:
                place = self.blocks[violation.block]["place"]
                return "in %s:%d %s" % (place["file"], place["line"], violation.text)
        return None

    def last(self) -> bool:
        """Whether nobody writes one of the files anew, so that these edits last."""
        return not any(edit["path"] in self.config["generated"] for edit in self.edits)

    def _levels(self) -> Levels:
        """The configuration with the edits up to now."""
        return Levels(self.config, self.edits)

    def _make_room(self, block: int) -> None:
        """Set those of the other values in force in a block that do not fit the size of the first buffer."""
        if _is_tight(self.after(block)):
            self._set(block, "buffers", *_buffers(self.after(block)))
        values = self.after(block)
        if values.busy is not None and not values.larger <= values.busy <= values.room:
            self._set(block, "busy_buffers_size", text_of(min(2 * values.larger, values.room)))
        if values.temp_write is not None and values.temp_write < values.larger:
            self._set(block, "temp_file_write_size", text_of(2 * values.larger))
        if values.max_temp and values.max_temp < values.larger:
            self._set(block, "max_temp_file_size", text_of(values.larger))

    def _set(self, block: int, word: str, *args: str) -> None:
        """Set a directive of the family for a block: where its value comes from the target or from a block in it, there; else in the target."""
        directive = "%s_%s" % (self.family, word)
        levels = self._levels()
        holder = levels.holder(block, directive)
        at = self.target if holder is None or not levels.is_within(holder, self.target) else holder
        if at == self.target and self.dropin:
            self._put(self.dropin, None, directive, list(args))
        else:
            self._put(*place_for(self.blocks[at], directive), directive, list(args))

    def _put(self, path: str, block: Block | None, directive: str, args: list[str]) -> None:
        """One edit for one statement: a second one for it takes the place of the first."""
        kept = [
            edit
            for edit in self.edits
            if (edit["path"], edit.get("block"), edit["directive"]) != (path, block, directive)
        ]
        self.edits = [*kept, {"path": path, "block": block, "directive": directive, "args": args, "state": "present"}]


def place_for(block: BlockFacts, directive: str) -> tuple[str, Block | None]:
    """The file to edit, and the block in it; None for the main level of a file that the block includes, where the directive or the size is set."""
    place = block["place"]
    present = block["sets"].get(directive) or block["sets"].get(directive.partition("_")[0] + "_buffer_size")
    if present is not None and present["place"]["file"] != place["file"]:
        return present["place"]["file"], None
    return place["file"], {"name": block["name"], "line": place["line"]}


def _is_tight(values: Values) -> bool:
    """Whether the other buffers are too few or too small: for nginx's default of busy ones, and for what is set of these."""
    return values.room < 2 * values.larger and not (
        values.busy is not None and values.larger <= values.busy <= values.room
    )


def _buffers(values: Values) -> list[str]:
    """Number and size that leave room for twice the first buffer, never fewer or smaller than before."""
    number, each = max(_NUMBER, values.number), max(_EACH, values.each)
    while 2 * max(values.size, each) > (number - 1) * each:
        each *= 2
    return [str(number), text_of(each)]


def _without_old_dropin(block: BlockFacts, dropin: str | None) -> list[DirectiveEdit]:
    """Edits that remove what the drop-in of an earlier run set in this block, as the file is written again; none without a drop-in."""
    return [
        {"path": dropin, "directive": name, "state": "absent"}
        for name, setting in block["sets"].items()
        if setting["place"]["file"] == dropin and dropin is not None
    ]
