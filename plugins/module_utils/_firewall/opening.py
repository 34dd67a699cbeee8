# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a firewall tool's file takes and returns.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes

if TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import Chain

#: By this comment of a rule an administrator sees who made it.
MARK = "webops.bad_gateway"

_NAME = re.compile(r"\A[A-Za-z0-9_][A-Za-z0-9_./:+-]*\Z")


class Seen(NamedTuple):
    """What shows which tool is in charge of a host's firewall. chains: those that a TCP connection meets."""

    host: Host
    processes: Processes
    chains: "Dict[str, Chain]"


class Wanted(NamedTuple):
    """One TCP port that is to be opened for some sources. The rest says where; what a tool does not know is empty."""

    port: int
    sources: Sequence[str]  # addresses and networks in their canonical form
    zone: str = ""
    priority: int = 0
    family: str = ""
    table: str = ""
    chain: str = ""
    file: str = ""


class Answer(NamedTuple):
    """How one of a tool's reads ended."""

    code: int
    out: str
    err: str


class Found(NamedTuple):
    """What is there on the host: those of the tool's boot_files that exist, and the answers to its reads, in their order."""

    files: Sequence[str]
    answers: Sequence[Answer]


class Edit(NamedTuple):
    """A file to be edited, as the module ansible.builtin.replace takes it. regexp fits once, and not where the rule is there."""

    path: str
    regexp: str
    replace: str
    validate: str


class Opening(NamedTuple):
    """What is missing of an opening: the files that will be written, their edits, and the commands that make it for now."""

    files: List[str]
    edits: List[Edit]
    commands: List[List[str]]


def name(text: str, what: str) -> str:
    """The name of a zone, table or chain, which may hold nothing that a tool or a shell could take for more than a name."""
    if not _NAME.match(text) or ".." in text:
        raise ValueError("%r is no name of a %s" % (text, what))
    return text


def replacement(text: str) -> str:
    """A text as re.sub takes it for itself."""
    return text.replace("\\", r"\\")
