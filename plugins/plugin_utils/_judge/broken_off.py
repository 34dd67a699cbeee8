# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that break off in the middle, as an upstream ends them or nginx cannot keep them: the status was sent before, so that visitors get a part of
the page and no 502.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import datetime
import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

SIGNATURE = "upstream_closed_midbody"
#: nginx keeps what does not fit into its buffers in a file.
DENIED = "nginx_temp_dir_permission"
SHOWN = 3
_TEMP_FILE = re.compile(r'"(/[^"]{1,300}?)(?:/[0-9]+){1,4}"')


def broken_off(fleet: Fleet, proxy: Host) -> list[str]:
    """A line for each upstream of a proxy that has broken answers off since it was started, by nginx's log, and one where nginx itself does."""
    found: dict[str, str] = {}
    for hop in fleet.hops_of(proxy):
        records = hop.past(SIGNATURE)
        if records:
            found.setdefault(str(hop.address), by_upstream(hop, records))
    denied = [record for record in proxy.records if record["signature"] == DENIED]
    return [*found.values(), *([by_nginx(proxy, denied)] if denied else [])]


def by_upstream(hop: Hop, records: t.Sequence[LogRecord]) -> str:
    last = datetime.datetime.fromtimestamp(max(one["last"] for one in records), tz=datetime.timezone.utc)
    count = sum(one["count"] for one in records)
    paths = paths_of(records)
    return (
        "%s broke off %s in the middle%s, the last at %s UTC: visitors get a part of the page and no 502. Its own log says why"
        % (
            str(hop.address).removeprefix("tcp:"),
            "an answer" if count == 1 else "%d answers" % count,
            " (%s)" % paths if paths else "",
            last.strftime("%H:%M:%S"),
        )
    )


def by_nginx(proxy: Host, records: t.Sequence[LogRecord]) -> str:
    """nginx may not write its temporary files: what is larger than its buffers breaks off, in either direction."""
    folder = _TEMP_FILE.search(records[0]["message"])
    user = next((one.get("user") for one in proxy.nginx.get("workers") or []), None)
    return (
        "nginx may not write to %s, where it keeps what is larger than its buffers (%s): large pages and uploads break off, and no 502 shows it."
        " %s has to own that folder, and to get through those above it"
        % (
            folder.group(1) if folder else "its folder for temporary files",
            ", ".join(filter(None, ("%d times in its log" % sum(one["count"] for one in records), paths_of(records)))),
            user or "the user of its workers",
        )
    )


def paths_of(records: t.Sequence[LogRecord]) -> str:
    """The requests of log records, the newest first; empty where none is known."""
    newest = sorted(records, key=lambda one: -one["last"])
    asked = [or_empty(one.get("request")) for one in newest]
    paths = list(dict.fromkeys("%s %s" % (one["method"], one["path"]) for one in asked if one))
    return ", ".join(paths[:SHOWN]) + (", ..." if len(paths) > SHOWN else "")
