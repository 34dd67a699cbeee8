# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx answers 502 or 504 by its own configuration (`return 502;`), without asking anybody: mostly a maintenance page that was left on.

Looked at: answers without a line in nginx's log, the `return` of the server, the location or an `if` on the way of the request.

Done: nothing is changed: an administrator has written it. File, line and condition are named.

A quick fix: restarting the backend changes nothing, as it is never asked.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import answer_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.panels import writer
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import BlockFacts

NAME = "nginx_returns_502"
SHOWN = 3


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for proxy in fleet.proxies():
        by_place: dict[str, tuple[BlockFacts, list[Answer]]] = {}
        for answer in proxy.failing:
            block = answering(proxy, answer)
            if block:
                by_place.setdefault(file_and_line(block["gateway"]["place"]), (block, []))[1].append(answer)
        for place, (block, answers) in by_place.items():
            yield returned(proxy, place, block, answers)


def answering(proxy: Host, answer: Answer) -> BlockFacts | None:
    """The block whose `return` gives this answer; None where nginx has said that an upstream failed, or none has such a return."""
    if answer.get("signature") or answer.get("route") is None:
        return None
    blocks = {block["id"]: block for block in proxy.config.get("blocks") or []}
    block = next((one for one in blocks.values() if one.get("route") == answer["route"]), None)
    around = set()
    while block:
        around.add(block["id"])
        block = blocks.get(block["parent"]) if block["parent"] is not None else None
    on_the_way = [
        one for one in blocks.values() if one["id"] in around or one["name"] == "if" and one["parent"] in around
    ]
    return next(
        (one for one in on_the_way if "gateway" in one and one["gateway"]["args"][0] == str(answer.get("status"))), None
    )


def returned(proxy: Host, place: str, block: BlockFacts, answers: list[Answer]) -> Finding:
    status, *condition = block["gateway"]["args"]
    holds = "while %s" % " ".join(condition) if condition else "whatever is asked"
    by = writer(proxy, block["gateway"]["place"]["file"])
    who = by.panel.title if by and by.panel else "somebody"
    written = Evidence("config", "%s: return %s, %s" % (place, status, holds), 0.7)
    return Finding(
        cause=NAME,
        seen_from=proxy.name,
        on=proxy.name,
        subject=place,
        evidence=(*[answer_evidence(answer) for answer in answers[:SHOWN]], written),
        why="%s has written that nginx answers %s there, %s: no backend is asked" % (who, status, holds),
        advice=(
            "sed -n '%d,%dp' %s   # on %s"
            % (
                max(1, block["place"]["line"] - 2),
                block["end_line"] + 2,
                shlex.quote(block["place"]["file"]),
                proxy.name,
            ),
            *(by.instead_of_return(proxy.name) if by else _by_hand(proxy.name)),
        ),
        routes=frozenset(answer["route"] for answer in answers if answer["route"] is not None),
    )


def _by_hand(on: str) -> tuple[str, ...]:
    return (
        "# end what it stands for (a maintenance: remove the file or flag that it asks for), or take the line out",
        "nginx -t && systemctl reload nginx   # on %s, where the line was changed" % on,
    )


CAUSE = Cause(
    name=NAME,
    title="nginx answers 502 by its own configuration",
    says="nginx's own configuration on {on} answers 502, at {subject}",
    find=find,
    set_off_by=("nginx",),
    outdoes=("transient", "upstream_failed"),
)
