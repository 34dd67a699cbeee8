# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the time of judging grows with the fleet: pairs of a proxy and its backend that name each other, one proxy of all backends, one backend of all proxies.

PYTHONPATH=.ansible/collections python tests/bench/judging.py
"""

from __future__ import annotations

import gc
import time
import typing as t

from figures import Row

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.collector import no_collection
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judgement import judgements
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import KINDS
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    answer,
    host,
    listener,
    log,
    proxy,
    reached,
    record,
    tried,
)

Facts = dict[str, dict[str, t.Any]]
FEW, MANY = 500, 5000
#: Of one proxy with many upstreams, or one backend with many proxies.
SMALL_FAN, LARGE_FAN = 250, 2000
#: How much longer a pair may take in the large fleet than in the small one.
WANTED = 1.3
REFUSED = 111


def address(number: int, net: int = 10) -> str:
    return "%d.%d.%d.%d" % (net, number // 62500, number // 250 % 250, number % 250 + 1)


def front(number: int, *backends: int) -> dict[str, t.Any]:
    """A proxy whose backends all refuse connections."""
    targets = ["%s:7080" % address(one, 11) for one in backends]
    facts = proxy(
        *("http://" + target for target in targets),
        answers=[answer(route=place, signature="backend_port_closed") for place in range(len(targets))],
        reach=[reached("tcp:" + target, tried("tcp:" + target, REFUSED)) for target in targets],
        log=log(*(record("tcp:" + target) for target in targets)),
    )
    facts["system"]["addresses"].insert(0, address(number))
    return facts


def behind(number: int) -> dict[str, t.Any]:
    """A host that listens elsewhere."""
    return host(address(number, 11), listeners={"tcp": [listener(address(number, 11), 8080)], "unix": []})


def pairs(number: int) -> Facts:
    fleet: Facts = {"web%d" % one: front(one, one) for one in range(number)}
    fleet.update(("app%d" % one, behind(one)) for one in range(number))
    return fleet


def one_proxy(number: int) -> Facts:
    return {"web": front(0, *range(number)), **{"app%d" % one: behind(one) for one in range(number)}}


def one_backend(number: int) -> Facts:
    return {"app0": behind(0), **{"web%d" % one: front(one, 0) for one in range(number)}}


def seconds(facts: Facts) -> float:
    """CPU time of one judgement, as the action plugin has it made. Each host has its finding, or the time would be of nothing."""
    gc.collect()
    with no_collection():
        started = time.process_time()
        judged = judgements(facts, KINDS, "r1", {}, {})
        taken = time.process_time() - started
    assert all(judged[name].get("findings") for name in facts if name.startswith("web"))  # noqa: S101  nothing else shows it
    return taken


def each(fleet: t.Callable[[int], Facts], number: int) -> float:
    """Milliseconds a host of those that make a fleet of this size large, as its quickest judgement takes them."""
    return min(seconds(fleet(number)) for _run in range(3)) / number * 1000


def linear(what: str, fleet: t.Callable[[int], Facts], few: int, many: int) -> Row:
    small, large = each(fleet, few), each(fleet, many)
    return Row("judging %s" % (what % (many, few)), "%.2f ms \u00f7 %.2f ms" % (large, small), large / small, WANTED)


def measure() -> list[Row]:
    seconds(pairs(FEW))
    return [
        linear("a pair of %d \u00f7 a pair of %d", pairs, FEW, MANY),
        linear("an upstream of a proxy with %d \u00f7 with %d", one_proxy, SMALL_FAN, LARGE_FAN),
        linear("a proxy of a backend with %d \u00f7 with %d", one_backend, SMALL_FAN, LARGE_FAN),
    ]


if __name__ == "__main__":
    for row in measure():
        print(*row)
