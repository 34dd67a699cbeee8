# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The remedies that a cause may ask for: one function a role, which gives the role, its parameters and what to call the change.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Remedy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffers import BufferPlan
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.roles import (
    AddressEdit,
    BackendService,
    DirectiveEdit,
    FastcgiBuffers,
    FirewallPort,
    NginxLimits,
    PhpFpm,
    SelinuxConnect,
    UpstreamAddress,
    UpstreamDns,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmFacts

_VERBS = {"started": "start", "reloaded": "reload", "restarted": "restart"}


def php_fpm(
    host: Host,
    fpm: FpmFacts,
    action: t.Literal["started", "reloaded", "restarted"],
    *,
    pool: str = "",
    settings: t.Mapping[str, str] | None = None,
    socket_dir: str = "",
    note: str = "",
) -> Remedy:
    """Starts, reloads or restarts a PHP-FPM, after these settings of its pool were written and the folder of its sockets was made."""
    parameters = PhpFpm(
        action=action,
        unit=fpm.get("unit") or "",
        binary=fpm["binary"],
        config=fpm["config"],
        pool=pool,
        settings=dict(settings or {}),
        socket_dir=socket_dir,
        service_manager=host.system.get("service_manager") or "",
    )
    verb = _VERBS[action]
    kinds = ("config", verb) if settings else (verb, "config") if socket_dir else (verb,)
    changes = ["make %s" % socket_dir] if socket_dir else []
    changes += ["%s = %s" % item for item in (settings or {}).items()]
    changes.append("%s %s" % (verb, (fpm.get("unit") or fpm["binary"]).replace(".service", "")))
    return Remedy("php_fpm", kinds, ", ".join(changes), parameters, note)


def fastcgi_buffers(plan: BufferPlan) -> Remedy:
    """Makes nginx's buffers for a response header as large as planned. The plan must not be one that was refused."""
    parameters = FastcgiBuffers(
        family=plan.family,
        size=plan.size,
        number=plan.number or 0,
        each=plan.each or "",
        busy="",
        edits=plan.edits,
        dropin=plan.dropin or "",
    )
    change = "%s_buffer_size %s" % (plan.family, plan.size)
    if plan.number:
        change += ", %s_buffers %s %s" % (plan.family, plan.number, plan.each)
    return Remedy("fastcgi_buffers", ("config", "reload"), change, parameters, plan.sum)


def backend_service(
    host: Host,
    unit: str,
    *,
    address: str = "",
    config_check: t.Sequence[str] = (),
    panel_command: t.Sequence[str] = (),
    note: str = "",
) -> Remedy:
    """Starts a unit, and waits until something listens on the address.

    config_check: command that has to accept the service's configuration first. panel_command: the control panel's own tool, run instead of
    the service manager; it may write configuration.
    """
    parameters = BackendService(
        unit=unit,
        state="started",
        address=address,
        test=list(config_check),
        panel_command=list(panel_command),
        service_manager=host.system.get("service_manager") or "",
    )
    if panel_command:
        return Remedy("backend_service", ("start", "config"), " ".join(panel_command), parameters, note)
    return Remedy("backend_service", ("start",), "start %s" % unit.replace(".service", ""), parameters, note)


def upstream_address(edits: t.Sequence[AddressEdit], *, elsewhere: bool = False) -> Remedy:
    """Writes another address of a backend into nginx's configuration, at each place that has the wrong one. All edits have the same new address.

    elsewhere: whether that is another daemon, whose page has to be the one that was there.
    """
    parameters = UpstreamAddress(edits=list(edits))
    places = ", ".join("%s:%d" % (edit["path"], edit["line"]) for edit in edits)
    change = "%s instead of %s at %s, reload nginx" % (edits[0]["to"], edits[0]["from"], places)
    return Remedy("upstream_address", ("config", "reload"), change, parameters, elsewhere=elsewhere)


def upstream_dns(caches: t.Sequence[str] = (), *, note: str = "") -> Remedy:
    """Flushes these DNS caches of the host (names of services), and reloads nginx so that it looks its names up again."""
    changes = ["flush %s" % ", ".join(caches)] if caches else []
    return Remedy(
        "upstream_dns", ("reload",), ", ".join([*changes, "reload nginx"]), UpstreamDns(caches=list(caches)), note
    )


def firewall_port(
    tool: str,
    port: int,
    source: str,
    *,
    zone: str = "",
    family: str = "",
    table: str = "",
    chain: str = "",
    file: str = "",
    note: str = "",
) -> Remedy:
    """Opens a TCP port for one address, in the tool that owns the firewall: firewalld needs the zone, nftables and iptables table, chain and file."""
    parameters = FirewallPort(
        tool=tool, port=port, sources=[source], zone=zone, family=family, table=table, chain=chain, file=file
    )
    return Remedy("firewall_port", ("firewall",), "open port %d for %s only" % (port, source), parameters, note)


def selinux_connect(
    *, boolean: str = "", port: int = 0, port_type: str = "", path: str = "", path_type: str = "", note: str = ""
) -> Remedy:
    """Lets nginx connect where SELinux denies it: labels a port or a folder, or switches on a boolean. What is left empty stays as it is."""
    parameters = SelinuxConnect(boolean=boolean, port=port, port_type=port_type, path=path, path_type=path_type)
    changes = ["port %d is %s" % (port, port_type)] if port else []
    changes += ["%s is %s" % (path, path_type)] if path else []
    changes += ["%s = on" % boolean] if boolean else []
    return Remedy("selinux_connect", ("selinux",), ", ".join(changes), parameters, note)


def nginx_limits(edits: t.Sequence[DirectiveEdit], *, unit: str = "", unit_files: int = 0, note: str = "") -> Remedy:
    """Raises limits in nginx's configuration and reloads it. With unit_files, also raises how many files its unit may open: that takes a restart."""
    parameters = NginxLimits(edits=list(edits), unit=unit, unit_files=unit_files, sysctl={})
    changes = ["%s %s" % (edit["directive"], " ".join(edit["args"])) for edit in edits]
    if unit_files:
        changes += ["LimitNOFILE=%d" % unit_files, "restart nginx"]
        return Remedy("nginx_limits", ("config", "restart"), ", ".join(changes), parameters, note)
    return Remedy("nginx_limits", ("config", "reload"), ", ".join([*changes, "reload nginx"]), parameters, note)


def kernel_limits(sysctl: t.Mapping[str, str], *, note: str = "") -> Remedy:
    """Sets settings of the kernel, at once and for each boot. nginx is left as it is."""
    parameters = NginxLimits(edits=[], unit="", unit_files=0, sysctl=dict(sysctl))
    changes = ["%s = %s" % item for item in sysctl.items()]
    return Remedy("nginx_limits", ("config",), ", ".join(changes), parameters, note)
