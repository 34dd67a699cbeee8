# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Buffers that hold a response header of a measured size, set where they are in force, such that nginx accepts the whole configuration.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import typing as t
from dataclasses import dataclass, field

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffer_rules import (
    CHECKED,
    WORDS,
    Facts,
    Levels,
    Values,
    Violation,
    text_of,
    validate_all,
)

Edit = dict[str, t.Any]

LARGEST = 64 * 1024
_SMALLEST = 32 * 1024
_EACH = 16 * 1024
_NUMBER = 8
_LEAST_MARGIN = 512
_DROPIN = "bad_gateway_%s_buffers.conf"


@dataclass(frozen=True)
class BufferPlan:
    """What to set, and where. Sizes are as nginx writes them. refusal says why nothing is planned; all else may then be empty.

    dropin: path of a file to write with size, number and each; None where edits alone do it, and then these are what will be in force for the
    route. number and each are None for grpc and memcached, which have one buffer.
    edits: for nginx_directive, with the path of each file. sum: how the size came about.
    """

    family: str
    size: str = ""
    number: int | None = None
    each: str | None = None
    edits: list[Edit] = field(default_factory=list)
    dropin: str | None = None
    level: str | None = None
    sum: str = ""
    refusal: str | None = None


def size_for(header_bytes: int) -> int:
    """The buffer for a header of this size: an eighth of it as margin, the next power of two, 32k at least; more than LARGEST where it won't fit."""
    size = _SMALLEST
    while size < header_bytes + _margin(header_bytes):
        size *= 2
    return min(size, LARGEST) if header_bytes + _LEAST_MARGIN <= LARGEST else size


def _margin(header_bytes: int) -> int:
    return max(_LEAST_MARGIN, header_bytes // 8)


def in_force(config: Facts, route: Facts, page_size: int) -> int:
    """Bytes that the first buffer holds on this route."""
    return Levels(config).values(route["block"], route["pass"]["family"], page_size).size


def plan(config: Facts, route: Facts, header_bytes: int | None, page_size: int = 4096) -> BufferPlan:
    """Buffers for one route. header_bytes: all that must fit into the first buffer; None: only known not to fit into the one in force."""
    family = route["pass"]["family"]
    now = Levels(config).values(route["block"], family, page_size)
    header = now.size + 1 if header_bytes is None else header_bytes
    size = size_for(header)
    refusal = _refusal(family, route, header, header_bytes is not None, size, now)
    if refusal:
        return BufferPlan(family, refusal=refusal)
    before = validate_all(config, (), page_size)
    why: list[str] = []
    for target, dropin in _targets(config, route, family):
        writer = _Writer(config, route, target, dropin, page_size)
        writer.enlarge(size)
        if writer.blocks[target]["name"] == "location":
            writer.repair(before)
        problem = writer.problem(before)
        if problem is None:
            return writer.plan(_sum(header, header_bytes is not None, size) + writer.shape())
        why.append(problem)
    return BufferPlan(
        family, refusal="no place to set %s_buffer_size %s: %s" % (family, text_of(size), "; ".join(dict.fromkeys(why)))
    )


def _refusal(family: str, route: Facts, header: int, is_measured: bool, size: int, now: Values) -> str | None:
    if size > LARGEST:
        told = "%d bytes" % header if is_measured else "more than %d bytes" % (header - 1)
        return "the header block is %s, more than %s: the application has to send less (cookies, debug headers)" % (
            told,
            text_of(LARGEST),
        )
    if now.size >= size:
        setting = route["settings"].get(family + "_buffer_size")
        where = " at %(file)s:%(line)d" % setting["place"] if setting else ", nginx's own default,"
        return (
            "%s_buffer_size %s%s holds the measured header of %d bytes: nginx runs an older configuration, or the header varies"
            % (
                family,
                text_of(now.size),
                where,
                header,
            )
        )
    return None


def _sum(header: int, is_measured: bool, size: int) -> str:
    margin = _margin(header)
    told = (
        "measured header %d bytes" % header
        if is_measured
        else "header larger than the %d bytes in force" % (header - 1)
    )
    rule = (
        "fits %s with less margin" % text_of(LARGEST)
        if header + margin > size
        else "next power of two, at least %s" % text_of(_SMALLEST)
    )
    return "%s + %d margin = %d; %s: %s" % (told, margin, header + margin, rule, text_of(size))


def _targets(config: Facts, route: Facts, family: str) -> t.Iterator[tuple[int, str | None]]:
    """Blocks to set the sizes in, the best first, and the drop-in that stands for http{}: the level in force, else http{}, else the location."""
    levels = Levels(config)
    blocks = {block["id"]: block for block in levels.blocks}
    http = [block for block in levels.blocks if block["name"] == "http"][0]
    names = ["%s_%s" % (family, word) for word in WORDS]
    dropin = posixpath.join(levels.dropin_dir, _DROPIN % family) if levels.dropin_dir else None
    own = [http["sets"][name]["place"]["file"] for name in names if name in http["sets"]]
    if any(file != dropin for file in own):
        dropin = None
    holder = levels.holder(route["block"], names[0])
    location = blocks[route["block"]]
    while location["name"] not in ("location", "server"):
        location = blocks[location["parent"]]
    first = http["id"] if holder is None else holder
    yield first, dropin if first == http["id"] else None
    if location["id"] != first:
        yield location["id"], None


class _Writer:
    """Edits for one target block, as few as nginx's rules allow."""

    def __init__(self, config: Facts, route: Facts, target: int, dropin: str | None, page_size: int) -> None:
        self.config = config
        self.block: int = route["block"]
        self.family: str = route["pass"]["family"]
        self.page_size = page_size
        self.target = target
        self.dropin = dropin
        self.blocks = {block["id"]: block for block in config["blocks"]}
        self.edits: list[Edit] = _rewritten(self.blocks[target], dropin)

    def levels(self) -> Levels:
        """The configuration as it is with the edits up to now."""
        return Levels(self.config, self.edits)

    def after(self, block: int) -> Values:
        return self.levels().values(block, self.family, self.page_size)

    def enlarge(self, size: int) -> None:
        """Set the size, and of the rest what it needs."""
        self.set(self.block, "buffer_size", text_of(size))
        if self.family not in CHECKED:
            return
        if self.dropin:
            self.put(self.dropin, None, self.family + "_buffers", _buffers(self.after(self.target)))
        elif self.levels().holder(self.block, self.family + "_buffers") is None:
            self.set(self.block, "buffers", *_buffers(self.after(self.block)))
        self.make_room(self.block)

    def make_room(self, block: int) -> None:
        """Bring the other values that are in force in a block in line with the size."""
        if _is_tight(self.after(block)):
            self.set(block, "buffers", *_buffers(self.after(block)))
        values = self.after(block)
        room = (values.number - 1) * values.each
        if values.busy is not None and not values.larger <= values.busy <= room:
            self.set(block, "busy_buffers_size", text_of(min(2 * values.larger, room)))
        if values.temp_write is not None and values.temp_write < values.larger:
            self.set(block, "temp_file_write_size", text_of(2 * values.larger))
        if values.max_temp and values.max_temp < values.larger:
            self.set(block, "max_temp_file_size", text_of(values.larger))

    def repair(self, before: t.Sequence[Violation]) -> None:
        """The same for locations inside the failing one, which have values of their own."""
        for violation in validate_all(self.config, self.edits, self.page_size):
            if violation not in before and self.levels().is_within(violation.block, self.target):
                self.make_room(violation.block)

    def set(self, block: int, word: str, *args: str) -> None:
        """Where a block's value comes from the target or from a block in it, that one is changed; else the target gets one of its own."""
        directive = "%s_%s" % (self.family, word)
        levels = self.levels()
        holder = levels.holder(block, directive)
        at = self.target if holder is None or not levels.is_within(holder, self.target) else holder
        path, within = (self.dropin, None) if at == self.target and self.dropin else _where(self.blocks[at], directive)
        self.put(path, within, directive, list(args))

    def put(self, path: str, block: Facts | None, directive: str, args: list[str]) -> None:
        """One edit for one statement: a second one for it takes the place of the first."""
        kept = [
            edit
            for edit in self.edits
            if (edit["path"], edit.get("block"), edit["directive"]) != (path, block, directive)
        ]
        self.edits = [*kept, {"path": path, "block": block, "directive": directive, "args": args, "state": "present"}]

    def problem(self, before: t.Sequence[Violation]) -> str | None:
        """Why these edits can't be made; None where nginx will take them."""
        for edit in self.edits:
            origin = self.config["generated"].get(edit["path"])
            if origin:
                return "%s is not to be edited (%s)" % (edit["path"], origin)
        for violation in validate_all(self.config, self.edits, self.page_size):
            if violation not in before:
                place = self.blocks[violation.block]["place"]
                return "in %s:%d %s" % (place["file"], place["line"], violation.text)
        return None

    def shape(self) -> str:
        """The sum of the buffers, where the family has several."""
        if self.family not in CHECKED:
            return ""
        values = self.after(self.block)
        room = text_of((values.number - 1) * values.each)
        told = (
            values.number,
            text_of(values.each),
            text_of(values.busy_in_force),
            values.number - 1,
            text_of(values.each),
            room,
        )
        return "; buffers %d x %s: busy %s <= %d x %s = %s" % told

    def plan(self, told: str) -> BufferPlan:
        values = self.after(self.target if self.dropin else self.block)
        many = self.family in CHECKED
        return BufferPlan(
            family=self.family,
            size=text_of(values.size),
            number=values.number if many else None,
            each=text_of(values.each) if many else None,
            edits=[edit for edit in self.edits if edit["path"] != self.dropin],
            dropin=self.dropin,
            level=self.blocks[self.target]["name"],
            sum=told,
        )


def _is_tight(values: Values) -> bool:
    """Whether the buffers are too few or too small for nginx's default of busy ones, and for what is set of it."""
    room = (values.number - 1) * values.each
    return room < 2 * values.larger and not (values.busy is not None and values.larger <= values.busy <= room)


def _buffers(values: Values) -> list[str]:
    """Number and size that leave room for twice the first buffer, never fewer or smaller than before."""
    number, each = max(_NUMBER, values.number), max(_EACH, values.each)
    while 2 * max(values.size, each) > (number - 1) * each:
        each *= 2
    return [str(number), text_of(each)]


def _where(block: Facts, directive: str) -> tuple[str, dict[str, t.Any] | None]:
    """File to edit and the block in it; None: at the main level of a file that is included in the block, where the directive or the size is set."""
    place = block["place"]
    present = block["sets"].get(directive) or block["sets"].get(directive.partition("_")[0] + "_buffer_size")
    if present is not None and present["place"]["file"] != place["file"]:
        return present["place"]["file"], None
    return place["file"], {"name": block["name"], "line": place["line"]}


def _rewritten(block: Facts, dropin: str | None) -> list[Edit]:
    """What goes when a drop-in of an earlier run is written anew; nothing where there is to be none."""
    return [
        {"path": dropin, "directive": name, "state": "absent"}
        for name, setting in block["sets"].items()
        if setting["place"]["file"] == dropin
    ]
