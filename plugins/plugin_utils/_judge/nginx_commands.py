# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advice in the commands of the very nginx of a host: OpenResty, one of a panel, one that was built there. Rules write it for the packaged one.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import re
import shlex

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty

FOUND_BY_NAME = ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin")
_PROGRAM = re.compile(r"(?<![\w/.-])nginx (?=-[tTVs]\b)")
_SERVICE = re.compile(r"systemctl (start|stop|restart|reload) nginx(?:\.service)?(?![\w.@-])")
_BY_HAND = {"start": "%s", "stop": "%s -s quit", "restart": "%s -s quit; %s", "reload": "%s -s reload"}


def in_its_commands(line: str, host: Host) -> str:
    """A line of advice with the program, the options and the unit of this nginx in place of `nginx`."""
    if not host.nginx or host.system.get("os") == "darwin":
        return line
    command = its_command(host)
    by_service = _SERVICE.sub(lambda found: _asked(found.group(1), command, host) or found.group(), line)
    return _PROGRAM.sub(lambda _found: command + " ", by_service) if command != "nginx" else by_service


def its_command(host: Host) -> str:
    """How this nginx is called at a shell: `nginx`, unless that would be another program, or read other files."""
    binary, options = host.nginx.get("binary") or "nginx", host.nginx.get("options") or []
    folder, name = posixpath.split(binary)
    is_usual = name == "nginx" and folder in ("", *FOUND_BY_NAME)
    return shlex.join(["nginx" if is_usual else binary, *options])


def _asked(action: str, command: str, host: Host) -> str | None:
    """What starts, stops or reloads it, where that is not nginx.service; None where it is, or nobody knows."""
    unit = host.nginx.get("unit")
    if unit:
        return "systemctl %s %s" % (action, shlex.quote(unit.removesuffix(".service")))
    if not or_empty(host.nginx.get("master")) or host.system.get("service_manager") != "systemd":
        return None
    words = _BY_HAND[action]
    return words % ((command,) * words.count("%s"))
