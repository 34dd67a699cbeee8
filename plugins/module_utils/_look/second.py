# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The second look at a host: nginx is asked for its URLs, and every upstream is connected to as nginx would.

Private to this collection: it may change in any release.
"""

import time
from typing import TYPE_CHECKING, Any, Dict, List, Mapping

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs import facts as logs_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.tail import ErrorLogTail
from ansible_collections.webops.bad_gateway.plugins.module_utils._look import answers as look_answers
from ansible_collections.webops.bad_gateway.plugins.module_utils._look import reach as look_reach
from ansible_collections.webops.bad_gateway.plugins.module_utils._net import resolve as net_resolve
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.source_address import source_towards

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.reach import Reached

ANSWER_TIMEOUT = 10.0
CONNECT_TIMEOUT = 5.0
DEADLINE = 60.0
#: nginx's word for a reply that only its size was wrong with: what is asked again is measured.
_MEASURED = "response_header_too_big"
_FAILED = (500, 502, 504)


def second_look(host: Host, ask: Mapping[str, Any], window: float) -> Dict[str, Any]:
    """Facts reach, names and answers of docs/facts.md. ask: urls, upstreams, requests, names, resolvers, logs, error_logs, master and worker.

    Where a URL fails, log once more as well: what the kernel, SELinux or PHP-FPM has to say of it may be as new as our own asking.
    """
    tails = [ErrorLogTail(host, path, ask["master"]) for path in ask["error_logs"]]
    answers = look_answers.site_answers(look_answers.asks_of(ask["urls"]), ANSWER_TIMEOUT, DEADLINE, tails)
    upstreams = with_requests(ask["upstreams"], ask["requests"], answers)
    try:
        reach = look_reach.reach(upstreams, timeout=CONNECT_TIMEOUT, deadline=DEADLINE, worker=ask["worker"])
    except ValueError as error:
        host.unseen("reach", error)
        reach = []
    for row in reach:
        where_from(host, row)
    facts: Dict[str, Any] = {
        "answers": answers,
        "reach": reach,
        "names": net_resolve.resolve(ask["names"], ask["resolvers"]),
    }
    if any(failed(answer) for answer in answers):
        facts["log"] = logs_facts.log_facts(host, ask["logs"], window, time.time(), ask["master"])
    return facts


def failed(answer: "Answer") -> bool:
    return answer["status"] in _FAILED or bool(answer["timed_out"])


def where_from(host: Host, row: "Reached") -> None:
    """Add the proxy's own side: the source address of a TCP connection, the socket that a path leads to."""
    if row["address"].startswith("unix:"):
        row["real"] = "unix:" + host.realpath(row["address"][len("unix:") :])
        return
    for attempt in row["tried"]:
        attempt["source"] = source_towards(attempt["address"][len("tcp:") :].rpartition(":")[0].strip("[]"))


def with_requests(
    upstreams: List[Dict[str, Any]], requests: List[Dict[str, Any]], answers: "List[Answer]"
) -> List[Dict[str, Any]]:
    """The upstreams, each with the request of a URL that just failed over it: only a reply tells how large its header is."""
    failing = {answer["url"]: answer for answer in answers if failed(answer)}
    wanted = [entry for entry in requests if entry["url"] in failing]
    wanted.sort(key=lambda entry: failing[entry["url"]]["signature"] != _MEASURED)
    chosen: Dict[str, Any] = {}
    for entry in wanted:
        chosen.setdefault(entry["id"], entry["request"])
    return [
        dict(upstream, request=chosen[upstream["id"]]) if upstream["id"] in chosen else upstream
        for upstream in upstreams
    ]
