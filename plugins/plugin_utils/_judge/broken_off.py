# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong beside the 502s that have a cause: answers that break off in the middle, as an upstream ends them or nginx cannot keep them, so that
visitors get a part of the page and no 502; and 502s of which nobody knows the site.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import datetime
import re
import typing as t
import urllib.parse

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import UNLOGGED

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

SIGNATURE = "upstream_closed_midbody"
#: nginx keeps what does not fit into its buffers in a file.
DENIED = "nginx_temp_dir_permission"
#: The service that nginx asks before each request gives an answer that is neither yes nor no.
UNEXPECTED = "auth_request_unexpected_status"
SHOWN = 3
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
#: What a status of the service behind auth_request says.
_BY_STATUS = {
    "3": "It sends visitors to its login, as for another kind of proxy: ask the endpoint that it has for nginx's auth_request (/api/authz/auth-request of"
    " Authelia, /oauth2/auth of oauth2-proxy, /outpost.goauthentik.io/auth/nginx of authentik), and send them there by error_page 401",
    "4": "The path that nginx asks for is not there, or the headers are missing that it is to be sent: compare that location with its own guide for nginx",
}
_UNLOGGED = (
    "%s has requests that were answered 502 or 504 (%s, %s), and no error log has a line of them: error_log with a level above error leaves them out, and"
    " what an upstream answers itself has none. Over which upstream they went is not known; $host and $upstream_addr in its log_format say it"
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
    checks = [record for record in proxy.records if record["signature"] == UNEXPECTED]
    lines = [*found.values(), *([by_nginx(proxy, denied)] if denied else []), *([by_login(checks)] if checks else [])]
    return lines + unlogged(proxy)


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
            ", ".join(filter(None, (_times(records), paths_of(records)))),
            cure % {"folder": folder, "user": user},
        )
    )


def by_login(records: t.Sequence[LogRecord]) -> str:
    """The service behind auth_request answers what nginx takes for neither yes nor no: visitors get nginx's own 500."""
    newest = max(records, key=lambda one: one["last"])
    status = newest["message"].partition(": ")[2][:3]
    return (
        "nginx answers 500 where each request is checked first (%s): the service that auth_request asks answers %s, and nginx takes 2xx, 401 and 403 alone"
        " (%s). No 502 is behind that. %s"
        % (
            ", ".join(filter(None, (_times(records), paths_of(records)))),
            status,
            newest["message"],
            _BY_STATUS.get(status[:1], "Its own log says why"),
        )
    )


def unlogged(proxy: Host) -> list[str]:
    """A line for each access log with requests that failed, that no error log has, and that may be of several sites or servers."""
    fail = {urllib.parse.urlsplit(one["url"]).path for one in proxy.failing}
    silent: dict[str, dict[object, LogRecord]] = {}
    for record in proxy.records:
        asked = or_empty(record.get("request"))
        if record.get("level") == UNLOGGED and not record.get("upstream") and asked.get("path") not in fail:
            # One for each site that it may have been.
            silent.setdefault(record["source"], {})[asked.get("method"), asked.get("path")] = record
    return [
        _UNLOGGED % (source, _times(list(records.values())), paths_of(list(records.values())))
        for source, records in silent.items()
    ]


def _times(records: t.Sequence[LogRecord]) -> str:
    count = sum(one["count"] for one in records)
    return "once in its log" if count == 1 else "%d times in its log" % count


def paths_of(records: t.Sequence[LogRecord]) -> str:
    """The requests of log records, the newest first; empty where none is known."""
    newest = sorted(records, key=lambda one: -one["last"])
    asked = [or_empty(one.get("request")) for one in newest]
    paths = list(dict.fromkeys("%s %s" % (one["method"], one["path"]) for one in asked if one))
    return ", ".join(paths[:SHOWN]) + (", ..." if len(paths) > SHOWN else "")
