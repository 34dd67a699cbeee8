# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between the two looks: nginx's files become a model, and the model says what the second look has to ask.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._net.canonical import is_name, split_tcp

Facts = dict[str, t.Any]

URLS_LIMIT = 50
ASK = ("url", "connect", "method", "proxy_protocol", "route")
#: Of what nginx sends upstream, all whose value a rule reads. The rest may be a password or a token.
_TOLD_PARAMS = ("connection",)


def parsed(facts: Facts, urls: t.Sequence[str], again: t.Sequence[Facts] = ()) -> Facts | None:
    """What the second look has to ask, by the facts of the first; None where no nginx runs. Takes values that may be secret out of them.

    again: answers of an earlier look whose URLs are asked once more, so that both can be compared.
    """
    nginx = facts["nginx"]
    if not nginx:
        return None
    config = nginx["config"]
    name_levels(facts["log"], config)
    ask = _ask_of(facts, config, urls, again)
    without_secrets(config)
    return ask


def _ask_of(facts: Facts, config: Facts, urls: t.Sequence[str], again: t.Sequence[Facts]) -> Facts | None:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look import (
        upstreams_to_reach as look_upstreams_to_reach,
    )
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look import urls_to_ask

    nginx = facts["nginx"]
    if not nginx["master"]:
        facts["unknown"].append(
            {"missing": "answers", "why": "nginx is installed and does not run: nothing can be asked of it"}
        )
        return None
    records = [record for record in facts["log"]["records"] if record["kind"] == "nginx"]
    asked = urls_to_ask.asks(config, facts["listeners"], records, urls, URLS_LIMIT, facts["system"]["addresses"])
    asked = with_earlier(asked, again)
    named, resolved = names(config)
    return {
        "urls": asked,
        "upstreams": look_upstreams_to_reach.upstreams_to_reach(config, records),
        "requests": requests(config, asked),
        "names": named,
        "resolvers": resolved,
        "logs": [(source["path"], source["kind"]) for source in facts["log"]["sources"]],
        "error_logs": nginx["error_logs"],
        "master": nginx["master"]["pid"],
        "worker": next((worker["pid"] for worker in nginx["workers"] if not worker["stopping"]), None),
    }


def without_secrets(config: Facts) -> None:
    """Facts are shown with -v and kept in caches: once all is asked, values that may be credentials go. Names stay."""
    for route in config["routes"]:
        route["params"] = {
            name: value if name.lower() in _TOLD_PARAMS else None for name, value in route["params"].items()
        }
        route["variables"] = dict.fromkeys(route["variables"])


def with_earlier(asked: t.Sequence[Facts], answers: t.Sequence[Facts]) -> list[Facts]:
    """The URLs of earlier answers first, then those that are new."""
    earlier = [{key: answer.get(key) for key in ASK} for answer in answers if answer.get("from") == "host"]
    urls = {ask["url"] for ask in earlier}
    return [*earlier, *(ask for ask in asked if ask["url"] not in urls)][:URLS_LIMIT]


def name_levels(log: Facts, config: Facts) -> None:
    """From which level on each error log is written: what is below it leaves no line."""
    levels = {one["path"]: one["level"] for one in config["error_logs"]}
    for source in log["sources"]:
        source["level"] = levels.get(source["path"], source["level"])


def requests(config: Facts, asked: t.Sequence[Facts]) -> list[Facts]:
    """For each URL that will be asked, what nginx would send to each upstream of its route: used where the URL turns out to fail."""
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look import (
        upstreams_to_reach as look_upstreams_to_reach,
    )

    peers = {route["id"]: route["peers"] for route in config["routes"]}
    found = []
    for ask in asked:
        for address in peers.get(ask["route"], []):
            for upstream in look_upstreams_to_reach.upstreams_to_reach(config, [as_record(ask, address)]):
                if upstream.get("request"):
                    found.append({"url": ask["url"], "id": upstream["id"], "request": upstream["request"]})
    return found


def as_record(ask: Facts, address: str) -> Facts:
    """The log record that this URL would leave if it failed over this upstream."""
    host, _slash, path = ask["url"].partition("://")[2].partition("/")
    return {
        "signature": "",
        "last": 0.0,
        "server": None,
        "host": host,
        "request": {"method": "GET", "path": "/" + path.partition("?")[0]},
        "upstream": {"address": address},
    }


def names(config: Facts) -> tuple[list[str], list[str]]:
    """Host names of upstreams; and the resolvers to ask for them, where nginx itself asks at run time."""
    found: dict[str, None] = {}
    at_run_time = False
    for route in config["routes"]:
        at_run_time = at_run_time or route["pass"]["variable"]
        for address in route["peers"]:
            if is_name(address):
                found[split_tcp(address)[0]] = None
    resolvers = (
        [address for resolver in config["resolvers"] for address in resolver["addresses"]] if at_run_time else []
    )
    return list(found), list(dict.fromkeys(resolvers))


def joined(facts: Facts, second: Facts) -> None:
    """Add what the second look saw to the facts of the first, or put it in their place."""
    facts["unknown"] += [one for one in second.pop("unknown") if one not in facts["unknown"]]
    facts.update(second)
    name_levels(facts["log"], facts["nginx"]["config"])
