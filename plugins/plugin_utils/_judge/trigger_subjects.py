# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can have set a finding off: the units, packages, files and programs that its cause has to do with. Nothing else that happened explains it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend_units import owner_of

Aspect = t.Literal["backend", "route", "nginx", "names", "firewall", "limits", "labels", "disk"]


class Subject(t.TypedDict):
    """Something of a host that can have set a finding off, by its name.

    unit: NAME. package: NAME, or the beginning of names with a * behind it. path: a file, or a folder with a / behind it. program: of a process that is
    killed, or of a command. boot: the host.
    """

    host: str
    kind: t.Literal["unit", "package", "path", "program", "boot"]
    name: str


_BACKEND: tuple[Aspect, ...] = ("backend",)
_ROUTE: tuple[Aspect, ...] = ("backend", "route")
_NGINX: tuple[Aspect, ...] = ("nginx",)
_FIREWALL: tuple[Aspect, ...] = ("firewall", "route")
#: What can set a cause off, where that is not the backend and the route: the files of a vhost stop no PHP-FPM.
ASPECTS: dict[str, tuple[Aspect, ...]] = {
    **dict.fromkeys(
        (
            "backend_accept_queue_full",
            "backend_start_fails",
            "fpm_allowed_clients",
            "fpm_backlog_full",
            "fpm_children_kept_idle",
            "fpm_max_children",
            "fpm_process_max",
            "fpm_reload_cuts_requests",
            "fpm_reload_stuck",
            "fpm_request_terminate_timeout",
            "php_fpm_bind_conflict",
            "php_fpm_config_invalid",
            "php_fpm_socket_dir_missing",
            "php_fpm_stopped",
            "slow_upstream",
            "stale_unix_socket",
            "worker_killed",
            "worker_oom_killed",
            "worker_segfault",
        ),
        _BACKEND,
    ),
    **dict.fromkeys(("nginx_config_invalid", "nginx_not_reloaded", "nginx_returns_502"), _NGINX),
    **dict.fromkeys(("nginx_open_files", "nginx_worker_connections", "ephemeral_ports_exhausted"), ("nginx", "limits")),
    **dict.fromkeys(("firewall_drop", "firewall_reject"), _FIREWALL),
    **dict.fromkeys(
        ("backend_unreachable", "resolver_failure", "stale_upstream_dns", "upstream_host_not_found_at_start"),
        ("names", "route"),
    ),
    **dict.fromkeys(("apparmor_denied", "selinux_network_connect", "selinux_unix_socket"), ("labels", "backend")),
    "disk_full": ("disk",),
}
#: Scripts of a finding that are looked at.
SCRIPTS = 5
#: Files and programs of what several daemons share.
NAMES = ("/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf")
FIREWALL_UNITS = (
    "firewalld.service",
    "nftables.service",
    "iptables.service",
    "netfilter-persistent.service",
    "ufw.service",
)
FIREWALL_PROGRAMS = ("ufw", "nft", "iptables", "ip6tables", "firewall-cmd")
#: The files of each tool. Where one is in charge, those of the others set nothing off.
FIREWALL_FILES = {
    "firewalld": ("/etc/firewalld/",),
    "ufw": ("/etc/ufw/",),
    "nftables": ("/etc/nftables.conf", "/etc/nftables.d/", "/etc/sysconfig/"),
    "iptables": ("/etc/iptables/", "/etc/sysconfig/"),
}
LIMIT_FILES = ("/etc/sysctl.conf", "/etc/sysctl.d/", "/etc/security/limits.d/")
LABEL_FILES = ("/etc/selinux/", "/etc/apparmor.d/")
TLS_FOLDERS = ("/etc/letsencrypt/live/", "/etc/letsencrypt/archive/", "/etc/ssl/private/", "/etc/pki/tls/")


#: Causes by which nothing answers because a daemon is not there.
DOWN = frozenset(
    {
        "backend_not_listening",
        "backend_port_closed",
        "backend_start_fails",
        "php_fpm_bind_conflict",
        "php_fpm_config_invalid",
        "php_fpm_missing",
        "php_fpm_socket_dir_missing",
        "php_fpm_stopped",
        "plesk_apache_backend",
        "stale_unix_socket",
    }
)


def subjects_of(fleet: Fleet, finding: Finding, proxy: Host, hops: t.Sequence[Hop]) -> list[Subject]:
    """What can have set a finding off."""
    found: list[tuple[str, str, str]] = []
    for aspect in ASPECTS.get(finding.cause, _ROUTE):
        found += _OF_ASPECT[aspect](fleet, finding, proxy, hops)
    if finding.cause.startswith("upstream_tls"):
        found += [(finding.on, "path", folder) for folder in TLS_FOLDERS]
    return [t.cast(Subject, {"host": host, "kind": kind, "name": name}) for host, kind, name in dict.fromkeys(found)]


_Found = list[tuple[str, str, str]]


def _backend(fleet: Fleet, finding: Finding, _proxy: Host, hops: t.Sequence[Hop]) -> _Found:
    """The unit behind the hop, its package, its files and its processes."""
    host = fleet.hosts.get(finding.on)
    if host is None:
        return []
    found: _Found = [(host.name, "boot", "the host")]
    for unit in units_behind(fleet, host, finding, hops):
        base = unit.rpartition(".")[0]
        found += [(host.name, "unit", unit), (host.name, "program", base)]
        found += [(host.name, "package", name) for name in packages_of(base)]
        found += [(host.name, "path", "/etc/systemd/system/%s.d/" % unit)]
    for one in (one for hop in hops for one in host.pools_at(hop.real_address)):
        file = one.pool["file"]
        # What stops a PHP-FPM may stand in the file of any of its pools.
        pools = file.rpartition("/")[0] + "/" if finding.cause in DOWN else file
        found += [(host.name, "program", one.fpm["binary"].rpartition("/")[2])]
        found += [(host.name, "path", path) for path in (one.fpm["config"], pools)]
    return found + _gone(host, hops) + [(host.name, "path", script) for script in scripts(hops)]


def scripts(hops: t.Sequence[Hop]) -> list[str]:
    """The scripts that failed, as far as their URLs name them."""
    found: list[str] = []
    for hop in hops:
        roots = {route["id"]: route.get("root") for route in hop.routes if hop.family == "fastcgi"}
        for answer in hop.failing:
            root, path = roots.get(answer.get("route") or 0), urllib.parse.urlsplit(answer["url"]).path
            found += [root.rstrip("/") + path] if root and path.endswith(".php") and ".." not in path else []
    return list(dict.fromkeys(found))[:SCRIPTS]


def _gone(host: Host, hops: t.Sequence[Hop]) -> _Found:
    """The packages of a PHP-FPM that was removed, and the pool that it left behind."""
    asked = {str(address) for hop in hops for address in (hop.address, hop.real_address)}
    found: _Found = []
    for gone in host.facts.get("php_fpm_gone") or []:
        files = [pool["file"] for pool in gone["pools"] if pool["address"] in asked]
        family = "php%s-fpm" % (gone["version"] or "")
        found += [(host.name, "package", name) for name in packages_of(family) if files]
        found += [(host.name, "path", file) for file in files]
    return found


def units_behind(fleet: Fleet, host: Host, finding: Finding, hops: t.Sequence[Hop]) -> list[str]:
    """The units that answer at the hops of a finding, or should: those of pools and listeners, and those that it names."""
    names: list[str | None] = []
    for hop in hops:
        names += [one.fpm["unit"] for one in host.pools_at(hop.real_address)]
        names.append(or_empty(host.listener(hop.real_address)).get("unit"))
        names.append(owner_of(fleet, host, hop.real_address).unit)
    said = " ".join([finding.why, *finding.advice, *(item.text for item in finding.evidence)]).split()
    known = host.facts.get("units") or {}
    names += [name for name in known if name in said and not name.startswith("nginx.")]
    for name in list(filter(None, names)):
        names += or_empty(host.unit(name)).get("triggers") or []
    return list(dict.fromkeys(name for name in names if name))


def packages_of(base: str) -> list[str]:
    """The packages that bring a service of this name, as Debian's and Red Hat's are called: php8.2-fpm is of php8.2-*, apache2 has modules in libapache2-*."""
    family = base.removesuffix("-fpm").partition("@")[0]
    more = {"apache2": ["libapache2-*"], "httpd": ["mod_*"]}
    return [family, family + "-*", *more.get(family, [])]


def _route(_fleet: Fleet, _finding: Finding, proxy: Host, hops: t.Sequence[Hop]) -> _Found:
    """The files in which the routes of the hops stand."""
    places: list[t.Mapping[str, t.Any]] = []
    for hop in hops:
        for route in hop.routes:
            upstream = (proxy.config.get("upstreams") or {}).get(route["pass"]["upstream"] or "")
            places += [route["server_place"], route["location"]["place"], route["pass"]["place"]]
            places += [upstream["place"]] if upstream else []
    return [(proxy.name, "path", place["file"]) for place in places if place.get("file")]


def _nginx(_fleet: Fleet, _finding: Finding, proxy: Host, _hops: t.Sequence[Hop]) -> _Found:
    """nginx itself, and all of its files."""
    unit = proxy.nginx.get("unit") or "nginx.service"
    paths = ["/etc/nginx/", or_empty(proxy.nginx.get("configure")).get("conf_path") or "/etc/nginx/nginx.conf"]
    paths.append("/etc/systemd/system/%s.d/" % unit)
    names = [("unit", unit), *(("package", name) for name in ("nginx", "nginx-*", "libnginx-*"))]
    return [
        (proxy.name, kind, name) for kind, name in [*names, *(("path", path) for path in paths), ("boot", "the host")]
    ]


def _names(_fleet: Fleet, _finding: Finding, proxy: Host, _hops: t.Sequence[Hop]) -> _Found:
    units = ("systemd-resolved.service", "dnsmasq.service", "unbound.service", "named.service", "nscd.service")
    return [(proxy.name, "path", path) for path in NAMES] + [(proxy.name, "unit", unit) for unit in units]


def _firewall(fleet: Fleet, finding: Finding, proxy: Host, _hops: t.Sequence[Hop]) -> _Found:
    found: _Found = []
    for name in dict.fromkeys((finding.on, proxy.name)):
        tool = or_empty(fleet.hosts[name].facts.get("firewall")).get("tool") if name in fleet.hosts else None
        files = [file for one, paths in FIREWALL_FILES.items() if tool in (one, None, "none") for file in paths]
        kinds = (("path", dict.fromkeys(files)), ("unit", FIREWALL_UNITS), ("program", FIREWALL_PROGRAMS))
        found += [(name, kind, one) for kind, names in kinds for one in names]
    return found


def _limits(_fleet: Fleet, finding: Finding, _proxy: Host, _hops: t.Sequence[Hop]) -> _Found:
    return [(finding.on, "path", path) for path in LIMIT_FILES]


def _labels(_fleet: Fleet, finding: Finding, _proxy: Host, _hops: t.Sequence[Hop]) -> _Found:
    return [(finding.on, "path", path) for path in LABEL_FILES] + [(finding.on, "package", "selinux-policy*")]


def _disk(_fleet: Fleet, _finding: Finding, _proxy: Host, _hops: t.Sequence[Hop]) -> _Found:
    """A disk fills by itself."""
    return []


_OF_ASPECT: dict[Aspect, t.Callable[[Fleet, Finding, Host, t.Sequence[Hop]], _Found]] = {
    "backend": _backend,
    "route": _route,
    "nginx": _nginx,
    "names": _names,
    "firewall": _firewall,
    "limits": _limits,
    "labels": _labels,
    "disk": _disk,
}
