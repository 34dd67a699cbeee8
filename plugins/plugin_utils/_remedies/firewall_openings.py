# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How one port is opened for named sources, in the words of the tool that is in charge of the firewall.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    import typing_extensions as te

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.opening import Answer, Found, Wanted
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.tools import TOOLS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.firewall_sources import named_sources

PORTS = range(1, 65536)


class CommandResult(t.TypedDict, total=False):
    """What the module command returns; one that could not be run at all has a msg alone."""

    rc: int
    stdout: str
    stderr: str
    msg: str


class Place(t.TypedDict, total=False):
    """Where the rule goes. What a tool does not know is left out or empty."""

    zone: str
    priority: int
    family: str
    table: str
    chain: str
    file: str


class Read(t.TypedDict):
    """What was read on the host: those of the boot files that exist, and the results of the module command for the reads, in their order."""

    files: list[str]
    reads: list[CommandResult]


class EditFields(t.TypedDict):
    """The fields of an Edit, as the role hands them to ansible.builtin.replace."""

    path: str
    regexp: str
    replace: str
    validate: str


class Openings(t.TypedDict):
    """The opening in the tool's own words."""

    rules: list[str]
    boot_files: list[str]
    reads: list[list[str]]
    undo: list[list[str]]
    files: te.NotRequired[list[str]]
    edits: te.NotRequired[list[EditFields]]
    commands: te.NotRequired[list[list[str]]]


def openings(tool: str, sources: t.Sequence[object], port: int, place: Place, read: Read | None = None) -> Openings:
    """The opening, and, where it is known what is there (read), what is missing of it: files, edits and commands.

    Raises ValueError with one sentence for a port that is none, for sources that are no addresses or nearly everybody, for a tool or place that
    is not known, and where the opening would not last.
    """
    if port not in PORTS:
        raise ValueError("%s is no port" % port)
    if tool not in TOOLS:
        raise ValueError("%s is no tool that is known: choose from %s" % (tool, ", ".join(TOOLS)))
    file, wanted = TOOLS[tool], _wanted(sources, port, place)
    result: Openings = {
        "rules": file.rules(wanted),
        "boot_files": file.boot_files(wanted),
        "reads": file.reads(wanted),
        "undo": file.undo(wanted),
    }
    if read is not None:
        missing = file.opening(wanted, Found(read["files"], [_answer(result) for result in read["reads"]]))
        result["files"], result["commands"] = missing.files, missing.commands
        result["edits"] = [
            {"path": edit.path, "regexp": edit.regexp, "replace": edit.replace, "validate": edit.validate}
            for edit in missing.edits
        ]
    return result


def _wanted(sources: t.Sequence[object], port: int, place: Place) -> Wanted:
    unknown = sorted(set(place) - set(Place.__annotations__))
    if unknown:
        raise ValueError("a place has no %s" % ", ".join(unknown))
    return Wanted(
        port=port,
        sources=named_sources(sources),
        zone=place.get("zone") or "",
        priority=int(place.get("priority") or 0),
        family=place.get("family") or "",
        table=place.get("table") or "",
        chain=place.get("chain") or "",
        file=place.get("file") or "",
    )


def _answer(read: CommandResult) -> Answer:
    """A command that could not be run at all has no words of its own."""
    return Answer(
        int(read.get("rc", 1)), str(read.get("stdout") or ""), str(read.get("stderr") or read.get("msg") or "")
    )
