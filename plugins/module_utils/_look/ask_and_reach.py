# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a look that takes connections: nginx is asked for its URLs, upstreams are connected to as nginx would, names are resolved.

Private to this collection: it may change in any release.
"""

import time
import urllib.parse
from typing import TYPE_CHECKING, Collection, Dict, List, Mapping

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.interfaces import neighbours
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.access_log import visits
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.facts import log_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.tail import ErrorLogTail
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.behind_pages import (
    add_upstream_status,
    behind_pages,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.reach import reach
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.recalled import recall
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.site_answers import site_answers
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.unlogged import unlogged
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.upstreams_to_reach import PeerRequest
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.what_to_ask import Questions
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.resolve import resolve
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.source_address import source_towards
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.gateway_facts import GatewayFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.reach import Reached
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.upstreams_to_reach import UpstreamToReach
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.resolve import Resolved
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.facts import NginxFacts

ANSWER_TIMEOUT = 10.0
CONNECT_TIMEOUT = 5.0
DEADLINE = 60.0
#: nginx's word for a reply that only its size was wrong with: what is asked again is measured.
_MEASURED = "response_header_too_big"
_FAILED = (500, 502, 504)


def ask_and_reach(
    host: Host, facts: "GatewayFacts", nginx: "NginxFacts", routing: Routing, questions: Questions, window: float
) -> None:
    """Add answers, reach and names to the facts of a host whose nginx runs.

    Where a URL fails, log is read once more as well: what the kernel, SELinux or PHP-FPM has to say of it may be as new as our own asking.
    """
    master = nginx["master"]["pid"] if nginx["master"] else None
    tails = [ErrorLogTail(host, path, master) for path in nginx["error_logs"]]
    facts["answers"] = site_answers(questions.urls, ANSWER_TIMEOUT, DEADLINE, tails)
    facts["beside"] = site_answers(questions.beside, ANSWER_TIMEOUT, ANSWER_TIMEOUT)
    hidden = behind_pages(facts["answers"], questions.requests, questions.upstreams)
    if hidden:
        behind = [one.upstream for one in hidden.values()]
        add_upstream_status(hidden, _reach(host, nginx, behind, "container" in facts))
    upstreams = with_requests(questions.upstreams, questions.requests, facts["answers"])
    facts["reach"] = _reach(host, nginx, upstreams, "container" in facts)
    recall(host, facts)
    facts["names"] = resolve(questions.names, questions.resolvers)
    _add_hosts_lines(host, facts["names"])
    if any(failed(answer) for answer in facts["answers"]):
        sources = [(source["path"], source["kind"]) for source in facts["log"]["sources"]]
        facts["log"] = log_facts(host, sources, window, time.time(), master)
    paths = {record["request"]["path"] for record in facts["log"]["records"] if record["request"]}
    paths |= {urllib.parse.urlsplit(answer["url"]).path for answer in facts["answers"] if failed(answer)}
    add_visits(host, facts, nginx, routing, window, paths)


def add_visits(
    host: Host, facts: "GatewayFacts", nginx: "NginxFacts", routing: Routing, window: float, paths: Collection[str] = ()
) -> None:
    """Add to log what the access logs have of these paths, and of requests that failed without a line in an error log."""
    logs = dict.fromkeys(log for route in nginx["config"]["routes"] for log in route["access_logs"])
    printed = (facts["container"]["log"] if "container" in facts else None) or ""
    since = facts["clock"]["now"] - window
    rows = visits(host, logs, nginx["configure"]["prefix"], paths, since, printed if printed.startswith("/") else "")
    facts["log"]["visits"] = rows
    facts["log"]["records"] += unlogged(rows, facts["log"]["records"], routing)


def _reach(host: Host, nginx: "NginxFacts", upstreams: "List[UpstreamToReach]", is_inside: bool) -> "List[Reached]":
    """How connecting to these upstreams goes for a worker of nginx that still serves.

    is_inside: of a container, whose sockets are files of its own.
    """
    if is_inside:
        upstreams = [one for one in upstreams if not read_address(one["address"]).is_unix]
    serving = [worker for worker in nginx["workers"] if not worker["stopping"] and not is_inside]
    worker = next(iter(serving), None)
    # Without /proc it cannot be seen what a worker may; its account's name must do.
    user = worker["user"] if worker and not host.exists("/proc/stat") else None
    try:
        rows = reach(
            upstreams,
            user=user,
            timeout=CONNECT_TIMEOUT,
            deadline=DEADLINE,
            worker=worker["pid"] if worker else None,
        )
    except ValueError as error:
        host.unseen("reach", error)
        return []
    known = neighbours()
    for row in rows:
        where_from(host, row, known)
    return rows


def _add_hosts_lines(host: Host, names: "List[Resolved]") -> None:
    """The line of /etc/hosts that libc has its answer from, where there is one."""
    lines = (host.read("/etc/hosts") or "").splitlines()
    for row in names:
        if row["resolver"] is None:
            for number, line in enumerate(lines, 1):
                words = line.partition("#")[0].lower().split()
                if row["name"].lower() in words[1:]:
                    row["hosts_line"] = number
                    break


def failed(answer: "Answer") -> bool:
    """Whether nginx's upstream failed. error_page may have given any status in its place: the line of the request shows it, or that upstream itself."""
    seen = answer["status"] in _FAILED or answer["timed_out"] or bool(answer["signature"])
    return seen or "upstream_status" in answer


def where_from(host: Host, row: "Reached", known: Mapping[str, str]) -> None:
    """Add the proxy's own side: the source address of a TCP connection and who answers there, the socket that a path leads to. known: the neighbours."""
    address = read_address(row["address"])
    if address.is_unix:
        row["real"] = str(address._replace(path=host.realpath(address.path)))
        return
    for attempt in row["tried"]:
        number = read_address(attempt["address"]).host
        attempt["source"], attempt["neighbour"] = source_towards(number), known.get(number)


def took(answer: "Answer", peer: PeerRequest) -> bool:
    """Whether nginx may have sent the request to a peer: where a table chooses among several, its line names the one that was chosen."""
    blamed = answer["upstream"]
    return (
        not peer.route["branches"] or not blamed or read_address(blamed).normal() == read_address(peer.address).normal()
    )


def with_requests(
    upstreams: "List[UpstreamToReach]", requests: Dict[str, List[PeerRequest]], answers: "List[Answer]"
) -> "List[UpstreamToReach]":
    """The upstreams, each with the request of a URL that just failed over it: only a reply shows how large its header is."""
    failing = [answer for answer in answers if failed(answer)]
    failing.sort(key=lambda answer: answer["signature"] != _MEASURED)
    chosen = {
        peer.upstream: peer.request
        for answer in reversed(failing)
        for peer in reversed(requests.get(answer["url"], []))
        if took(answer, peer)
    }
    made: "List[UpstreamToReach]" = []
    for upstream in upstreams:
        request = chosen.get(upstream["id"])
        made.append({**upstream, "request": request} if request else upstream)
    return made
