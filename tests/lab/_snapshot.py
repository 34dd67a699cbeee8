# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run could have changed on a host, taken before and after, and compared."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from _hosts import at_once, container, places
from _podman import podman
from _settings import HERE

Snapshot = dict[str, Any]


def take(host: str, addresses: Mapping[str, str] | None = None) -> Snapshot:
    """addresses: by their names, which stand in their places in what is taken, so that it can be compared with that of hosts with other addresses."""
    script = (HERE / "on_host_snapshot.py").read_text()
    names = ["%s=%s" % (address, name) for name, address in (addresses or {}).items()]
    shown = podman("exec", "-i", container(host), "python3", "-", *names, text=script, timeout=60).stdout
    taken: Snapshot = json.loads(shown)
    return taken


def as_text(snapshot: Snapshot) -> str:
    return json.dumps(snapshot, indent=1, sort_keys=True)


def differences(before: Snapshot, after: Snapshot) -> list[str]:
    """One line for each file, unit, set of rules or process that is not as it was."""
    found = []
    for section in ("files", "units", "rules"):
        for name in sorted(set(before[section]) | set(after[section])):
            was, now = before[section].get(name), after[section].get(name)
            if was != now:
                found.append("%s %s: %s, was %s" % (section, name, now, was))
    if before["nginx_processes"] != after["nginx_processes"]:
        found.append("nginx processes: %s, were %s" % (after["nginx_processes"], before["nginx_processes"]))
    return found


def save_all(folder: Path) -> None:
    """Take every host's snapshot into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    hosts = [host for place in places() for host in place.names()]
    for host, snapshot in zip(hosts, at_once(take, hosts)):
        (folder / (host + ".json")).write_text(as_text(snapshot))


def load(folder: Path, host: str) -> Snapshot:
    loaded: Snapshot = json.loads((folder / (host + ".json")).read_text())
    return loaded
