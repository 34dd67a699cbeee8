# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name with several addresses, one of which refuses connections while another one takes them and does not answer in time.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.connect_error import connect_signature
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.reach import Attempt

LATE = "upstream_read_timeout"
#: What ends at once, so that nginx asks the next address: it waits for one that drops connections, too.
REFUSED = frozenset({"backend_port_closed", "ipv6_localhost_refused", "ipv6_unavailable", "firewall_reject"})
_NOBODY_ASKED = "no_live_upstreams"


def refused_besides(
    tried: t.Sequence[tuple[Attempt, Address]],
    failing: t.Sequence[Answer],
    records: t.Sequence[LogRecord],
    since: float,
) -> list[Address]:
    """The addresses of a name that refuse; [] where a request fails for them alone.

    Where each request that fails waits in vain at another address as well, that other one is what fails it, whichever of them nginx asks last.
    tried: the attempts to connect; failing: the answers that fail; records: the log's; since: when what answers now was started.
    """
    refused = [
        address
        for attempt, address in tried
        if not attempt.get("connected") and connect_signature(address, attempt.get("errno")) in REFUSED
    ]
    if not refused or len(refused) == len(tried):
        return []
    late = {_path(one["url"]) for one in failing if one.get("signature") == LATE or one.get("timed_out")}
    late |= {_logged(one) for one in records if one["signature"] == LATE and one["last"] >= since}
    asked = {_path(one["url"]) for one in failing if one.get("signature") != _NOBODY_ASKED}
    logged = {_logged(one) for one in records if one["signature"] in REFUSED}
    return refused if late and (asked or logged) <= late else []


def _path(url: str) -> str:
    return urllib.parse.urlsplit(url).path


def _logged(record: LogRecord) -> str:
    return str(or_empty(record.get("request")).get("path") or "")
