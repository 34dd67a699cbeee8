# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PHP-FPM in a container, that of nginx itself or another one: requests that were lost to it, what its log says of them, and whether HTTP is spoken to it.

Such a PHP-FPM is not looked into: neither its pools nor its settings are known.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t
from dataclasses import dataclass

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _compose as compose
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import passed_at, places
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import container_behind, engines_host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import (
    called,
    client_of,
    containers_of,
    log_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import CLOSED, RESET
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import NOTHING, Explanation
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop, reload_nginx
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._lost_fpm_requests import coincide

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

_LOST = (RESET, CLOSED)
_SAFE = ("GET", "HEAD")


@dataclass(frozen=True)
class LossInside:
    """A hop that loses connections to the PHP-FPM of a container."""

    hop: Hop
    container: Container
    on: str

    def lines(self, *signatures: str) -> list[LogRecord]:
        """What its log says, at the time of a lost connection."""
        lost, host = self.hop.past(*_LOST), self.hop.backend or self.hop.proxy
        is_beside_nginx = host.within is not None and host.facts["container"]["name"] == self.container["name"]
        others = [one.get("log") for one in containers_of(host) if one["name"] != self.container["name"]]
        return [
            record
            for record in host.records
            if record["kind"] == "php_fpm"
            and record["signature"] in signatures
            and coincide(record, lost)
            and (record["source"] == self.container.get("log") or is_beside_nginx and record["source"] not in others)
        ]

    def found(self, cause: str, lines: list[LogRecord], why: str, advice: tuple[str, ...]) -> Finding:
        """A finding with these lines, and the command that shows more of them."""
        evidence = (*self.hop.seen(*_LOST), *(log_evidence(one) for one in lines))
        on = None if self.hop.backend else self.hop.proxy.name
        return on_hop(self.hop, cause, evidence, on=on, why=why, advice=(self.shown(lines[0]["source"]), *advice))

    def shown(self, source: str) -> str:
        """The command that shows its log: what it prints, or a file of the container."""
        if source == self.container.get("log"):
            return log_of(self.container, self.on)
        client, name = client_of(self.container) or "docker", shlex.quote(self.container["name"])
        return "%s exec %s tail -n 50 %s   # on %s" % (client, name, shlex.quote(source), self.on)

    @property
    def called(self) -> str:
        return called(self.container)

    @property
    def paths(self) -> str:
        """The paths of the requests that were lost, in words."""
        found = sorted({or_empty(one.get("request")).get("path") or "" for one in self.hop.past(*_LOST)} - {""})
        return " on requests for %s" % ", ".join(found[:3]) if found else ""


def losses_inside(fleet: Fleet) -> t.Iterator[LossInside]:
    """Each hop to a PHP-FPM in a container that loses connections now, or has lost some that are not asked for again."""
    for hop in fleet.sick_hops("fastcgi"):
        is_beside_nginx = hop.proxy.within is not None and hop.backend is hop.proxy
        container = hop.proxy.facts["container"] if is_beside_nginx else container_behind(hop)
        unasked = any(or_empty(one.get("request")).get("method") not in _SAFE for one in hop.past(*_LOST))
        if container and has_fpm(container) and (hop.has(*_LOST) or unasked):
            yield LossInside(hop, container, engines_host(hop).name)


def has_fpm(container: Container) -> bool:
    return any(one["name"] == "PHP-FPM" for one in container["inside"] or [])


def speaks_fastcgi(hop: Hop, container: Container, port: int) -> Explanation:
    """That the only port of a container is PHP-FPM's, which nginx asks by HTTP: another port in that directive mends nothing."""
    if hop.family != "proxy" or not has_fpm(container):
        return NOTHING
    place = passed_at(hop)
    return Explanation(
        words="%s has PHP-FPM on port %d, which speaks FastCGI and no HTTP, and nothing in it on port %d: its image is the one without a web server"
        % (called(container), port, hop.destination.port),
        advice=(
            "# write `fastcgi_pass %s;`, `include fastcgi_params;` and `fastcgi_param SCRIPT_FILENAME FOLDER$fastcgi_script_name;` in place of proxy_pass at"
            " %s, in a location for its pages (`location ~ \\.php$`); FOLDER: that of the site in %s"
            % (Address(hop.address.host, port).bare, place, container["name"]),
            "# PHP-FPM gives out no files: let nginx have that folder as well (a volume of both), with `root` and `try_files $uri /index.php$is_args$args;`",
            *compose.source_of(hop, hop.destination.port, places(hop)[0].place["file"]),
            reload_nginx(hop),
            "# or take the image that has a web server (of php: -apache in place of -fpm), which listens on port 80",
        ),
    )
