# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts are to be asked of what happened there, for the findings that they have to do with.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.trigger import Trigger


class HistoryQuestion(t.TypedDict):
    """The arguments of recent_changes_info on a host."""

    until: float
    units: list[str]
    files: list[str]
    error_logs: list[str]
    nginx_pid: int


def history_questions(fleet: Fleet, triggers: t.Iterable[tuple[str, str, Trigger]]) -> dict[str, HistoryQuestion]:
    """What each host is to be asked. triggers: of findings, each behind the hosts that it is seen from and on."""
    asked: dict[str, HistoryQuestion] = {}
    for seen_from, on, trigger in triggers:
        for name in dict.fromkeys((seen_from, on)):
            host = fleet.hosts.get(name)
            if host is None:
                continue
            blank: HistoryQuestion = {
                "until": or_empty(host.facts.get("clock")).get("now") or 0.0,
                "units": [],
                "files": [],
                "error_logs": [
                    one["path"]
                    for one in or_empty(host.facts.get("log")).get("sources") or []
                    if one["kind"] == "nginx"
                ],
                "nginx_pid": or_empty(host.nginx.get("master")).get("pid") or 0,
            }
            question = asked.setdefault(name, blank)
            own = [one for one in trigger["subjects"] if one["host"] == name]
            add(question["units"], [one["name"] for one in own if one["kind"] == "unit"])
            add(
                question["files"],
                [one["name"] for one in own if one["kind"] == "path" and not one["name"].endswith("/")],
            )
    return asked


def add(names: list[str], more: t.Iterable[str]) -> None:
    """Add the names that are not there yet."""
    names += [name for name in dict.fromkeys(more) if name not in names]
