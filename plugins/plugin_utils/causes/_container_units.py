# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers that a unit of systemd makes anew with each start, by `docker run` in its ExecStart=.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container

CLIENTS = ("docker", "podman")
#: What is put before a container's name for its unit.
_BEFORE = re.compile(r"^(?:docker|podman|container)[-.@]")


def unit_of(host: Host, container: Container) -> str | None:
    """The unit that runs the engine's client and has the container's name; None where there is none."""
    for name, unit in host.units.items():
        own = _BEFORE.sub("", name.rpartition(".service")[0])
        programs = [posixpath.basename(one) for one in unit.get("exec") or []]
        if own == container["name"] and any(one in CLIENTS for one in programs):
            return name
    return None


def with_option(host: Host, container: Container, option: str) -> tuple[str, ...]:
    """How such a container gets one more option of `docker run`; empty where no unit makes it."""
    name = unit_of(host, container)
    if name is None:
        return ()
    return (
        "# in ExecStart= of %s on %s: %s before the image of its `run`, then:"
        % (host.units[name].get("fragment") or name, host.name, option),
        "systemctl daemon-reload; systemctl restart %s   # on %s: it makes the container anew"
        % (shlex.quote(name), host.name),
    )
