# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can have set a finding off: the units, packages, files and programs that its cause has to do with. Nothing else that happened explains it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Aspect, Cause, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.scripts import failing_scripts
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import owner_of


class Subject(t.TypedDict):
    """Something of a host that can have set a finding off, by its name.

    unit: NAME. package: NAME, or the beginning of names with a * behind it. path: a file, or a folder with a / behind it. program: of a process that is
    killed, or of a command. boot: the host.
    """

    aspect: Aspect
    host: str
    kind: t.Literal["unit", "package", "path", "program", "boot"]
    name: str


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


class About(t.NamedTuple):
    """What a finding is about: its cause, the proxy that it is seen from, and the hops that it explains."""

    fleet: Fleet
    finding: Finding
    cause: Cause
    proxy: Host
    hops: t.Sequence[Hop]


def subjects_of(about: About) -> list[Subject]:
    """What can have set a finding off."""
    found: dict[tuple[str, str, str], Aspect] = {}
    for aspect in about.cause.set_off_by:
        for one in _OF_ASPECT[aspect](about):
            found.setdefault(one, aspect)
    return [
        t.cast(Subject, {"aspect": aspect, "host": host, "kind": kind, "name": name})
        for (host, kind, name), aspect in found.items()
    ]


_Found = list[tuple[str, str, str]]


def _backend(about: About) -> _Found:
    """The unit behind the hop, its package, its files and its processes."""
    host, hops = about.fleet.hosts.get(about.finding.on), about.hops
    if host is None:
        return []
    found: _Found = [(host.name, "boot", "the host")]
    for unit in units_behind(about.fleet, host, about.finding, hops):
        base = unit.removesuffix(".service").removesuffix(".socket")
        found += [(host.name, "unit", unit), (host.name, "program", base)]
        found += [(host.name, "package", name) for name in packages_of(base)]
        found += [(host.name, "path", "/etc/systemd/system/%s.d/" % unit)]
    for one in (one for hop in hops for one in host.pools_at(hop.real_address)):
        file = one.pool["file"]
        # What stops a PHP-FPM may stand in the file of any of its pools.
        pools = file.rpartition("/")[0] + "/" if about.cause.daemon != "runs" else file
        found += [(host.name, "program", one.fpm["binary"].rpartition("/")[2])]
        found += [(host.name, "path", path) for path in (one.fpm["config"], pools)]
    # A page's own script stops no daemon.
    pages = [script for hop in hops for script in failing_scripts(hop)] if about.cause.daemon == "runs" else []
    return found + _gone(host, hops) + [(host.name, "path", script) for script in list(dict.fromkeys(pages))[:SCRIPTS]]


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
    known = host.units
    names += [name for name in known if name in said and name.partition(".")[0] != "nginx"]
    for name in list(filter(None, names)):
        names += or_empty(host.unit(name)).get("triggers") or []
    return list(dict.fromkeys(name for name in names if name))


def packages_of(base: str) -> list[str]:
    """The packages that bring a service of this name, as Debian's and Red Hat's are called: php8.2-fpm is of php8.2-*, apache2 has modules in libapache2-*."""
    family = base.removesuffix("-fpm").partition("@")[0]
    more = {"apache2": ["libapache2-*"], "httpd": ["mod_*"]}
    return [family, family + "-*", *more.get(family, [])]


def _route(about: About) -> _Found:
    """The files in which the routes of the hops stand."""
    places: list[t.Mapping[str, t.Any]] = []
    for hop in about.hops:
        for route in hop.routes:
            upstream = (about.proxy.config.get("upstreams") or {}).get(route["pass"]["upstream"] or "")
            places += [route["server_place"], route["location"]["place"], route["pass"]["place"]]
            places += [upstream["place"]] if upstream else []
    return [(about.proxy.name, "path", place["file"]) for place in places if place.get("file")]


def _nginx(about: About) -> _Found:
    """nginx itself, and all of its files."""
    unit = about.proxy.nginx.get("unit") or "nginx.service"
    paths = ["/etc/nginx/", or_empty(about.proxy.nginx.get("configure")).get("conf_path") or "/etc/nginx/nginx.conf"]
    paths.append("/etc/systemd/system/%s.d/" % unit)
    names = [("unit", unit), *(("package", name) for name in ("nginx", "nginx-*", "libnginx-*"))]
    return [
        (about.proxy.name, kind, name)
        for kind, name in [*names, *(("path", path) for path in paths), ("boot", "the host")]
    ]


def _names(about: About) -> _Found:
    units = ("systemd-resolved.service", "dnsmasq.service", "unbound.service", "named.service", "nscd.service")
    names = [*(("path", path) for path in NAMES), *(("unit", unit) for unit in units)]
    return [(about.proxy.name, kind, name) for kind, name in names]


def _firewall(about: About) -> _Found:
    found: _Found = []
    for name in dict.fromkeys((about.finding.on, about.proxy.name)):
        host = about.fleet.hosts.get(name)
        tool = or_empty(host.facts.get("firewall")).get("tool") if host else None
        files = [file for one, paths in FIREWALL_FILES.items() if tool in (one, None, "none") for file in paths]
        kinds = (("path", dict.fromkeys(files)), ("unit", FIREWALL_UNITS), ("program", FIREWALL_PROGRAMS))
        found += [(name, kind, one) for kind, names in kinds for one in names]
    return found


def _limits(about: About) -> _Found:
    return [(about.finding.on, "path", path) for path in LIMIT_FILES]


def _labels(about: About) -> _Found:
    on = about.finding.on
    return [(on, "package", "selinux-policy*"), *((on, "path", path) for path in LABEL_FILES)]


def _certificates(about: About) -> _Found:
    return [(about.finding.on, "path", folder) for folder in TLS_FOLDERS]


_OF_ASPECT: dict[Aspect, t.Callable[[About], _Found]] = {
    "backend": _backend,
    "route": _route,
    "nginx": _nginx,
    "names": _names,
    "firewall": _firewall,
    "limits": _limits,
    "labels": _labels,
    "certificates": _certificates,
}
