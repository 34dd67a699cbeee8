# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of nginx's workers: connections and open files, how many there are, and how they are raised.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Remedy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.facts import Worker
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.roles import DirectiveEdit

#: worker_connections of nginx where nothing is set (ngx_event.c).
DEFAULT_CONNECTIONS = 512
#: The kernel's own ceiling for open files of one process (fs.nr_open).
MOST_FILES = 1048576
#: Without this boolean SELinux refuses nginx's workers each change of their hard limits; to set what they have already is no change.
SETS_LIMITS = "httpd_setrlimit"


def serving(proxy: Host) -> list[Worker]:
    """The workers that take requests now; those of an earlier configuration that only finish theirs are left out."""
    return [worker for worker in proxy.nginx.get("workers") or [] if not worker.get("stopping")]


def recent(proxy: Host, signature: str) -> list[LogRecord]:
    """Log records since the workers that serve now started: a reload puts an end to the limits of those before."""
    since = min([worker.get("started") or 0.0 for worker in serving(proxy)], default=0.0)
    return [record for record in proxy.records if record["signature"] == signature and record["last"] >= since]


def connections(proxy: Host) -> int:
    """Connections that one worker may have."""
    found = proxy.config.get("worker_connections")
    return int(found["value"]) if found else DEFAULT_CONNECTIONS


def files(proxy: Host) -> int | None:
    """Files that a worker may open; None where that is not known."""
    limits = next((worker["nofile"] for worker in serving(proxy) if worker.get("nofile")), None)
    return _count(limits[0]) if limits else None


def raised(proxy: Host, wanted_connections: int, wanted_files: int, note: str) -> tuple[Remedy | None, str]:
    """The remedy that sets nginx's limits, 0 for one that stays; or None and the reason why they are not set."""
    written = proxy.config.get("worker_rlimit_nofile")
    if wanted_files and written:
        # More than there is now was asked for, and refused: less is not written in its place.
        wanted_files = min(max(wanted_files, int(written["value"])), MOST_FILES)
    edits = _edits(proxy, wanted_connections, wanted_files)
    if edits is None:
        return None, "the events block of nginx's configuration was not found"
    binds = _what_binds(proxy, wanted_files)
    if not binds:
        return remedies.nginx_limits(edits, note=note), ""
    unit = proxy.nginx.get("unit")
    if not unit or proxy.system.get("service_manager") != "systemd":
        return None, binds + "; no unit of systemd is known that could be changed"
    note += "; %s: LimitNOFILE=%d in a drop-in, which takes a restart" % (binds, wanted_files)
    return remedies.nginx_limits(edits, unit=unit, unit_files=wanted_files, note=note), ""


def are_denied(proxy: Host) -> bool:
    """Whether SELinux keeps nginx's workers from setting their limits, so that worker_rlimit_nofile is not in force."""
    selinux = or_empty(proxy.facts.get("selinux"))
    return selinux.get("mode") == "enforcing" and (selinux.get("booleans") or {}).get(SETS_LIMITS) is False


def to_allow(proxy: Host) -> tuple[str, ...]:
    """What else is to be done where worker_rlimit_nofile is set by hand."""
    line = "setsebool -P %s on   # on %s: worker_rlimit_nofile is refused without it"
    return (line % (SETS_LIMITS, proxy.name),) if are_denied(proxy) else ()


def _what_binds(proxy: Host, wanted_files: int) -> str:
    """What keeps nginx from giving its workers as many files by itself; empty where nothing does."""
    ceiling = _most_files(proxy)
    if wanted_files > ceiling:
        return "nginx's unit allows %d and nginx cannot go beyond it" % ceiling
    if wanted_files and are_denied(proxy):
        return "SELinux refuses nginx's workers limits of their own (%s is off)" % SETS_LIMITS
    return ""


def _most_files(proxy: Host) -> int:
    """How many files the master may let a worker open. worker_rlimit_nofile lowers a worker's own hard limit, never the master's."""
    master = or_empty(proxy.nginx.get("master"))
    limits = master.get("nofile")
    return MOST_FILES if master.get("raises_limits") or not limits else _count(limits[1])


def _count(limit: int | None) -> int:
    """A limit of open files as a number; None is: no limit but the kernel's."""
    return MOST_FILES if limit is None else int(limit)


def _edits(proxy: Host, wanted_connections: int, wanted_files: int) -> list[DirectiveEdit] | None:
    """Both directives where they stand, else where they belong; None without an events block. A file that events{} includes has no such block in it."""
    config = proxy.config
    events = or_empty(config.get("events")).get("place")
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
