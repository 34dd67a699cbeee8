# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What SELinux has set, as semanage and restorecon list it, and the commands that set it so again.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

_BOOLEAN = re.compile(r"(\S+)\s+\((on|off)\s*,\s*(on|off)\s*\)")
_PORT = re.compile(r"(\S+)\s+(tcp|udp|dccp|sctp)\s+(.+)")
_FCONTEXT = re.compile(r"\s+all files\s+[^\s:]+:[^\s:]+:([^\s:]+)")
_RELABEL = re.compile(r"Would relabel (.+) from (\S+) to ")


class Listings(t.NamedTuple):
    """What the commands wrote; empty what was not asked."""

    aliases: str = ""  # file_contexts.subs_dist
    booleans: str = ""  # semanage boolean --list
    ports: str = ""  # semanage port --list --locallist
    fcontexts: str = ""  # semanage fcontext --list --locallist
    labels: str = ""  # restorecon -R -n -v


class Settings(t.TypedDict):
    """What is set now, and how to set it so again. None: the policy's own."""

    fcontext: str  # the folder with all that is in it, as semanage takes it
    boolean: list[str]  # its value now, and after a boot
    port: str | None  # the type that an administrator gave to the port
    path: str | None  # the type that an administrator gave to the folder
    by_hand: list[list[str]]  # paths that somebody labelled by hand, each with its label
    undo: list[list[str]]


def settings(boolean: str, port: int, path: str, listings: Listings) -> Settings:
    """What is set for a boolean, a TCP port and a folder; empty or 0 what is not asked about."""
    fcontext = folder_spec(path, listings.aliases) if path else ""
    values = boolean_values(boolean, listings.booleans)
    port_was = port_type(port, listings.ports)
    path_was = folder_type(fcontext, listings.fcontexts)
    by_hand = labelled_by_hand(path, listings.labels) if path else []
    undo: list[list[str]] = []
    if boolean:
        undo += [["setsebool", "-P", boolean, values[1]], ["setsebool", boolean, values[0]]]
    if port:
        how = ["-m", "-t", port_was] if port_was else ["-d"]
        undo.append(["semanage", "port", *how, "-p", "tcp", str(port)])
    if path:
        how = ["-m", "-t", path_was] if path_was else ["-d"]
        undo += [["semanage", "fcontext", *how, fcontext], ["restorecon", "-R", path]]
        undo += [["chcon", "-h", label, labelled] for labelled, label in by_hand]
    return {
        "fcontext": fcontext,
        "boolean": list(values),
        "port": port_was,
        "path": path_was,
        "by_hand": by_hand,
        "undo": undo,
    }


def folder_spec(path: str, aliases: str) -> str:
    """The pattern for a folder and all in it. The policy knows /run as /var/run, or the other way round; semanage refuses the alias."""
    for line in aliases.splitlines():
        alias, _blank, real = line.strip().partition(" ")
        if alias in ("/run", "/var/run") and path.startswith(alias + "/"):
            return re.escape(real.strip() + path[len(alias) :]) + "(/.*)?"
    return re.escape(path) + "(/.*)?"


def boolean_values(name: str, listing: str) -> tuple[str, str]:
    """Value now and after a boot: `httpd_can_network_relay        (off  ,   on)  Allow httpd to act as a relay`."""
    for line in listing.splitlines():
        found = _BOOLEAN.match(line.strip())
        if found and found.group(1) == name:
            return found.group(2), found.group(3)
    return "off", "off"


def port_type(port: int, listing: str) -> str | None:
    """The type of the line that names just this TCP port: `http_port_t                    tcp      8081, 8090`."""
    for line in listing.splitlines():
        found = _PORT.match(line.strip())
        if found and found.group(2) == "tcp" and str(port) in re.split(r"[\s,]+", found.group(3)):
            return found.group(1)
    return None


def folder_type(spec: str, listing: str) -> str | None:
    """The type of the line of a pattern: `/run/app(/.*)?    all files    system_u:object_r:httpd_var_run_t:s0`."""
    for line in listing.splitlines():
        found = _FCONTEXT.match(line[len(spec) :]) if spec and line.startswith(spec) else None
        if found:
            return found.group(1)
    return None


def labelled_by_hand(path: str, listing: str) -> list[list[str]]:
    """What has another label than the policy's, so that somebody gave it (chcon): the folder and what is right in it, each with its label.

    `Would relabel /run/app/app.sock from system_u:object_r:var_run_t:s0 to ...`. Further down a local user could put a link in the way of an undo.
    """
    found = [_RELABEL.match(line) for line in listing.splitlines()]
    pairs = [[match.group(1), match.group(2)] for match in found if match]
    return [pair for pair in pairs if pair[0] == path or pair[0].rpartition("/")[0] == path]
