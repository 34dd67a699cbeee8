# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log text as a person pastes it, made into one line a record: without quoting, entities and colours, unwrapped, out of its JSON.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import html
import json
import re
import typing as t

#: Lines of one text that are read; a paste is no log.
LINES = 5000
#: Lines that one record may be wrapped into: 2048 bytes in a window of 40 columns.
WRAPPED = 52
#: Where log shippers put the line itself.
_FIELDS = ("log", "message", "msg", "MESSAGE", "textPayload", "line", "@message", "_raw")

_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_QUOTED = re.compile(r"^(?:\s*>)+ ?")
#: Quotes and blanks that editors and chats put in place of a log's own.
_MARKUP = str.maketrans(
    {"\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2019": "'", "\u2018": "'", "\uff0c": ",", "\xa0": " ", "\t": " "}
)
_FILE_NAME = re.compile(r"==+> .* <==+\s*\Z")

#: What begins a record: a time, a level, a collector's prefix. Any other line goes on with the one before it.
_NGINX_TIME = r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d"
_BEGINS = re.compile(
    r"\s*(?:"
    + _NGINX_TIME
    + r"|\[\d\d-[A-Z][a-z]{2}-\d{4} |\[(?:debug|info|notice|warn|error|crit|alert|emerg|DEBUG|NOTICE|WARNING|ERROR|ALERT|SYSLOG)\]"
    r"|(?:DEBUG|NOTICE|WARNING|ERROR|ALERT): |nginx: |\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\{\"|<\d{1,3}>"
    r"|\S{3,9}\.? {1,2}\d{1,2}\.?,? (?:\d{4} )?\d\d:\d\d:\d\d|\d{1,2}(?:\.|월) ?\S{1,9} \d\d:\d\d:\d\d|type=[A-Z]+ |\[ *\d+\.\d+\] |\[pod/"
    r"|[\w.-]{1,64} +\| |[0-9A-Fa-f.:]{7,39} - |[\w./-]*/[\w./-]+:(?:\d+:)? ?" + _NGINX_TIME + ")"
)


def records_of(text: str) -> t.Iterator[list[str]]:
    """For each record of a text the ways to read it, the likeliest first."""
    block: list[str] = []
    for line in map(plain, text.splitlines()[:LINES]):
        if block and (not line.strip() or _BEGINS.match(line) or _FILE_NAME.match(line) or len(block) >= WRAPPED):
            yield readings(block)
            block = []
        if line.strip() and not _FILE_NAME.match(line):
            block.append(line)
    if block:
        yield readings(block)


def readings(block: t.Sequence[str]) -> list[str]:
    """The ways to read lines that are one: wrapped between words, or by a window that cuts words; all lines but the last are then equally long."""
    words, window = " ".join(line.strip() for line in block), "".join(block)
    if len(block) > 2 and all(abs(len(line) - len(block[0])) <= 1 for line in block[:-1]):
        return [window, words]
    return list(dict.fromkeys((words, window)))


def plain(line: str) -> str:
    """A line without what mail, chats, web pages, terminals and log shippers put into it."""
    line = _QUOTED.sub("", _COLOUR.sub("", line)).translate(_MARKUP)
    line = html.unescape(line) if "&" in line and ";" in line else line
    return of_json(line.strip()) or line.replace("`", "")


def of_json(line: str) -> str | None:
    """The line that an object of a log shipper holds; None where it is no such object."""
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    texts = [found.get(name) for name in _FIELDS]
    return next((one.strip() for one in texts if isinstance(one, str)), None)
