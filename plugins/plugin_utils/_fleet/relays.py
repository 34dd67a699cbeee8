# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs between nginx and a backend that pass connections on as they are: which of them listens behind a hop, and where it leads to.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.relays import Relay


def relay_at(hop: Hop) -> Relay | None:
    """The relay that nginx connects to over a hop; None where it is none that is known."""
    host, asked = hop.backend, hop.real_address
    if host is None:
        return None
    listener = or_empty(host.listener(asked))
    unit, process = listener.get("unit") or "", listener.get("process") or ""
    for one in host.relays():
        its_own = bool(one["name"]) and (unit == one["name"] or process.startswith(one["name"]))
        # A command line says what whoever wrote it wants: what it does not listen on itself, systemd listens on for it.
        if (its_own or unit.endswith(".socket")) and any(_is_at(place, asked) for place in one["listens"] or []):
            return one
    return None


def _is_at(text: str, asked: Address) -> bool:
    place = read_address(text)
    if place.is_unix or asked.is_unix:
        return place.normal() == asked.normal()
    return place.port == asked.port


def leads_to(relay: Relay) -> list[Address]:
    """The addresses that a relay passes connections on to."""
    return [read_address(one) for one in relay["to"] or []]
