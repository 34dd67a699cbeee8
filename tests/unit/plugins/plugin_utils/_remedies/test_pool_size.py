# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pool sizes: what memory allows, by FPM's own rules, with the sum."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.pool_size import (
    STEP,
    PoolSize,
    constrained,
    number,
    round_down,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.worker_memory import (
    RESERVE_LEAST,
    percentile,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.pool_hosts import (
    MIB,
    busy,
    dynamic,
    grown,
    host,
    pool,
    shrunk,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import ANY, listener


def fpm_accepts(one, settings):
    """fpm_conf_process_all_pools() of PHP's fpm_conf.c, for the pm.* numbers."""
    values = {name: entry["value"] for name, entry in one["settings"].items()}
    values.update(settings)
    names = ("max_children", "start_servers", "min_spare_servers", "max_spare_servers")
    children, start, lowest, highest = (int(values.get("pm." + name) or 0) for name in names)
    if values["pm"] != "dynamic":
        return children >= 1
    spares = 0 < lowest <= highest <= children
    return children >= 1 and spares and (start <= 0 or lowest <= start <= highest)


def test_twice_as_many_where_there_is_room():
    assert grown(host(www=dynamic(workers=busy(5)))) == PoolSize(
        {"pm.max_children": "10"},
        "memory for PHP 1850 MiB (2000 MiB available + 250 MiB in use by 5 workers, less 400 MiB kept free)"
        " / 50 MiB a worker (95th percentile of measured PSS) = 37 workers"
        "; 5 children now; twice as many, or these and the 0 requests in the queue and 25 % to spare: 10"
        "; in whole multiples, at most 4 times as many in one step: 10",
        "",
    )


def test_as_many_as_wait_in_the_queue_and_some_to_spare_up_to_the_step():
    longer = grown(host(www=dynamic(workers=busy(5)), queue=9))
    assert longer.settings["pm.max_children"] == "20"
    assert longer.sum.endswith(
        "; 5 children now; twice as many, or these and the 9 requests in the queue and 25 % to spare: 18"
        "; in whole multiples, at most 4 times as many in one step: 20"
    )
    assert grown(host(www=dynamic(workers=busy(5)), queue=500)).settings["pm.max_children"] == str(STEP * 5)


@pytest.mark.parametrize(
    "address,listeners,children",
    [
        ("tcp:127.0.0.1:9000", [listener("127.0.0.1", 9000, queue=9)], "20"),
        ("tcp:[::]:9000", [listener("::", 9000, queue=9)], "20"),
        ("tcp:127.0.0.1:9000", [listener(ANY, 9000, queue=9)], "20"),
        ("tcp:127.0.0.1:9000", [listener("127.0.0.1", 9000, queue=None)], "10"),
        ("tcp:127.0.0.1:9000", [listener("127.0.0.1", 9001, queue=9)], "10"),
        ("tcp:127.0.0.1:9000", [listener("10.0.0.2", 9000, queue=9), listener("127.0.0.1", 9000, queue=0)], "10"),
        (None, [listener("127.0.0.1", 9000, queue=9)], "10"),
    ],
    ids=[
        "a port",
        "all addresses of IPv6",
        "all addresses",
        "not known",
        "another port",
        "the same port of another address",
        "no address",
    ],
)
def test_the_queue_of_a_pool_at_a_tcp_address(address, listeners, children):
    facts = host(www={**dynamic(workers=busy(5)), "address": address})
    facts["listeners"] = {"unix": [{"path": "/run/php/www.sock", "queue": 500}], "tcp": listeners}
    assert grown(facts).settings["pm.max_children"] == children


def test_the_queue_of_a_socket_that_was_replaced_does_not_count():
    facts = host(www=dynamic(workers=busy(5)))
    gone, there = (
        {"path": "/run/php/www.sock", "queue": queue, "file": {"same": same}}
        for queue, same in ((500, False), (9, True))
    )
    facts["listeners"]["unix"] = [gone, there]
    assert grown(facts).settings["pm.max_children"] == "20"


def test_one_child_may_become_two():
    assert grown(host(www=pool("static", max_children=1, workers=busy(1)))).settings == {"pm.max_children": "2"}


def test_no_more_than_memory_allows():
    assert grown(host(available=500, www=dynamic(workers=busy(5)))).settings["pm.max_children"] == "7"


@pytest.mark.parametrize(
    "available,usable,workers,room", [(400, 250, 5, 5), (100, -50, 0, 0)], ids=["to the last worker", "beyond"]
)
def test_a_full_host_is_left_alone_and_the_sum_says_why(available, usable, workers, room):
    assert grown(host(available=available, www=dynamic(workers=busy(5)))) == PoolSize(
        {},
        "memory for PHP %d MiB (%d MiB available + 250 MiB in use by 5 workers, less 400 MiB kept free)"
        " / 50 MiB a worker (95th percentile of measured PSS) = %d workers" % (usable, available, workers),
        "pool www: pm.max_children is 5 and there is room for %d: more would end in an out-of-memory kill" % room,
    )


def test_other_pools_that_have_more_than_there_is_leave_no_room():
    result = grown(host(available=500, www=dynamic(workers=busy(5)), shop=pool("static", max_children=40)))
    assert (
        result.why == "pool www: pm.max_children is 5 and there is room for 0: more would end in an out-of-memory kill"
    )


def test_other_pools_may_fill_up_too():
    others = {"shop": pool("static", max_children=10, workers=busy(2)), "api": pool("static", max_children=2)}
    result = grown(host(available=1000, www=dynamic(workers=busy(5)), **others))
    assert result.settings["pm.max_children"] == "7"
    assert " = 19 workers - 12 of other pools = 7; 5 children now" in result.sum


def test_pools_of_another_php_count_and_stopped_ones_do_not():
    facts = host(available=1000, www=dynamic(workers=busy(5)))
    other = {
        "config": "/etc/php/7.4/fpm/php-fpm.conf",
        "master": {"pid": 2},
        "global": {},
        "pools": {"www": pool("static", max_children=10)},
    }
    facts["php_fpm"].append(other)
    assert grown(facts).settings["pm.max_children"] == "7"
    facts["php_fpm"].insert(1, {**other, "config": "/etc/php/5.6/fpm/php-fpm.conf", "master": None})
    assert grown(facts).settings["pm.max_children"] == "7"
    other["master"] = None
    assert grown(facts).settings["pm.max_children"] == "10"


class TestProcessMax:
    def grown(self, most, **more):
        facts = host(www=dynamic(workers=busy(5)), shop=pool("static", max_children=2), **more)
        facts["php_fpm"][0]["global"] = {"process.max": {"value": most}}
        return grown(facts)

    def test_is_a_lid(self):
        assert self.grown("9").settings["pm.max_children"] == "7"
        assert self.grown("9").sum.endswith(
            " - 2 of other pools = 35; process.max = 9 leaves 7"
            "; 5 children now; twice as many, or these and the 0 requests in the queue and 25 % to spare: 10"
            "; in whole multiples, at most 4 times as many in one step: 7"
        )
        assert self.grown("7").sum.endswith(
            "MiB a worker (95th percentile of measured PSS) = 37 workers - 2 of other pools = 35; process.max = 7 leaves 5"
        )

    @pytest.mark.parametrize("most,room", [("7", 5), ("3", 1), ("1", 0)])
    def test_leaves_no_room(self, most, room):
        assert (self.grown(most).settings, self.grown(most).why.partition(": more")[0]) == (
            {},
            "pool www: pm.max_children is 5 and there is room for %d" % room,
        )

    @pytest.mark.parametrize("most", ["0", "", "-1", None])
    def test_that_sets_no_limit(self, most):
        assert self.grown(most).settings["pm.max_children"] == "10"

    def test_is_not_named_where_memory_is_the_lid(self):
        assert "process.max" not in self.grown("37").sum


@pytest.mark.parametrize(
    "children", [{}, {"max_children": 0}, {"max_children": "-1"}, {"max_children": "--1"}, {"max_children": "many"}]
)
def test_without_the_pools_own_number_no_other(children):
    assert grown(host(www=pool("static", workers=busy(2), **children))) == PoolSize(
        {}, "", "pm.max_children of pool www is not known"
    )


def test_fewer_where_workers_were_killed_for_memory():
    result = shrunk(
        host(
            available=50, total=1000, www=dynamic(children=20, start=10, lowest=8, highest=15, workers=busy(10, mib=40))
        )
    )
    assert result == PoolSize(
        {"pm.max_children": "8", "pm.max_spare_servers": "8", "pm.start_servers": "8"},
        "memory for PHP 350 MiB (50 MiB available + 400 MiB in use by 10 workers, less 100 MiB kept free)"
        " / 40 MiB a worker (largest of measured PSS) = 8 workers; 20 children now: 8",
        "",
    )


@pytest.mark.parametrize("children", [5, 7])
def test_a_pool_that_fits_was_not_killed_for_its_size(children):
    result = shrunk(host(available=500, www=pool("static", max_children=children, workers=busy(5))))
    assert result == PoolSize(
        {},
        "memory for PHP 350 MiB (500 MiB available + 250 MiB in use by 5 workers, less 400 MiB kept free)"
        " / 50 MiB a worker (largest of measured PSS) = 7 workers",
        "pool www: its %d children fit into memory by what they take now; one request must have taken far more"
        % children,
    )


def test_one_child_is_the_least():
    assert shrunk(host(available=10, total=512, www=pool("static", max_children=1, workers=busy(1)))) == PoolSize(
        {},
        "memory for PHP -4 MiB (10 MiB available + 50 MiB in use by 1 workers, less 64 MiB kept free) / 50 MiB a worker (largest of measured PSS) = 0 workers",
        "pool www: it has one child already",
    )
    assert shrunk(host(available=10, total=512, www=pool("static", max_children=3, workers=busy(3)))).settings == {
        "pm.max_children": "1"
    }


def test_one_worker_that_had_more_than_half_of_all_is_not_helped_by_fewer():
    facts = host(available=700, total=1000, www=pool("static", max_children=10, workers=busy(10, mib=20)))
    assert shrunk(facts, 500 * MIB).settings == {"pm.max_children": "1"}
    assert shrunk(facts, 501 * MIB) == PoolSize(
        {},
        "",
        (
            "pool www: one worker had 501 MiB of the 1000 MiB there are when it was killed: fewer children would not help,"
            " limit what a request may take (memory_limit)"
        ),
    )


@st.composite
def valid_pools(draw):
    pm = draw(st.sampled_from(["static", "dynamic", "ondemand"]))
    children = draw(st.integers(1, 300))
    workers = [(pss, None) for pss in draw(st.lists(st.integers(1 * MIB, 300 * MIB), min_size=1, max_size=10))]
    if pm != "dynamic":
        return pool(pm, workers=workers, max_children=children)
    highest = draw(st.integers(1, children))
    lowest = draw(st.integers(1, highest))
    start = draw(st.sampled_from([0, lowest, highest]))
    return dynamic(children, start, lowest, highest, workers=workers)


@given(
    valid_pools(),
    st.booleans(),
    st.integers(0, 4000),
    st.integers(256, 8000),
    st.one_of(st.none(), st.integers(128, 4000)),
    st.integers(0, 1000),
)
def test_whatever_is_proposed_fpm_accepts_and_memory_holds(one, shrink, available, total, limit, queue):
    facts = host(available, total, limit, queue, www=one)
    now = int(one["settings"]["pm.max_children"]["value"])
    result = shrunk(facts) if shrink else grown(facts)
    assert bool(result.settings) != bool(result.why)
    assert fpm_accepts(one, result.settings)
    if not result.settings:
        return
    then = int(result.settings["pm.max_children"])
    assert result.sum
    assert then < now if shrink else now < then <= STEP * now
    if then > 1:
        largest = max(worker["pss"] for worker in one["workers"])
        ceiling = min(limit or total, total) * MIB
        assert (
            then * min(largest, percentile(sorted(worker["pss"] for worker in one["workers"]), 95))
            <= ceiling - RESERVE_LEAST
        )


@given(valid_pools(), st.integers(1, 300))
def test_any_number_of_children_keeps_fpms_rules(one, children):
    assert fpm_accepts(one, constrained(one, children))


@pytest.mark.parametrize(
    "start,others",
    [(0, {}), (1, {"pm.start_servers": "2"}), (2, {}), (9, {"pm.start_servers": "3"}), ("", {}), ("-1", {})],
)
def test_how_many_start_is_left_to_fpm_where_it_was(start, others):
    assert constrained(dynamic(children=5, start=start, lowest=2, highest=3), 6) == {"pm.max_children": "6", **others}


def test_a_pool_that_does_not_say_its_kind_gets_no_spare_servers():
    one = dynamic()
    del one["settings"]["pm"]
    assert constrained(one, 2) == {"pm.max_children": "2"}


@pytest.mark.parametrize(
    "text,value", [("12", 12), ("0", 0), ("", 0), ("-1", 0), ("--1", 0), ("5k", 0), ("\u00b2", 0), (None, 0)]
)
def test_numbers(text, value):
    assert number({"a": {"value": text}}, "a") == value
    assert number({"a": {"value": text}}, "b") == 0


def limits(memory=None, free=None, tasks=None):
    return {"memory": memory and memory * MIB, "memory_free": free and free * MIB, "tasks_free": tasks}


class TestTheUnitsOwnLimits:
    @pytest.mark.parametrize(
        "given,children,words",
        [
            (limits(400, 200), "8", "the memory limit of its unit, 400 MiB, leaves 8"),
            (limits(tasks=3), "8", "the limit of tasks of its unit leaves 8"),
            (limits(400, 200, 1), "6", "the limit of tasks of its unit leaves 6"),
            (limits(4000, 3000, 500), "10", "= 37 workers; 5 children now"),
            (limits(), "10", "= 37 workers; 5 children now"),
        ],
    )
    def test_bound_a_pool_that_grows(self, given, children, words):
        found = grown(host(limits=given, www=dynamic(workers=busy(5))))
        assert (found.settings["pm.max_children"], words in found.sum) == (children, True)

    def test_leave_room_to_the_other_pools_of_the_same_fpm(self):
        other = dynamic(children=2, workers=busy(1))
        found = grown(host(limits=limits(tasks=4), www=dynamic(workers=busy(5)), other=other))
        assert found.settings["pm.max_children"] == "8"

    def test_that_are_used_up_refuse_it(self):
        found = grown(host(limits=limits(300, 20), www=dynamic(workers=busy(5))))
        assert found.settings == {} and "there is room for 4" in found.why

    def test_bound_a_pool_whose_workers_were_killed_for_them(self):
        found = shrunk(host(limits=limits(250, 0), www=dynamic(children=20, workers=busy(5))))
        assert found.settings["pm.max_children"] == "4"


@pytest.mark.parametrize(
    ("children", "round_number"),
    [(-3, -3), (0, 0), (9, 9), (10, 10), (13, 12), (19, 18), (24, 20), (99, 95), (139, 120), (1069, 1000)],
)
def test_a_measured_number_is_made_round(children, round_number):
    assert round_down(children) == round_number


def test_two_looks_a_moment_apart_come_to_the_same():
    sizes = [
        grown(host(available=available, www=dynamic(20, workers=busy(20)), queue=queue)).settings["pm.max_children"]
        for available, queue in ((9000, 14), (8950, 13), (9013, 15))
    ]
    assert sizes == ["60"] * 3
    tight = [grown(host(available=available, queue=9, www=dynamic(workers=busy(5)))) for available in (845, 760)]
    assert tight[0].settings == tight[1].settings == {"pm.max_children": "12"}
    assert " = 13 workers; 5 children now; " in tight[0].sum
    assert tight[0].sum.endswith("in one step; the room in a round number: 12")


def test_fewer_children_are_a_round_number_too():
    result = shrunk(host(available=50, total=1000, www=dynamic(40, workers=busy(16, 40))))
    assert result.settings["pm.max_children"] == "14"
    assert result.sum.endswith(" = 14 workers; 40 children now: 14")
    result = shrunk(host(available=50, total=1000, www=dynamic(40, workers=busy(15, 40))))
    assert result.settings["pm.max_children"] == "12"
    assert result.sum.endswith(" = 13 workers; 40 children now; the room in a round number: 12")


def test_room_for_a_few_more_is_room():
    facts = host(available=550, www=dynamic(20, workers=busy(20)))
    assert grown(facts).settings["pm.max_children"] == "23"
