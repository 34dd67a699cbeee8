# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backend that ended while it had requests, and that systemd started again: it listens when it is looked at.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import datetime

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import unit_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import NOTHING, Explanation
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._last_words import what_to_do

#: Seconds that a log line of nginx and the restart that it is about may lie apart.
SLACK = 5.0


def started_again(hop: Hop, *signatures: str) -> Explanation:
    """Whether systemd started the service behind a hop again since requests fail with these signatures, and what it had said before."""
    name = unit_behind(hop)
    unit = or_empty(hop.backend.unit(name) if hop.backend else None)
    times, since = unit.get("restarts") or 0, unit.get("since") or 0.0
    lost = [record["first"] for record in hop.records if record["signature"] in signatures]
    if not times or not lost or hop.by_proxys_clock(since) < min(lost) - SLACK:
        return NOTHING
    said = unit.get("last_words") or []
    at = datetime.datetime.fromtimestamp(since, tz=datetime.timezone.utc).strftime("%H:%M:%S")
    text = "%s ended, and systemd started it again: %d time%s, the last at %s UTC" % (
        name, times, "" if times == 1 else "s", at,
    )  # fmt: skip
    return Explanation(
        (Evidence("unit", text), *(Evidence("backend_log", "%s says: %s" % (name, line)) for line in said)),
        "it %s%s" % (text[len("%s " % name) :], "; its log ended with: %s" % " / ".join(said) if said else ""),
        what_to_do(" / ".join(said), hop.on, name or "UNIT"),
    )
