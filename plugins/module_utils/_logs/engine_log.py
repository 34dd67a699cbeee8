# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs that engines keep of what their containers print: a line of JSON (docker), or a line with its time and stream before it (podman, CRI).

Private to this collection: it may change in any release.
"""

import json
import re

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.collector_prefix import (
    LONGEST_LINE,
    strip_prefix,
)

_COLOUR = re.compile(rb"\x1b\[[0-9;]{0,12}m")
#: How the files are called.
NAMES = ("-json.log", "/ctr.log")


def as_printed(path: str, data: bytes) -> bytes:
    """The lines as the program printed them, where this is the log of an engine; else the same."""
    if not path.endswith(NAMES):
        return data
    # nginx writes its level in brackets; what a visitor asked for is not in them.
    lines = [_printed(line) for line in data.split(b"\n") if b"] " in line]
    return b"\n".join([*lines, b""])


def _printed(line: bytes) -> bytes:
    if line[:1] == b"{":
        try:
            line = json.loads(line.decode("utf-8", "replace"))["log"].encode("utf-8", "replace")
        except (ValueError, LookupError, TypeError, AttributeError):
            return b""
    # Of a line with a line feed in it, an engine makes two.
    line = _COLOUR.sub(b"", line.partition(b"\n")[0])
    if line[:2] == b"20" and line[4:5] == b"/":
        return line
    return strip_prefix(line[:LONGEST_LINE].decode("utf-8", "replace")).text.encode("utf-8", "replace")
