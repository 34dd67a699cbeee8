# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from hosts' logs and configurations made safe to show: no secrets of URLs, nothing that moves a cursor.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re

from ansible_collections.webops.bad_gateway.plugins.module_utils._text import printable

_URL = re.compile(r"""\b([a-z][a-z0-9+.-]*://)(?:[^\s/?#"@]*@)?([^\s?#"]*)(?:[?#][^\s"]*)?""", re.IGNORECASE)
#: An address as facts have it; people, nginx and other programs write it without that word.
_TCP = re.compile(r"\btcp:(?=(?:\[[0-9A-Fa-f:.%]+\]|[\w.-]+)(?::\d|[\s,;)]|$))")


def safe_text(text: str) -> str:
    """As safe_data, for people: each address in it is as they write it."""
    return _TCP.sub("", safe_data(text))


def safe_data(text: str) -> str:
    """The text without control characters and the like, each URL in it without its query and credentials."""
    return printable(_URL.sub(r"\1\2", text))


def safe_lines(text: str) -> str:
    """As safe_text, for a text of several lines."""
    return "\n".join(map(safe_text, text.splitlines()))


def safe_url(url: str) -> str:
    """A URL without its query and credentials. It may have the Host that some client sent, which need not be one."""
    scheme, colon, rest = url.partition("://")
    authority, slash, path = re.split("[?#]", rest, maxsplit=1)[0].partition("/")
    return printable(scheme + colon + authority.rpartition("@")[2] + slash + path)
