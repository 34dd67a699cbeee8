# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One hop further: whom the workers behind a hop wait for, and what is wrong there where that is a host of the inventory.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.firewall_verdict import (
    REFUSALS,
    Verdict,
    verdict,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.worker_waits import WaitsFor, waits_for
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import listener_behind

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.awaited import Awaited


class Dependency(t.NamedTuple):
    """Whom workers wait for, in words; what to type next, each line with its host; the other host of the inventory that has to be changed, if one has."""

    text: str
    advice: tuple[str, ...]
    on: str | None = None

    @property
    def evidence(self) -> Evidence:
        return Evidence("process", self.text, 0.5)


def awaited_behind(fleet: Fleet, hop: Hop) -> Dependency | None:
    """Whom the workers behind a hop wait for; None where that is not seen."""
    backend = hop.backend
    pool = backend.pool_at(hop.real_address) if backend else None
    if not backend:
        return None
    if pool:
        found, workers = pool.pool.get("awaited") or [], len(pool.pool["workers"])
    else:
        waiting = or_empty(listener_behind(hop).get("waiting"))
        found, workers = waiting.get("awaited") or [], waiting.get("workers") or 0
    named = waits_for(found, workers)
    if not named:
        return None
    return _elsewhere(fleet, backend, found[0], named) or Dependency(
        named.text, tuple("%s   # on %s" % (line, backend.name) for line in named.advice)
    )


def _elsewhere(fleet: Fleet, backend: Host, awaited: Awaited, named: WaitsFor) -> Dependency | None:
    """The same where another host of the inventory has the address: with what is wrong on that one."""
    at = awaited["address"] or ""
    address = read_address(at) if at.startswith("tcp:") else None
    host = fleet.owner(address, backend) if address else None
    if address is None or host is None or host is backend:
        return None
    listener = or_empty(host.tcp_listener(address.host, address.port))
    who = "%s (pid %s) on %s" % (listener.get("process"), listener.get("pid"), host.name)
    if listener.get("state") == "T":
        command = "kill -CONT %s   # on %s" % (listener.get("pid"), host.name)
        return Dependency("%s: %s is stopped by a signal" % (named.text, who), (command,), host.name)
    refused = _refused(backend, host, address) if awaited["connecting"] else None
    if refused:
        does = "drops" if refused.action == "drop" else "rejects"
        text = "%s: %s's firewall %s it (%s: %s)" % (named.text, host.name, does, refused.where, refused.rule_text)
        show = "# let %s in at port %d on %s: %s" % (backend.name, address.port, host.name, refused.where)
        return Dependency(text, (show,), host.name)
    if not listener.get("pid"):
        return Dependency(
            "%s: nothing listens there on %s" % (named.text, host.name),
            ("ss -ltnp 'sport = :%d'   # on %s" % (address.port, host.name),),
            host.name,
        )
    unit = listener.get("unit")
    log = ("journalctl -u %s --since -1h   # on %s" % (unit, host.name),) if unit else ()
    look = tuple("%s   # on %s" % (line, backend.name) for line in named.advice)
    return Dependency("%s: that is %s" % (named.text, who), (*log, *look))


def _refused(backend: Host, host: Host, address: Address) -> Verdict | None:
    """What of a host's firewall refuses connections of another, whichever of its addresses they come from; None where it is not sure to."""
    firewall = host.facts.get("firewall")
    is_six = ":" in address.host
    sources = [one for one in backend.system.get("addresses") or [] if (":" in one) == is_six]
    found = [
        verdict(firewall, source, address.host, address.port, system=host.facts["system"])
        for source in sources
        if firewall and not Address(source, 0, "").is_loopback
    ]
    return found[0] if found and all(one.action in REFUSALS for one in found) else None
