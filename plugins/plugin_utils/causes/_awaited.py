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
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.firewall_verdict import (
    REFUSALS,
    Verdict,
    verdict,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.worker_waits import (
    WaitsFor,
    likeliest,
    waits_for,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import listener_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._refused_services import does_it_answer

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.awaited import Awaited


class Dependency(t.NamedTuple):
    """Whom workers wait for, in words; what to type next, each line with its host.

    at: its address where it is on another host; empty elsewhere. on: the other host of the inventory that has to be changed, if one has.
    """

    waits: WaitsFor
    advice: tuple[str, ...]
    at: str = ""
    wrong: str = ""
    on: str | None = None

    @property
    def text(self) -> str:
        """How many workers wait, whom for, and what is wrong there."""
        return self._with("%s %s" % (self.waits.who, self.waits.whom))

    @property
    def is_slow(self) -> bool:
        """Whether nothing is known to be wrong there, so that it may only take its time."""
        return self.waits.slow and self.on is None

    @property
    def behind(self) -> Behind | None:
        """The same for all hosts whose workers wait there."""
        return Behind(self.at, self._with("workers wait for %s" % self.waits.whom)) if self.at else None

    @property
    def evidence(self) -> Evidence:
        return Evidence("process", self.text, 0.5)

    def _with(self, words: str) -> str:
        return "%s: %s" % (words, self.wrong) if self.wrong else words


def awaited_behind(fleet: Fleet, hop: Hop) -> Dependency | None:
    """Whom the workers behind a hop wait for; None where that is not seen."""
    backend = hop.backend
    pool = backend.pool_at(hop.real_address) if backend else None
    if not backend:
        return None
    if pool:
        found, workers = pool.pool.get("awaited") or [], len(pool.pool["workers"])
    else:
        listener = listener_behind(hop)
        # docker's proxy waits for its container alone.
        waiting = or_empty(None if behind(backend, listener) else listener.get("waiting"))
        found, workers = waiting.get("awaited") or [], waiting.get("workers") or 0
    named, first = waits_for(found, workers), likeliest(found)
    if not named or not first:
        return None
    at = _far(first["address"] or "")
    look = tuple(line if line.startswith("# ") else "%s   # on %s" % (line, backend.name) for line in named.advice)
    return _elsewhere(fleet, backend, first, named, look) or Dependency(named, (*_asked(backend, at, first), *look), at)


def _asked(backend: Host, at: str, awaited: Awaited) -> tuple[str, ...]:
    """How it is seen whether a host that is not looked at takes connections, where none is taken."""
    if not at.startswith("tcp:") or not awaited["connecting"]:
        return ()
    address = read_address(at)
    return (does_it_answer(backend, address.host, address.port),)


def _far(address: str) -> str:
    """The address of a service that other hosts may wait for as well; empty where it is the host's own, or a lock."""
    kind, _colon, where = address.partition(":")
    return address if kind in ("tcp", "udp") and not read_address("tcp:" + where).is_loopback else ""


def _elsewhere(
    fleet: Fleet, backend: Host, awaited: Awaited, named: WaitsFor, look: tuple[str, ...]
) -> Dependency | None:
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
        return Dependency(named, (command,), at, "%s is stopped by a signal" % who, host.name)
    refused = _refused(backend, host, address) if awaited["connecting"] else None
    if refused:
        does = "drops" if refused.action == "drop" else "rejects"
        wrong = "%s's firewall %s it (%s: %s)" % (host.name, does, refused.where, refused.rule_text)
        show = "# let %s in at port %d on %s: %s" % (backend.name, address.port, host.name, refused.where)
        return Dependency(named, (show,), at, wrong, host.name)
    if not listener.get("pid"):
        show = "ss -ltnp 'sport = :%d'   # on %s" % (address.port, host.name)
        return Dependency(named, (show,), at, "nothing listens there on %s" % host.name, host.name)
    unit = listener.get("unit")
    log = ("journalctl -u %s --since -1h   # on %s" % (unit, host.name),) if unit else ()
    return Dependency(named, (*log, *look), at, "that is %s" % who)


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
