# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advice in commands for a container, typed on its host. Rules write it as if they were typed in the container.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import client_of

#: What an image has, or its host's own program does for it in the container's network.
_IN_IT = re.compile(r"(?:cat|getent|grep|ls|nginx|tail|stat|id) ")
_IN_ITS_NETWORK = re.compile(r"(?:ss|ip|curl|dig|nc|openssl|ping|tcpdump|tracepath|cgi-fcgi) ")
#: Numbers of processes are those that they have on the host.
_OF_A_PROCESS = re.compile(r"(?:cat|ls) .*/proc/\d+/")
_JOIN = re.compile(r"(; | && |\s*\|\s*)")
_SERVICE = re.compile(r"systemctl (reload|start|stop|restart) nginx$")


def is_system_of(host: Host) -> bool:
    """Whether it is a container."""
    return host.within is not None


def in_comment(line: str, host: Host) -> list[str]:
    """A sentence of advice; none where it is about units, which a container has not."""
    return [] if re.search(r"\b(?:systemctl|journalctl)\b", line) else [line]


def in_commands(typed: str, host: Host) -> str:
    """The commands of one line; empty where one of them has no counterpart."""
    parts = _JOIN.split(typed)
    said = [part if number % 2 else _command(part, host) for number, part in enumerate(parts)]
    return "".join(said) if all(said) else ""


def _command(typed: str, host: Host) -> str:
    container = host.facts["container"]
    client, name = client_of(container), shlex.quote(container["name"])
    service = _SERVICE.match(typed)
    if client and service:
        return (
            "%s exec %s nginx -s reload" % (client, name)
            if service.group(1) == "reload"
            else "%s restart %s" % (client, name)
        )
    if _OF_A_PROCESS.match(typed):
        return typed
    if client and _IN_IT.match(typed):
        return "%s exec %s %s" % (client, name, typed)
    if _IN_ITS_NETWORK.match(typed):
        return "nsenter -t %d -n %s" % (container["inside"][0]["pid"], typed)
    return ""
