# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx's workers have no connection left: worker_connections is too small for the visitors there are.

Signatures: nginx_worker_connections.

Looked at: nginx's log, worker_connections and the limit of files that goes with it.

Done: worker_connections and worker_rlimit_nofile are raised together, and nginx is reloaded.

A quick fix: more connections without more files only change which error comes.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line, on_proxy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._nginx_limits import (
    MOST_FILES,
    connections,
    files,
    raised,
    recent,
    serving,
    to_allow,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

NAME = "nginx_worker_connections"
#: Each connection may need a second descriptor: the file that is sent, or a temporary one.
FILES_EACH = 2
#: The fewest connections that are set.
LEAST = 1024
_LIMIT = re.compile(r"^(\d{1,10}) worker_connections")


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for proxy in fleet.proxies():
        now = connections(proxy)
        lines = [record for record in recent(proxy, NAME) if is_about(record, now)]
        if lines or any(answer.get("signature") == NAME for answer in proxy.failing):
            yield used_up(fleet, proxy, now, lines)


def is_about(record: LogRecord, now: int) -> bool:
    """Whether the line is about the limit in force, and not about a smaller one from before."""
    found = _LIMIT.match(record["message"])
    return found is None or int(found.group(1)) >= now


def used_up(fleet: Fleet, proxy: Host, now: int, lines: list[LogRecord]) -> Finding:
    directive = proxy.config.get("worker_connections")
    where = file_and_line(directive["place"]) if directive else "nginx's own default"
    text = "worker_connections is %d (%s) for each worker, of which there are %d; a proxied request takes two"
    limit = Evidence("limit", text % (now, where, len(serving(proxy))))
    target = max(2 * now, LEAST)
    wanted_files = min(FILES_EACH * target, MOST_FILES)
    may_open = files(proxy)
    note = "all %d connections were in use: twice as many, at least %d: %d" % (now, LEAST, target)
    if may_open is None or may_open < wanted_files:
        note += "; %d files for each connection: worker_rlimit_nofile %d (now %s)" % (
            FILES_EACH,
            wanted_files,
            may_open or "not known",
        )
    else:
        wanted_files = 0
    remedy, why = raised(proxy, target, wanted_files, note)
    by_hand = (
        "# set worker_connections %d; in events{} of nginx.conf; each takes some memory" % target,
        "# set worker_rlimit_nofile %d; at the main level of nginx.conf" % (FILES_EACH * target),
        *to_allow(proxy),
    )
    advice = () if remedy else by_hand
    return on_proxy(fleet, proxy, NAME, "worker_connections", limit, lines, remedy=remedy, why=why, advice=advice)


CAUSE = Cause(
    name=NAME,
    title="nginx's workers have no connections left",
    says="nginx's workers on {on} have no connections left",
    find=find,
    set_off_by=("nginx", "limits"),
)
