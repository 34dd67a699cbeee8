# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a PHP-FPM that does not run cannot start: what several causes ask in the same words.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop, log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import unit_evidence

#: What a hop to a daemon that is down looks like.
DOWN = ("unix_socket_missing", "stale_unix_socket", "backend_port_closed", "ipv6_localhost_refused")
#: FPM's last words in any case: they name no reason.
CONSEQUENCES = (
    "FPM initialization failed",
    "failed to post process the configuration",
    "failed to load configuration file",
)
#: errno 28, in the words of a daemon that could not write.
NO_SPACE = ("No space left on device", "(28)")


def name_of(fpm: Facts) -> str:
    return str(fpm.get("unit") or fpm["binary"]).replace(".service", "")


def place_text(place: Facts | None) -> str:
    return "%s:%d" % (place["file"], place["line"]) if place else ""


def says_no_space(text: str | None) -> bool:
    return any(words in (text or "") for words in NO_SPACE)


def own_lines(host: Host, fpm: Facts, *signatures: str) -> list[Facts]:
    """What this very FPM's log says, the newest first, less what names no reason."""
    sources = {fpm.get("error_log"), fpm.get("unit")}
    return [
        record
        for record in host.records
        if record["source"] in sources
        and record["signature"] in signatures
        and not record["message"].startswith(CONSEQUENCES)
    ]


def stopped_behind(hop: Hop) -> list[Facts]:
    """Each FPM that would serve this hop and does not run; none where one that runs serves it."""
    if not hop.backend:
        return []
    found = [one.fpm for one in hop.backend.pools_at(hop.real_address)]
    return [] if any(fpm.get("master") for fpm in found) else found


def is_live(hop: Hop) -> bool:
    """Whether something is wrong over this hop now, not only in the log."""
    return bool(hop.failing or hop.symptoms)


def start_evidence(host: Host, fpm: Facts, lines: t.Iterable[Facts]) -> tuple[Evidence, ...]:
    """The unit's state, and what FPM said of its start."""
    unit = host.unit(fpm.get("unit"))
    told = (unit_evidence(fpm["unit"], unit),) if unit else ()
    once = {record["message"]: record for record in lines}
    return (*told, *(log_evidence(record) for record in list(once.values())[:3]))
