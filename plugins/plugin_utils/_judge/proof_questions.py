# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be asked again after a change, with what it answered before.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import URLS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.set_aside import set_aside_for
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import (
    answer_fails,
    hangs_up,
    is_masked,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.visited import statuses_before
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.proof import MOST_WAIT, Proof, Question
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.roles import RELOADS_NGINX

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route

#: Tries of a second's delay and three answers of ten seconds each, as the role proof asks.
ROUND_SECONDS = 12 * (1 + 3 * 10)
#: URLs that one step's proof asks for at most.
PROOF_URLS = 10
#: For which nginx hangs up on whoever comes: what is asked again after a cure shows whether it still does.
HANGS_UP = frozenset({"nginx_worker_connections", "nginx_worker_crashed"})
#: Other sites of a proxy that are asked at most.
BESIDE = 20


class Round(t.TypedDict):
    """The proofs of one host, as the role proof asks for them."""

    host: str
    before: list[Proof]
    urls: list[Question]
    error_logs: list[str]
    wait: int  # seconds for which it is worth while to ask as long as nginx has no live upstreams
    seconds: int  # that proving takes at most, where the role proof has its defaults


def proof_of(finding: Finding, fleet: Fleet) -> list[Proof]:
    """What must be better after the finding's remedy: the URLs of its routes as they answer now, the failing ones first; and what must not be worse."""
    proxy = fleet.hosts[finding.seen_from]
    sources = [
        source
        for source in or_empty(proxy.facts.get("log")).get("sources") or []
        if source["kind"] == "nginx" and source["state"] == "ok"
    ]
    logs = [source["path"] for source in sources if source["path"].startswith("/")]
    has_no_room = any(record["signature"] in HANGS_UP for record in proxy.records)
    routes = {route["id"]: route for route in proxy.config.get("routes") or []}
    answers = [
        answer
        for answer in proxy.answers
        if answer.get("from", "host") == "host"
        and answer.get("route") in finding.routes
        and not (hangs_up(answer) and not has_no_room)
        and not may_be_kept(routes.get(answer.get("route")), answer)
    ]
    answers.sort(key=lambda answer: not answer_fails(answer))
    answers = each_route_first(answers)
    peers = {number: route["peers"] for number, route in routes.items()}
    forgets = finding.remedy is not None and finding.remedy.role in RELOADS_NGINX
    own: list[Proof] = [
        {
            "host": proxy.name,
            "error_logs": logs,
            "peers": peers.get(answer.get("route"), []),
            "fail_timeout": 0.0 if forgets else fail_timeout(proxy, answer.get("route")),
            "had": statuses_before(proxy, answer.get("route"), answer["url"]),
            "elsewhere": finding.remedy.elsewhere if finding.remedy else False,
            "url": answer["url"],
            "connect": answer["connect"],
            "method": answer["method"],
            "proxy_protocol": answer["proxy_protocol"],
            "status": answer["status"],
            "signature": answer["signature"],
            "upstream": answer["upstream"],
            "timed_out": answer["timed_out"],
            "masked": is_masked(answer),
        }
        for answer in answers[:PROOF_URLS]
    ]
    return own + beside(proxy, finding.routes)


def may_be_kept(route: Route | None, answer: Answer) -> bool:
    """Whether a failure may come out of nginx's own cache, which gives it for a while whatever is changed."""
    return bool(route and route.get("keeps_failures")) and answer_fails(answer) and not answer.get("signature")


def beside(proxy: Host, routes: t.Collection[int]) -> list[Proof]:
    """One page that is well of each other site of the proxy, by the name that it was asked by."""
    others = [
        answer
        for answer in proxy.answers
        if answer.get("from", "host") == "host" and answer.get("route") not in routes and not answer_fails(answer)
    ]
    by_site: dict[str, Answer] = {}
    for answer in [*others, *(proxy.facts.get("beside") or [])]:
        if answer["status"] is not None:
            by_site.setdefault(answer["url"].partition("://")[2].partition("/")[0], answer)
    return [
        {
            "host": proxy.name,
            "url": answer["url"],
            "connect": answer["connect"],
            "method": answer["method"],
            "proxy_protocol": answer["proxy_protocol"],
            "status": answer["status"],
            "times": 1,
            "beside": True,
        }
        for answer in list(by_site.values())[:BESIDE]
    ]


def each_route_first(answers: t.Sequence[Answer]) -> list[Answer]:
    """The same answers, the first of each route before the second of any, so that a limit leaves out no kind of URL."""
    turns: dict[object, int] = {}
    numbered = []
    for answer in answers:
        turn = turns[answer.get("route")] = turns.get(answer.get("route"), 0) + 1
        numbered.append((turn, answer))
    return [answer for _turn, answer in sorted(numbered, key=lambda one: one[0])]


def fail_timeout(proxy: Host, route_id: object) -> float:
    """For how many seconds nginx sets a server of a route's upstream aside that failed, the longest of them; 0 where none is."""
    route = next((one for one in proxy.config.get("routes") or [] if one["id"] == route_id), None)
    return set_aside_for(proxy, route) if route else 0.0


def rounds(proofs: t.Sequence[Proof]) -> list[Round]:
    """The proofs of a remedy by the host to ask: all URLs of a host are asked in one go, those of other sites where there is room."""
    grouped: dict[str, Round] = {}
    for proof in sorted(proofs, key=lambda one: one.get("beside", False)):
        entry = grouped.setdefault(
            proof["host"],
            {"host": proof["host"], "before": [], "urls": [], "error_logs": [], "wait": 0, "seconds": ROUND_SECONDS},
        )
        if len(entry["before"]) == URLS:
            continue
        entry["before"].append(proof)
        question = {key: value for key, value in proof.items() if key in Question.__annotations__ and value is not None}
        entry["urls"].append(t.cast("Question", question))
        lasts = proof.get("fail_timeout") or 0.0
        if lasts <= MOST_WAIT:
            entry["wait"] = max(entry["wait"], int(lasts) + 2)
            entry["seconds"] = ROUND_SECONDS + entry["wait"]
        entry["error_logs"] += [path for path in proof.get("error_logs") or [] if path not in entry["error_logs"]]
    return list(grouped.values())


def time_to_confirm(seconds: int, asked: t.Sequence[Round]) -> int:
    """The seconds in which a change has to be proven, of which those that are wanted are enough for one host. 0 is no limit."""
    return seconds and seconds + sum(one["seconds"] for one in asked[1:])
