# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx's workers have no connection left: worker_connections is too small for the visitors there are."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._nginx_limits import (
    MOST_FILES,
    connections,
    files,
    finding,
    raised,
    recent,
    serving,
)

NAME = "nginx_worker_connections"
#: Each connection may need a second descriptor: the file that is sent, or a temporary one.
FILES_EACH = 2
LEAST = 1024
_LIMIT = re.compile(r"^(\d{1,10}) worker_connections")


def still(record: Facts, now: int) -> bool:
    """Whether the line is about the limit that is in force, not a smaller one from before."""
    found = _LIMIT.match(record["message"])
    return found is None or int(found.group(1)) >= now


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for proxy in fleet.proxies():
        now = connections(proxy)
        lines = [record for record in recent(proxy, NAME) if still(record, now)]
        if lines or any(answer.get("signature") == NAME for answer in proxy.failing):
            yield used_up(fleet, proxy, now, lines)


def used_up(fleet: Fleet, proxy: Host, now: int, lines: list[Facts]) -> Finding:
    place = (proxy.config.get("worker_connections") or {}).get("place")
    where = "%s:%d" % (place["file"], place["line"]) if place else "nginx's own default"
    limit = Evidence(
        "limit",
        "worker_connections is %d (%s) for each of %d workers; a proxied request takes two"
        % (now, where, len(serving(proxy))),
    )
    target = max(2 * now, LEAST)
    wanted = min(FILES_EACH * target, MOST_FILES)
    may_open = files(proxy)
    note = "%d connections were used up: twice as many, %d at least: %d" % (now, LEAST, target)
    if may_open is None or may_open < wanted:
        note += "; %d files for each connection: worker_rlimit_nofile %d (now %s)" % (
            FILES_EACH,
            wanted,
            may_open or "not known",
        )
    else:
        wanted = 0
    remedy, why = raised(proxy, target, wanted, note)
    by_hand = (
        "worker_connections %d;   # in events{}; each takes some memory" % target,
        "worker_rlimit_nofile %d;" % (FILES_EACH * target),
    )
    advice = () if remedy else by_hand
    return finding(fleet, proxy, NAME, "worker_connections", limit, lines, remedy=remedy, why=why, advice=advice)


CAUSE = Cause(name=NAME, title="nginx has no connections left", find=find)
