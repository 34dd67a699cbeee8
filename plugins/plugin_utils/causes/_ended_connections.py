# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a backend that ends connections, in the words of several causes.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts

CLOSED, RESET = "upstream_closed_prematurely", "upstream_connection_reset"
#: Causes that explain the end of a connection; where one of them is found, the end itself is no cause.
EXPLAINED_BY = (
    "worker_segfault",
    "worker_killed",
    "worker_oom_killed",
    "fpm_request_terminate_timeout",
    "fpm_allowed_clients",
    "keepalive_race",
    "upstream_protocol_mismatch",
    "disk_full",
)


def probed(hop: Hop) -> tuple[Evidence, ...]:
    """How the backend ended a connection that was made to it directly."""
    reply = (hop.reach or {}).get("reply") or {}
    error = reply.get("error") or ""
    ended = "closed" in error or "reset" in error.lower() or "broken pipe" in error.lower()
    return (Evidence("probe", "asked directly, %s ends the connection: %s" % (hop.address, error)),) if ended else ()


def listener_of(hop: Hop) -> Facts:
    """Who listens behind a hop; nothing where that is not known."""
    return (
        hop.backend.listener(hop.destination if hop.tried and not hop.is_unix else hop.real_address)
        if hop.backend
        else None
    ) or {}


def behind(hop: Hop) -> tuple[str, str]:
    """Who listens behind a hop, and where its own log is: in words, and as a command."""
    listener = listener_of(hop)
    unit, process = listener.get("unit"), listener.get("process")
    who = (
        "%s (%s) on %s" % (process, unit, hop.on)
        if unit
        else "%s on %s" % (process, hop.on)
        if process
        else "what listens on %s" % (hop.address,)
    )
    log = "journalctl -u %s --since -1h   # on %s" % (unit, hop.on) if unit else "the log of %s" % who
    return who, log
