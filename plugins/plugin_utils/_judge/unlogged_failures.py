# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that failed, of which an access log alone knows, and nobody over which upstream they went.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import UNLOGGED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.logged_requests import paths_of, times_of

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

_UNLOGGED = (
    "%s has requests that were answered 502 or 504 (%s, %s), and no error log has a line of them: error_log with a level above error leaves them out, and"
    " what an upstream answers itself has none. Over which upstream they went is not known; $host and $upstream_addr in its log_format say it"
)


def unlogged_failures(proxy: Host) -> list[str]:
    """A line for each access log with requests that failed, that no error log has, and that may be of several sites or servers."""
    fail = {urllib.parse.urlsplit(one["url"]).path for one in proxy.failing}
    silent: dict[str, dict[object, LogRecord]] = {}
    for record in proxy.records:
        asked = or_empty(record.get("request"))
        if record.get("level") == UNLOGGED and not record.get("upstream") and asked.get("path") not in fail:
            # One for each site that it may have been.
            silent.setdefault(record["source"], {})[asked.get("method"), asked.get("path")] = record
    return [
        _UNLOGGED % (source, times_of(list(records.values())), paths_of(list(records.values())))
        for source, records in silent.items()
    ]
