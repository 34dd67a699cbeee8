# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that an nginx in a container has lost to a PHP-FPM in the same one or in another, and what that PHP-FPM's log says of them.

Such a PHP-FPM is not looked into: neither its pools nor its settings are known.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t
from dataclasses import dataclass

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import (
    CLIENTS,
    at_address,
    called,
    log_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import CLOSED, RESET
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
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
        lost = self.hop.past(*_LOST)
        return [
            record
            for record in self.hop.proxy.records
            if record["kind"] == "php_fpm" and record["signature"] in signatures and coincide(record, lost)
        ]

    def found(self, cause: str, lines: list[LogRecord], why: str, advice: tuple[str, ...]) -> Finding:
        """A finding with these lines, and the command that shows more of them."""
        evidence = (*self.hop.seen(*_LOST), *(log_evidence(one) for one in lines))
        return on_hop(self.hop, cause, evidence, why=why, advice=(self.shown(lines[0]["source"]), *advice))

    def shown(self, source: str) -> str:
        """The command that shows its log: what it prints, or a file of the container."""
        if source == self.container.get("log"):
            return log_of(self.container, self.on)
        client, name = CLIENTS.get(self.container["engine"], "docker"), shlex.quote(self.container["name"])
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
    """Each hop from an nginx in a container to a PHP-FPM in one, that loses connections now, or has lost some that are not asked for again."""
    for hop in fleet.sick_hops("fastcgi"):
        within = hop.proxy.within
        if within is None:
            continue
        own = hop.proxy.facts["container"] if hop.backend is hop.proxy else at_address(hop)
        has_fpm = own is not None and any(one["name"] == "PHP-FPM" for one in own["inside"] or [])
        unasked = any(or_empty(one.get("request")).get("method") not in _SAFE for one in hop.past(*_LOST))
        if own and has_fpm and (hop.has(*_LOST) or unasked):
            yield LossInside(hop, own, within.name)
