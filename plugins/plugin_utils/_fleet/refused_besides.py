# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name with several addresses, one of which refuses connections while requests fail at another one by something else.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.connect_error import connect_signature
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import IN_BODY

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.reach import Attempt

LATE = "upstream_read_timeout"
#: What ends at once, so that nginx asks the next address: it waits for one that drops connections, too.
REFUSED = frozenset({"backend_port_closed", "ipv6_localhost_refused", "ipv6_unavailable", "firewall_reject"})
_NOBODY_ASKED = "no_live_upstreams"


class Besides(t.NamedTuple):
    """Addresses of a name that refuse, and the signature of what fails the requests at another one; empty where a request fails for the refusal alone."""

    addresses: list[Address]
    signature: str


def refused_besides(
    tried: t.Sequence[tuple[Attempt, Address]],
    failing: t.Sequence[Answer],
    records: t.Sequence[LogRecord],
    since: float,
) -> Besides:
    """Which addresses of a name refuse while each request that fails also fails at another one, by something else.

    That other one is what fails it, whichever of them nginx asks last: it goes on to the next address where one refuses.
    tried: the attempts to connect; failing: the answers that fail; records: the log's; since: when what answers now was started.
    """
    refused = [
        address
        for attempt, address in tried
        if not attempt.get("connected") and connect_signature(address, attempt.get("errno")) in REFUSED
    ]
    if not refused or len(refused) == len(tried):
        return Besides([], "")
    elsewhere = _failed_elsewhere(failing, records, since)
    asked = {_path(one["url"]) for one in failing if one.get("signature") != _NOBODY_ASKED}
    logged = {_logged(one) for one in records if one["signature"] in REFUSED}
    if not elsewhere or not (asked or logged) <= set(elsewhere):
        return Besides([], "")
    return Besides(refused, LATE if LATE in elsewhere.values() else next(iter(elsewhere.values())))


def _failed_elsewhere(failing: t.Sequence[Answer], records: t.Sequence[LogRecord], since: float) -> dict[str, str]:
    """The paths that failed by something else than a refusal, each with its signature."""
    logged = {
        _logged(one): one["signature"]
        for one in records
        if one["last"] >= since
        and one["signature"] not in (*REFUSED, _NOBODY_ASKED)
        and one.get("action") not in IN_BODY
    }
    now = {_path(one["url"]): LATE if one.get("timed_out") else one.get("signature") for one in failing}
    return {**logged, **{path: name for path, name in now.items() if name and name not in (*REFUSED, _NOBODY_ASKED)}}


def _path(url: str) -> str:
    return urllib.parse.urlsplit(url).path


def _logged(record: LogRecord) -> str:
    return str(or_empty(record.get("request")).get("path") or "")
