# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advice that names a line of a file to write in, where a panel or another tool writes that file anew: where the edit lasts is said behind it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.container_files import outside
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.generators import writer_of_folder
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.panels import Written, writer
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import client_of

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container

#: A sentence that asks for an edit, and the file and line that it names.
_ASKS = re.compile(r"^# (?:[^/]*\b(?:write|set|beside|let it listen|in the location|in place of what)\b)")
LASTS = "# that file lies in container %s: to last, change it where it comes from: its volume on the host, the environment it is written from, or its image"
#: An entrypoint that fills a template has what is written there from a variable of the container.
BY_VARIABLE = "%s inspect -f '{{range .Config.Env}}{{println .}}{{end}}' %s | grep -wF %s   # on %s: a variable has it? Then it is changed where %s is made"
FROM_HOST = "# %s of container %s is %s on %s: change it there, or what writes that file"
WRITTEN_ANEW = "# %s of container %s is %s on %s, which %s writes anew: to last, %s"
#: Of a line that says so by itself.
_SAYS_SO = "its volume on the host"
#: What stands there now and another port, or name, is to be written for.
_OLD = re.compile(r" in place of (\d+|[\w.-]+:\d+)\b")
_PLACE = re.compile(r"(?<![\w./-])(/[^\s:,;]+):\d+\b")


def with_where_edits_last(lines: t.Iterable[str], hosts: t.Sequence[str], fleet: Fleet) -> list[str]:
    """The lines of advice, each that asks for an edit of such a file followed by where to make it. hosts: those that the finding is about."""
    given = list(lines)
    said: list[str] = []
    for line in given:
        said.append(line)
        for path in _PLACE.findall(line) if _ASKS.search(line) else ():
            name, by = _writer(path, hosts, fleet)
            where = by.advice(name) if by else ()
            said += [one for one in where if one not in said and one not in given]
            if not (by and by.panel):
                said += [one for one in _in_container(path, hosts, fleet, line) if one not in said]
    return said


def of_container(path: str, container: Container, within: Host) -> str:
    """Where a file of nginx in a container is on its host, or that it is gone with that container."""
    there = outside(container, path)
    if there is None:
        return LASTS % container["name"]
    by = writer_of_folder(there)
    if by:
        return WRITTEN_ANEW % (path, container["name"], there, within.name, by.title, by.place)
    return FROM_HOST % (path, container["name"], there, within.name)


def _in_container(path: str, hosts: t.Sequence[str], fleet: Fleet, line: str) -> tuple[str, ...]:
    """The same of a file that advice names, where it is one of a container. hosts: first the one whose nginx it is.

    line: the one that names it, which may say by itself that it is gone with that container.
    """
    proxy = fleet.hosts.get(hosts[0])
    if proxy is None or proxy.within is None:
        return ()
    container = proxy.facts["container"]
    where = of_container(path, container, proxy.within)
    if where != LASTS % container["name"]:
        return (where,)
    return () if _SAYS_SO in line else (where, *_by_variable(line, container, proxy.within))


def _by_variable(line: str, container: Container, within: Host) -> tuple[str, ...]:
    """The command that shows which variables of a container have what a line wants to be written anew; empty where the line names no such value."""
    client, old = client_of(container), _OLD.search(line)
    if not client or not old:
        return ()
    return (BY_VARIABLE % (client, shlex.quote(container["name"]), old.group(1), within.name, container["name"]),)


def _writer(path: str, hosts: t.Sequence[str], fleet: Fleet) -> tuple[str, Written | None]:
    """The first of the hosts that has a file from somebody else, and from whom."""
    found = ((name, writer(fleet.hosts[name], path)) for name in hosts if name in fleet.hosts)
    return next(((name, by) for name, by in found if by), ("", None))
