# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which buffers hold a response header of a measured size: how large, and in which block of nginx's configuration they are set.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import typing as t
from dataclasses import dataclass, field

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffer_edits import BufferEdits
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffer_levels import (
    Levels,
    Values,
    text_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffer_rules import (
    SEVERAL_BUFFERS,
    validate_all,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import NginxConfig
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.roles import DirectiveEdit

#: No buffer for a header is made larger than this.
LARGEST = 64 * 1024
_SMALLEST = 32 * 1024
_LEAST_MARGIN = 512
_DROPIN = "bad_gateway_%s_buffers.conf"
#: Directives of a family that a drop-in may set, without the family's prefix.
_WORDS = ("buffer_size", "buffers", "busy_buffers_size", "temp_file_write_size", "max_temp_file_size")


@dataclass(frozen=True)
class BufferPlan:
    """What to set, and where. Sizes are as nginx writes them. refusal says why nothing is planned; all else is empty then.

    dropin: path of a file to write with size, number and each. Where it is None, edits alone do it, and size, number and each are what will be
    in force for the route. number and each are None for grpc and memcached, which have one buffer.
    edits: for the module nginx_directive, with the path of each file; a file that somebody else writes anew only where no other will do.
    level: name of the block that they are made in. sum: how the size was found.
    """

    family: str
    size: str = ""
    number: int | None = None
    each: str | None = None
    edits: list[DirectiveEdit] = field(default_factory=list)
    dropin: str | None = None
    level: str | None = None
    sum: str = ""
    refusal: str | None = None


@dataclass(frozen=True)
class _Header:
    """Bytes that the first buffer has to hold, and whether they were measured. If not, only the buffer in force is known to be too small."""

    size: int
    is_measured: bool

    @property
    def margin(self) -> int:
        return max(_LEAST_MARGIN, self.size // 8)


def plan(config: NginxConfig, route: Route, header_bytes: int | None, page_size: int = 4096) -> BufferPlan:
    """Buffers for one route. header_bytes: all that the first buffer has to hold; None where it is only known not to fit into the one in force."""
    family = route["pass"]["family"]
    now = Levels(config).values(route["block"], family, page_size)
    header = _Header(now.size + 1 if header_bytes is None else header_bytes, header_bytes is not None)
    size = size_for(header.size)
    refusal = _refusal(family, route, header, size, now)
    if refusal:
        return BufferPlan(family, refusal=refusal)
    before = validate_all(config, (), page_size)
    problems: list[str] = []
    fading: list[BufferEdits] = []
    for target, dropin in _targets(config, route, family):
        edits = BufferEdits(config, route, target, dropin, page_size)
        edits.enlarge(size)
        if edits.blocks[target]["name"] == "location":
            edits.repair(before)
        problem = edits.problem(before)
        if problem is None and edits.last():
            return _planned(edits, _sum(header, size))
        if problem is None:
            fading.append(edits)
        else:
            problems.append(problem)
    if fading:
        return _planned(fading[0], _sum(header, size))
    reasons = "; ".join(dict.fromkeys(problems))
    return BufferPlan(family, refusal="no place to set %s_buffer_size %s: %s" % (family, text_of(size), reasons))


def in_force(config: NginxConfig, route: Route, page_size: int) -> int:
    """Bytes that the first buffer holds on this route."""
    return Levels(config).values(route["block"], route["pass"]["family"], page_size).size


def size_for(header_bytes: int) -> int:
    """The size of the buffer for a header: the header and an eighth of it as margin, as the next power of two, at least 32k.

    A header that fits into LARGEST with the least margin gets LARGEST; for a larger one the result is larger than LARGEST.
    """
    wanted = header_bytes + _Header(header_bytes, True).margin
    size = _SMALLEST
    while size < wanted:
        size *= 2
    return min(size, LARGEST) if header_bytes + _LEAST_MARGIN <= LARGEST else size


def _refusal(family: str, route: Route, header: _Header, size: int, now: Values) -> str | None:
    """Why no other size is set: the header is too large for any buffer, or fits into the one in force."""
    if size > LARGEST:
        is_bytes = "%d bytes" % header.size if header.is_measured else "more than %d bytes" % (header.size - 1)
        return "the header block is %s, more than %s: the application has to send less (cookies, debug headers)" % (
            is_bytes,
            text_of(LARGEST),
        )
    if now.size >= size:
        setting = route["settings"].get(family + "_buffer_size")
        where = " at %(file)s:%(line)d" % setting["place"] if setting else ", nginx's own default,"
        return (
            "%s_buffer_size %s%s holds the measured header of %d bytes: nginx runs an older configuration, or the header varies"
            % (family, text_of(now.size), where, header.size)
        )
    return None


def _sum(header: _Header, size: int) -> str:
    """How the size was found, as a sum that an administrator can check."""
    measured = "measured header %d bytes" % header.size
    if not header.is_measured:
        measured = "header of %d bytes at least, as the %d in force did not hold it," % (header.size, header.size - 1)
    wanted = header.size + header.margin
    rule = "next power of two, at least %s" % text_of(_SMALLEST)
    if wanted > size:
        rule = "fits %s with less margin" % text_of(LARGEST)
    return "%s + %d margin = %d; %s: %s" % (measured, header.margin, wanted, rule, text_of(size))


def _targets(config: NginxConfig, route: Route, family: str) -> t.Iterator[tuple[int, str | None]]:
    """Blocks to set the sizes in, the best first: the level in force, else http{}; then the location. With http{} goes the drop-in to write instead."""
    levels = Levels(config)
    blocks = {block["id"]: block for block in levels.blocks}
    http = [block for block in levels.blocks if block["name"] == "http"][0]
    names = ["%s_%s" % (family, word) for word in _WORDS]
    dropin = posixpath.join(levels.dropin_dir, _DROPIN % family) if levels.dropin_dir else None
    files = [http["sets"][name]["place"]["file"] for name in names if name in http["sets"]]
    if any(file != dropin for file in files):
        dropin = None
    holder = levels.holder(route["block"], names[0])
    location = blocks[route["block"]]
    while location["name"] not in ("location", "server"):
        location = blocks[location["parent"] or http["id"]]
    first = http["id"] if holder is None else holder
    yield first, dropin if first == http["id"] else None
    if location["id"] != first:
        yield location["id"], None


def _planned(edits: BufferEdits, how: str) -> BufferPlan:
    """The plan for these edits. how: how the size was found."""
    several = edits.family in SEVERAL_BUFFERS
    written = edits.after(edits.target if edits.dropin else edits.block)
    return BufferPlan(
        family=edits.family,
        size=text_of(written.size),
        number=written.number if several else None,
        each=text_of(written.each) if several else None,
        edits=[edit for edit in edits.edits if edit["path"] != edits.dropin],
        dropin=edits.dropin,
        level=edits.blocks[edits.target]["name"],
        sum=how + (_shape(edits.after(edits.block)) if several else ""),
    )


def _shape(values: Values) -> str:
    """Why the other buffers suffice: what may be busy is no more than all but one of them."""
    return "; buffers %d x %s: busy %s <= %d x %s = %s" % (
        values.number,
        text_of(values.each),
        text_of(values.busy_in_force),
        values.number - 1,
        text_of(values.each),
        text_of(values.room),
    )
