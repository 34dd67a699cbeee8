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
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.logged_requests import paths_of, times_of

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

SIGNATURE = "upstream_closed_midbody"
#: nginx keeps what does not fit into its buffers in a file.
DENIED = "nginx_temp_dir_permission"
#: By what the kernel answers nginx, where it is not the owner of the folder: what mends it.
_CURES = (
    (
        "(30:",
        "Its file system is read-only (findmnt -T %(folder)s), as the kernel makes it after errors of the disk (journalctl -k), or the sandbox of nginx's"
        " unit (ReadWritePaths=)",
    ),
    (
        "(2:",
        "That folder is not there any more: it is to be made anew, for %(user)s, or by a restart of nginx where it lies directly below its own",
    ),
)
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
    """nginx cannot write its temporary files: what is larger than its buffers breaks off, in either direction."""
    message = records[0]["message"]
    found = _TEMP_FILE.search(message)
    folder = found.group(1) if found else "its folder for temporary files"
    user = next((one.get("user") for one in proxy.nginx.get("workers") or []), None) or "the user of its workers"
    denied = "%(user)s has to own that folder, and to get through those above it"
    cure = next((words for why, words in _CURES if why in message), denied)
    return (
        "nginx %s write to %s, where it keeps what is larger than its buffers (%s): large pages and uploads break off, and no 502 shows it. %s"
        % (
            "may not" if cure == denied else "cannot",
            folder,
            ", ".join(filter(None, (times_of(records), paths_of(records)))),
            cure % {"folder": folder, "user": user},
        )
    )
