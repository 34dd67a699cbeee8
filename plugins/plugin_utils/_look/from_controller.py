# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""URLs asked from the controller: a 502 that is seen only from here is made by something in front of the host.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, is_number, read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import URLS, ask_all, ask_of

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer


def from_controller(asks: t.Sequence[t.Any], timeout: float = 10.0, deadline: float = 60.0) -> list[Answer]:
    """`answers` of docs/facts.md with `from: controller`, in order; at most as many URLs as a host is asked for."""
    return ask_all([ask_of(ask) for ask in asks[:URLS]], timeout, deadline, "controller")


def outside_asks(
    answers: t.Sequence[Answer], urls: t.Sequence[str], address: str | None, limit: int = 3
) -> list[dict[str, t.Any]]:
    """What to ask from the controller: the user's URLs as anybody would; else the first few that the host was asked, at the host's own address."""
    mine = [answer for answer in answers if answer["from"] == "host"]
    if urls:
        return [{"url": answer["url"], "route": answer["route"]} for answer in mine if answer["url"] in urls]
    asks = []
    for answer in mine:
        connect = read_address(answer["connect"]) if answer["connect"] else None
        if not address or not is_number(address) or connect is None or connect.is_unix or answer["proxy_protocol"]:
            continue
        # By the other family a name may lead to another server{}.
        if (":" in address) == (":" in connect.host):
            own = str(Address(address, connect.port))
            asks.append({"url": answer["url"], "connect": own, "method": answer["method"], "route": answer["route"]})
    return asks[:limit]
