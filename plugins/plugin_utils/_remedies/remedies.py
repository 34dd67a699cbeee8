# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The remedies that rules ask for, each with all that its role has to be told: a role gets nothing from facts.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Remedy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host

Parameters = t.Mapping[str, t.Any]


def php_fpm(
    host: Host,
    fpm: Facts,
    action: str,
    kinds: tuple[str, ...],
    pool: str = "",
    settings: Parameters | None = None,
    note: str = "",
    socket_dir: str = "",
) -> Remedy:
    """Start, reload or restart an FPM, after its pool's settings were changed where there are any."""
    parameters = {
        "action": action,
        "unit": fpm.get("unit") or "",
        "binary": fpm["binary"],
        "config": fpm["config"],
        "pool": pool,
        "settings": dict(settings or {}),
        "socket_dir": socket_dir,
        "service_manager": host.system.get("service_manager") or "",
    }
    told = ", ".join("%s = %s" % item for item in (settings or {}).items())
    verb = {"started": "start", "reloaded": "reload", "restarted": "restart"}[action]
    service = (fpm.get("unit") or fpm["binary"]).replace(".service", "")
    return Remedy("php_fpm", kinds, "%s%s %s" % (told + ", " if told else "", verb, service), parameters, note)


def fastcgi_buffers(family: str, plan: t.Any) -> Remedy:
    """Buffers of a size that was planned from the measured header."""
    parameters = {
        "family": family,
        "size": plan.size,
        "number": plan.number or 0,
        "each": plan.each or "",
        "busy": "",
        "edits": plan.edits,
        "dropin": plan.dropin or "",
    }
    change = "%s_buffer_size %s" % (family, plan.size) + (
        ", %s_buffers %s %s" % (family, plan.number, plan.each) if plan.number else ""
    )
    return Remedy("fastcgi_buffers", ("config", "reload"), change, parameters, plan.sum)


def backend_service(
    host: Host,
    unit: str,
    address: str = "",
    test: t.Sequence[str] = (),
    note: str = "",
    panel_command: t.Sequence[str] = (),
) -> Remedy:
    """Start the unit that owns a port, by the panel's own tool where there is one, and see it listen."""
    parameters = {
        "unit": unit,
        "state": "started",
        "address": address,
        "test": list(test),
        "panel_command": list(panel_command),
        "service_manager": host.system.get("service_manager") or "",
    }
    kinds = ("start", "config") if panel_command else ("start",)
    return Remedy(
        "backend_service", kinds, " ".join(panel_command) or "start %s" % unit.replace(".service", ""), parameters, note
    )


def upstream_address(edits: t.Sequence[Parameters]) -> Remedy:
    """Another address at the places of the config that name the wrong one."""
    return Remedy("upstream_address", ("config", "reload"), "nginx asks %s" % edits[0]["to"], {"edits": list(edits)})


def upstream_dns(caches: t.Sequence[str] = (), note: str = "") -> Remedy:
    """Flush the host's own DNS caches, and have nginx ask again."""
    change = "flush %s, reload nginx" % ", ".join(caches) if caches else "reload nginx"
    return Remedy("upstream_dns", ("reload",), change, {"caches": list(caches)}, note)


def firewall_port(tool: str, port: int, source: str, place: Parameters, note: str = "") -> Remedy:
    """A port opened for one address, in the tool that owns the firewall. place: zone or table and chain, as that tool needs them."""
    parameters = {
        "tool": tool,
        "port": port,
        "sources": [source],
        "zone": "",
        "family": "",
        "table": "",
        "chain": "",
        **place,
    }
    return Remedy("firewall_port", ("firewall",), "open %d for %s" % (port, source), parameters, note)


def selinux_connect(
    boolean: str = "", port: int = 0, port_type: str = "", path: str = "", path_type: str = "", note: str = ""
) -> Remedy:
    """What SELinux has to allow: a boolean switched on, a port or a folder labelled. Whatever is left empty stays as it is."""
    parameters = {"boolean": boolean, "port": port, "port_type": port_type, "path": path, "path_type": path_type}
    told = ["port %d is %s" % (port, port_type)] if port else []
    told += ["%s is %s" % (path, path_type)] if path else []
    told += ["%s = on" % boolean] if boolean else []
    return Remedy("selinux_connect", ("selinux",), ", ".join(told), parameters, note)


def nginx_limits(
    kinds: tuple[str, ...],
    change: str,
    note: str,
    edits: t.Sequence[Parameters] = (),
    unit: str = "",
    files: int = 0,
    sysctl: t.Mapping[str, str] | None = None,
) -> Remedy:
    """Limits of nginx's workers, of the unit that starts them (where files is not 0), or of the kernel."""
    parameters = {"edits": list(edits), "unit": unit, "unit_files": files, "sysctl": dict(sysctl or {})}
    return Remedy("nginx_limits", kinds, change, parameters, note)
