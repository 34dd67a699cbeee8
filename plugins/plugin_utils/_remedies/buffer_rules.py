# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx itself demands of buffer directives when it merges its levels, so that a plan can tell what `nginx -t` will say.

nginx checks every server and location, also those that never use the family; line numbers in its messages point elsewhere.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import re
import typing as t
from dataclasses import dataclass

Facts = t.Mapping[str, t.Any]
#: Values of one block by directive: what it sets itself.
Sets = dict[str, list[str]]

#: Families with several buffers for a response; grpc and memcached have one.
CHECKED = ("fastcgi", "proxy", "uwsgi", "scgi")
WORDS = ("buffer_size", "buffers", "busy_buffers_size", "temp_file_write_size", "max_temp_file_size")
_DEFAULT_NUMBER = 8
_DEFAULT_MAX_TEMP = 1024 * 1024 * 1024
_UNITS = {"": 1, "k": 1024, "m": 1024 * 1024, "g": 1024 * 1024 * 1024}


@dataclass(frozen=True)
class Values:
    """The five values in force for one family in one block. busy and temp_write: None where nginx takes twice the larger buffer."""

    size: int
    number: int
    each: int
    busy: int | None
    temp_write: int | None
    max_temp: int

    @property
    def larger(self) -> int:
        return max(self.size, self.each)

    @property
    def busy_in_force(self) -> int:
        return 2 * self.larger if self.busy is None else self.busy


@dataclass(frozen=True)
class Violation:
    """One demand that is not met in one block."""

    family: str
    block: int
    text: str


def bytes_of(text: str) -> int | None:
    """A size as nginx reads it; None where it is none."""
    found = re.match(r"\A(\d{1,15})([kKmMgG]?)\Z", text)
    return int(found.group(1)) * _UNITS[found.group(2).lower()] if found else None


def text_of(size: int) -> str:
    """A size as a configuration would have it."""
    for unit in ("m", "k"):
        if size and size % _UNITS[unit] == 0:
            return "%d%s" % (size // _UNITS[unit], unit)
    return str(size)


class Levels:
    """The blocks of a configuration with what each of them sets, after edits that are only thought of."""

    def __init__(self, config: Facts, edits: t.Iterable[Facts] = ()) -> None:
        self.blocks: list[Facts] = list(config.get("blocks") or [])
        self.dropin_dir = (config.get("http") or {}).get("dropin_dir")
        self.sets: dict[int, Sets] = {
            block["id"]: {name: list(one["args"]) for name, one in block["sets"].items()} for block in self.blocks
        }
        self.parents = {block["id"]: block["parent"] for block in self.blocks}
        self.duplicates: list[Violation] = []
        for edit in edits:
            self._apply(edit)

    def _apply(self, edit: Facts) -> None:
        for block in self.blocks:
            if self._is_meant(block, edit):
                self._set(block, edit)

    def _set(self, block: Facts, edit: Facts) -> None:
        directive, present = edit["directive"], block["sets"].get(edit["directive"])
        if edit.get("state", "present") == "absent":
            self.sets[block["id"]].pop(directive, None)
            return
        if present is not None and edit.get("block") is None and present["place"]["file"] != edit["path"]:
            self.duplicates.append(
                Violation(directive.partition("_")[0], block["id"], '"%s" directive is duplicate' % directive)
            )
        self.sets[block["id"]][directive] = list(edit["args"])

    def _is_meant(self, block: Facts, edit: Facts) -> bool:
        """A file that is included in several places is several blocks here and one on disk: they change together."""
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

    def holder(self, block: int, directive: str) -> int | None:
        """The block whose value of the directive is in force in this one."""
        return next((level for level in self.chain(block) if directive in self.sets[level]), None)

    def is_within(self, block: int, around: int) -> bool:
        return around in self.chain(block)

    def chain(self, block: int) -> t.Iterator[int]:
        """The block itself and those around it."""
        yield block
        parent = self.parents[block]
        if parent is not None:
            yield from self.chain(parent)

    def args(self, block: int, directive: str) -> list[str] | None:
        holder = self.holder(block, directive)
        return None if holder is None else self.sets[holder][directive]

    def size(self, block: int, directive: str) -> int | None:
        args = self.args(block, directive)
        return bytes_of(args[0]) if args else None

    def values(self, block: int, family: str, page_size: int) -> Values:
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


def broken_rules(family: str, values: Values) -> list[str]:
    """Which of nginx's demands these values break, in its words."""
    name = family + "_"
    larger = 'the maximum of the value of "%sbuffer_size" and one of the "%sbuffers"' % (name, name)
    temp_write = 2 * values.larger if values.temp_write is None else values.temp_write
    checks = (
        (values.number >= 2, 'there must be at least 2 "%sbuffers"' % name),
        (
            values.busy_in_force >= values.larger,
            '"%sbusy_buffers_size" must be equal to or greater than %s' % (name, larger),
        ),
        (
            values.busy_in_force <= (values.number - 1) * values.each,
            '"%sbusy_buffers_size" must be less than the size of all "%sbuffers" minus one buffer' % (name, name),
        ),
        (temp_write >= values.larger, '"%stemp_file_write_size" must be equal to or greater than %s' % (name, larger)),
        (
            values.max_temp == 0 or values.max_temp >= values.larger,
            '"%smax_temp_file_size" must be equal to zero to disable temporary files usage or must be equal to or greater than %s'
            % (name, larger),
        ),
    )
    return [text for is_met, text in checks if not is_met]


def validate_all(config: Facts, edits: t.Iterable[Facts], page_size: int) -> list[Violation]:
    """Every demand that some server or location of the configuration would break once the edits were made."""
    levels = Levels(config, edits)
    return levels.duplicates + [
        Violation(family, block["id"], text)
        for family in CHECKED
        for block in levels.blocks
        if block["name"] != "http"
        for text in broken_rules(family, levels.values(block["id"], family, page_size))
    ]
