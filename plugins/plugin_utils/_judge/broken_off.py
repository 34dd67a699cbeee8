# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that an upstream breaks off in the middle: the status was sent before, so that visitors get a part of the page and no 502.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

SIGNATURE = "upstream_closed_midbody"
SHOWN = 3


def broken_off(fleet: Fleet, proxy: Host) -> list[str]:
    """A line for each upstream of a proxy that has broken answers off since it was started, by nginx's log."""
    found: dict[str, str] = {}
    for hop in fleet.hops_of(proxy):
        records = hop.past(SIGNATURE)
        if records:
            found.setdefault(str(hop.address), of_hop(hop, records))
    return list(found.values())


def of_hop(hop: Hop, records: t.Sequence[LogRecord]) -> str:
    newest = sorted(records, key=lambda one: -one["last"])
    asked = [or_empty(one.get("request")) for one in newest]
    paths = list(dict.fromkeys("%s %s" % (one["method"], one["path"]) for one in asked if one))
    last = datetime.datetime.fromtimestamp(newest[0]["last"], tz=datetime.timezone.utc).strftime("%H:%M:%S")
    count = sum(one["count"] for one in records)
    return (
        "%s broke off %s in the middle%s, the last at %s UTC: visitors get a part of the page and no 502. Its own log says why"
        % (
            str(hop.address).removeprefix("tcp:"),
            "an answer" if count == 1 else "%d answers" % count,
            " (%s%s)" % (", ".join(paths[:SHOWN]), ", ..." if len(paths) > SHOWN else "") if paths else "",
            last,
        )
    )
