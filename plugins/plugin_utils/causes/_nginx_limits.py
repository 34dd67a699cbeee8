# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of nginx that are used up: what several causes ask in the same words.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding, Remedy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import answer_evidence, log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.roles import DirectiveEdit

#: worker_connections of nginx where nothing is set (ngx_event.c)
DEFAULT_CONNECTIONS = 512
#: the kernel's own ceiling for open files of one process (fs.nr_open)
MOST_FILES = 1048576


def serving(proxy: Host) -> list[Facts]:
    return [worker for worker in proxy.nginx.get("workers") or [] if not worker.get("stopping")]


def recent(proxy: Host, signature: str) -> list[Facts]:
    """Lines of the workers that serve now: a reload that took ends the limits of those before."""
    since = min([worker.get("started") or 0.0 for worker in serving(proxy)], default=0.0)
    return [record for record in proxy.records if record["signature"] == signature and record["last"] >= since]


def connections(proxy: Host) -> int:
    """Connections that one worker may have."""
    found = proxy.config.get("worker_connections")
    return int(found["value"]) if found else DEFAULT_CONNECTIONS


def files(proxy: Host) -> int | None:
    """Files that a worker may open; None where it is not known."""
    limits = [worker["nofile"] for worker in serving(proxy) if worker.get("nofile")]
    return _number(limits[0][0]) if limits else None


def most_files(proxy: Host) -> int:
    """How many the master may let a worker open: worker_rlimit_nofile lowers a worker's own hard limit, never the master's."""
    master = proxy.nginx.get("master") or {}
    return MOST_FILES if master.get("raises_limits") or not master.get("nofile") else _number(master["nofile"][1])


def _number(limit: int | None) -> int:
    return MOST_FILES if limit is None else int(limit)


def routes_of(fleet: Fleet, proxy: Host, signature: str, lines: t.Iterable[Facts]) -> frozenset[int]:
    """Routes that the limit was seen to hurt; all of them where it was met before a route was known."""
    blamed = {(record.get("upstream") or {}).get("address") for record in lines}
    hurt = {route for hop in fleet.hops if hop.proxy is proxy and str(hop.address) in blamed for route in hop.route_ids}
    hurt |= {
        answer["route"]
        for answer in proxy.failing
        if answer.get("signature") == signature and answer.get("route") is not None
    }
    return frozenset(hurt or {route["id"] for route in proxy.config.get("routes") or []})


def finding(
    fleet: Fleet, proxy: Host, cause: str, subject: str, limit: Evidence, lines: list[Facts], **more: t.Any
) -> Finding:
    answers = [answer_evidence(answer) for answer in proxy.failing if answer.get("signature") == cause]
    return Finding(
        cause=cause,
        seen_from=proxy.name,
        on=proxy.name,
        subject=subject,
        evidence=(*answers, *(log_evidence(record) for record in lines[:3]), limit),
        routes=routes_of(fleet, proxy, cause, lines),
        **more,
    )


def raised(proxy: Host, wanted_connections: int, wanted_files: int, note: str) -> tuple[Remedy | None, str]:
    """nginx's limits set anew, 0 for one that stays; or why they are not."""
    edits = _edits(proxy, wanted_connections, wanted_files)
    generated = proxy.config.get("generated") or {}
    theirs = next((edit["path"] for edit in edits or [] if edit["path"] in generated), None)
    if edits is None:
        return None, "the events block of nginx's configuration was not found"
    if theirs:
        return None, "%s is written by %s: set it there" % (theirs, generated[theirs])
    hard = most_files(proxy)
    if wanted_files <= hard:
        return remedies.nginx_limits(edits, note=note), ""
    unit = proxy.nginx.get("unit")
    if not unit or proxy.system.get("service_manager") != "systemd":
        return (
            None,
            "nginx may open %d files at most and may not raise that by itself; no unit of systemd is known that could"
            % hard,
        )
    note += (
        "; nginx's unit allows %d and nginx may not go beyond it: LimitNOFILE=%d in a drop-in, which takes a restart"
        % (hard, wanted_files)
    )
    return remedies.nginx_limits(edits, unit=unit, unit_files=wanted_files, note=note), ""


def _edits(proxy: Host, wanted_connections: int, wanted_files: int) -> list[DirectiveEdit] | None:
    """Both directives where they stand, or where they would have to. A file that events{} includes has no such block of its own."""
    config = proxy.config
    events = (config.get("events") or {}).get("place")
    if not events:
        return None
    edits: list[DirectiveEdit] = []
    if wanted_connections:
        path = (config.get("worker_connections") or {"place": events})["place"]["file"]
        edit: DirectiveEdit = {"path": path, "directive": "worker_connections", "args": [str(wanted_connections)]}
        if path == events["file"]:
            edit["block"] = {"name": "events"}
        edits.append(edit)
    if wanted_files:
        main = {"place": {"file": proxy.nginx["configure"]["conf_path"]}}
        path = (config.get("worker_rlimit_nofile") or main)["place"]["file"]
        edits.append({"path": path, "directive": "worker_rlimit_nofile", "args": [str(wanted_files)]})
    return edits
