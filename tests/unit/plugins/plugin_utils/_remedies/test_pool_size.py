# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pool sizes: what memory allows, by FPM's own rules, with the sum."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.pool_size import (
    MIB,
    RESERVE_LEAST,
    STEP,
    PoolSize,
    constrained,
    number,
    percentile,
    size,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import ANY, listener

ACCEPT = "__skb_wait_for_more_packets"


def pool(pm="dynamic", workers=(), **settings):
    values = {"pm": pm, **{"pm.%s" % name: value for name, value in settings.items()}}
    return {
        "address": "unix:/run/php/www.sock",
        "settings": {
            name: {"value": str(value), "place": {"file": "www.conf", "line": 1}} for name, value in values.items()
        },
        "workers": [{"pss": pss, "waits_in": waits} for pss, waits in workers],
    }


def dynamic(children=5, start=2, lowest=1, highest=3, **more):
    return pool(max_children=children, start_servers=start, min_spare_servers=lowest, max_spare_servers=highest, **more)


def host(available=2000, total=4000, limit=None, queue=0, **pools):
    fpm = {"config": "/etc/php-fpm.conf", "master": {"pid": 1}, "global": {}, "pools": pools}
    memory = {"available": available * MIB, "total": total * MIB, "limit": limit and limit * MIB}
    return {
        "system": {"memory": memory},
        "php_fpm": [fpm],
        "listeners": {"unix": [{"path": "/run/php/www.sock", "queue": queue}], "tcp": []},
    }


def sized(facts, **more):
    return size(Host("web", facts), facts["php_fpm"][0], "www", **more)


def busy(count, mib=50, waits=None):
    return [(mib * MIB, waits)] * count


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
    assert sized(host(www=dynamic(workers=busy(5)))) == PoolSize(
        {"pm.max_children": "10"},
        "memory for PHP 1850 MiB (2000 MiB available + 250 MiB in use by 5 workers, less 400 MiB kept free)"
        " / 50 MiB a worker (95th percentile of measured PSS) = 37 workers"
        "; 5 now, twice as many, or those and 0 that wait and 25 % to spare: 10, at most 4 times as many in one step: 10",
        "",
    )


def test_as_many_as_wait_in_the_queue_and_some_to_spare_up_to_the_step():
    longer = sized(host(www=dynamic(workers=busy(5)), queue=9))
    assert longer.settings["pm.max_children"] == "18"
    assert longer.sum.endswith(
        "; 5 now, twice as many, or those and 9 that wait and 25 % to spare: 18, at most 4 times as many in one step: 18"
    )
    assert sized(host(www=dynamic(workers=busy(5)), queue=500)).settings["pm.max_children"] == str(STEP * 5)


@pytest.mark.parametrize(
    "address,listeners,children",
    [
        ("tcp:127.0.0.1:9000", [listener("127.0.0.1", 9000, queue=9)], "18"),
        ("tcp:[::]:9000", [listener("::", 9000, queue=9)], "18"),
        ("tcp:127.0.0.1:9000", [listener(ANY, 9000, queue=9)], "18"),
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
    assert sized(facts).settings["pm.max_children"] == children


def test_the_queue_of_a_socket_that_was_replaced_does_not_count():
    facts = host(www=dynamic(workers=busy(5)))
    gone, there = (
        {"path": "/run/php/www.sock", "queue": queue, "file": {"same": same}}
        for queue, same in ((500, False), (9, True))
    )
    facts["listeners"]["unix"] = [gone, there]
    assert sized(facts).settings["pm.max_children"] == "18"


def test_one_child_may_become_two():
    assert sized(host(www=pool("static", max_children=1, workers=busy(1)))).settings == {"pm.max_children": "2"}


def test_no_more_than_memory_allows():
    assert sized(host(available=500, www=dynamic(workers=busy(5)))).settings["pm.max_children"] == "7"


@pytest.mark.parametrize(
    "available,usable,workers,room", [(400, 250, 5, 5), (100, -50, 0, 0)], ids=["to the last worker", "beyond"]
)
def test_a_full_host_is_left_alone_and_the_sum_says_why(available, usable, workers, room):
    assert sized(host(available=available, www=dynamic(workers=busy(5)))) == PoolSize(
        {},
        "memory for PHP %d MiB (%d MiB available + 250 MiB in use by 5 workers, less 400 MiB kept free)"
        " / 50 MiB a worker (95th percentile of measured PSS) = %d workers" % (usable, available, workers),
        "pool www: pm.max_children is 5 and there is room for %d: more would end in an out-of-memory kill" % room,
    )


def test_other_pools_that_have_more_than_there_is_leave_no_room():
    result = sized(host(available=500, www=dynamic(workers=busy(5)), shop=pool("static", max_children=40)))
    assert (
        result.why == "pool www: pm.max_children is 5 and there is room for 0: more would end in an out-of-memory kill"
    )


def test_the_cgroups_limit_counts():
    free = sized(host(available=20000, total=32000, www=dynamic(workers=busy(5))))
    caged = sized(host(available=20000, total=32000, limit=400, www=dynamic(workers=busy(5))))
    assert (free.settings["pm.max_children"], caged.settings["pm.max_children"]) == ("10", "6")
    assert (
        "(20000 MiB available + 250 MiB in use by 5 workers, at most the cgroup's 400 MiB, less 64 MiB kept free)"
        in caged.sum
    )


def test_other_pools_may_fill_up_too():
    others = {"shop": pool("static", max_children=10, workers=busy(2)), "api": pool("static", max_children=2)}
    result = sized(host(available=1000, www=dynamic(workers=busy(5)), **others))
    assert result.settings["pm.max_children"] == "7"
    assert " = 19 workers - 12 of other pools = 7; 5 now" in result.sum


def test_pools_of_another_php_count_and_stopped_ones_do_not():
    facts = host(available=1000, www=dynamic(workers=busy(5)))
    other = {
        "config": "/etc/php/7.4/fpm/php-fpm.conf",
        "master": {"pid": 2},
        "global": {},
        "pools": {"www": pool("static", max_children=10)},
    }
    facts["php_fpm"].append(other)
    assert sized(facts).settings["pm.max_children"] == "7"
    facts["php_fpm"].insert(1, {**other, "config": "/etc/php/5.6/fpm/php-fpm.conf", "master": None})
    assert sized(facts).settings["pm.max_children"] == "7"
    other["master"] = None
    assert sized(facts).settings["pm.max_children"] == "10"


class TestProcessMax:
    def sized(self, most, **more):
        facts = host(www=dynamic(workers=busy(5)), shop=pool("static", max_children=2), **more)
        facts["php_fpm"][0]["global"] = {"process.max": {"value": most}}
        return sized(facts)

    def test_is_a_lid(self):
        assert self.sized("9").settings["pm.max_children"] == "7"
        assert self.sized("9").sum.endswith(
            " - 2 of other pools = 35; process.max = 9 leaves 7"
            "; 5 now, twice as many, or those and 0 that wait and 25 % to spare: 10, at most 4 times as many in one step: 7"
        )
        assert self.sized("7").sum.endswith(
            "MiB a worker (95th percentile of measured PSS) = 37 workers - 2 of other pools = 35; process.max = 7 leaves 5"
        )

    @pytest.mark.parametrize("most,room", [("7", 5), ("3", 1), ("1", 0)])
    def test_leaves_no_room(self, most, room):
        assert (self.sized(most).settings, self.sized(most).why.partition(": more")[0]) == (
            {},
            "pool www: pm.max_children is 5 and there is room for %d" % room,
        )

    @pytest.mark.parametrize("most", ["0", "", "-1", None])
    def test_that_sets_no_limit(self, most):
        assert self.sized(most).settings["pm.max_children"] == "10"

    def test_is_not_named_where_memory_is_the_lid(self):
        assert "process.max" not in self.sized("37").sum


def test_a_worker_that_has_done_nothing_yet_is_not_taken_at_its_word():
    result = sized(host(available=180, total=512, www=dynamic(workers=busy(2, mib=2))))
    assert result.settings["pm.max_children"] == "7"
    assert "/ 2 MiB a worker (95th percentile of measured PSS, counted as 16 MiB) = 7 workers" in result.sum


@pytest.mark.parametrize(
    "waits", ["tcp_recvmsg", "wait_woken", "unix_stream_read_generic", "poll_schedule_timeout.constprop.0"]
)
def test_workers_that_all_wait_for_the_network_are_not_helped_by_more(waits):
    assert sized(host(www=dynamic(workers=busy(5, waits=waits)))) == PoolSize(
        {},
        "",
        (
            "pool www: 5 of 5 workers wait for an answer from the network (a database, an API, or idle connections that nginx keeps open)"
            "; more workers would only wait there too"
        ),
    )


def test_workers_that_all_wait_for_a_lock_are_not_helped_by_more():
    assert sized(host(www=dynamic(workers=busy(5, waits="locks_lock_inode_wait")))).why == (
        "pool www: 5 of 5 workers wait for a file lock (PHP sessions, most often); more workers would only wait there too"
    )


@pytest.mark.parametrize(
    "workers,told",
    [
        (busy(2, waits="tcp_recvmsg"), "2 of 2 workers"),
        (busy(4, waits="tcp_recvmsg") + busy(1, waits=ACCEPT), "4 of 5 workers"),
        (busy(4, waits="tcp_recvmsg") + busy(1, waits="do_user_addr_fault"), "4 of 5 workers"),
        (busy(2, waits="tcp_recvmsg") + busy(3, waits=None), "2 of 2 workers"),
    ],
    ids=["two", "one is idle", "one computes", "not all could be seen"],
)
def test_nearly_all_are_enough(workers, told):
    assert "pool www: %s wait for an answer from the network" % told in sized(host(www=dynamic(workers=workers))).why


def test_what_workers_wait_for_is_no_reason_to_keep_more_than_fit():
    waiting = busy(10, mib=40, waits="tcp_recvmsg")
    assert sized(
        host(available=50, total=1000, www=pool("static", max_children=20, workers=waiting)), shrink=True
    ).settings == {"pm.max_children": "8"}


@pytest.mark.parametrize(
    "workers",
    [
        busy(5, waits=ACCEPT),
        busy(5, waits=None),
        busy(5, waits="hrtimer_nanosleep"),
        busy(1, waits="tcp_recvmsg"),
        busy(3, waits="tcp_recvmsg") + busy(2, waits="do_user_addr_fault"),
        busy(3, waits="tcp_recvmsg") + busy(2, waits=ACCEPT),
    ],
)
def test_other_workers_are(workers):
    assert sized(host(www=dynamic(workers=workers))).settings


@pytest.mark.parametrize(
    "memory",
    [
        None,
        {},
        {"available": 2000 * MIB},
        {"total": 4000 * MIB},
        {"available": None, "total": 4000 * MIB, "limit": None},
    ],
)
@pytest.mark.parametrize("shrink", [False, True])
def test_without_the_hosts_memory_no_number(memory, shrink):
    facts = {**host(www=dynamic(workers=busy(2))), "system": {"memory": memory}}
    assert sized(facts, shrink=shrink) == PoolSize(
        {}, "", "no worker's memory could be measured on this host, or its own memory is not known"
    )


def test_without_a_measured_worker_no_number():
    assert sized(host(www=dynamic())) == PoolSize(
        {}, "", "no worker's memory could be measured on this host, or its own memory is not known"
    )


@pytest.mark.parametrize(
    "children", [{}, {"max_children": 0}, {"max_children": "-1"}, {"max_children": "--1"}, {"max_children": "many"}]
)
def test_without_the_pools_own_number_no_other(children):
    assert sized(host(www=pool("static", workers=busy(2), **children))) == PoolSize(
        {}, "", "pm.max_children of pool www is not known"
    )


def test_one_large_worker_of_many_is_not_typical():
    result = sized(host(available=3000, www=pool("static", max_children=20, workers=[*busy(19), (900 * MIB, None)])))
    assert "/ 50 MiB a worker (95th percentile of measured PSS)" in result.sum


def test_workers_that_were_not_measured_count_as_the_others():
    measured = sized(host(www=dynamic(workers=busy(5))))
    half = sized(host(www=dynamic(workers=[*busy(4), (None, None)])))
    assert half.sum.replace("4000", "") == measured.sum.replace("4000", "")
    assert "+ 100 MiB in use by 2 workers" in sized(host(www=dynamic(workers=[*busy(1), (None, None)]))).sum


def test_fewer_where_workers_were_killed_for_memory():
    result = sized(
        host(
            available=50, total=1000, www=dynamic(children=20, start=10, lowest=8, highest=15, workers=busy(10, mib=40))
        ),
        shrink=True,
    )
    assert result == PoolSize(
        {"pm.max_children": "8", "pm.max_spare_servers": "8", "pm.start_servers": "8"},
        "memory for PHP 350 MiB (50 MiB available + 400 MiB in use by 10 workers, less 100 MiB kept free)"
        " / 40 MiB a worker (largest of measured PSS) = 8 workers; 20 now: 8",
        "",
    )


@pytest.mark.parametrize("children", [5, 7])
def test_a_pool_that_fits_was_not_killed_for_its_size(children):
    result = sized(host(available=500, www=pool("static", max_children=children, workers=busy(5))), shrink=True)
    assert result == PoolSize(
        {},
        "memory for PHP 350 MiB (500 MiB available + 250 MiB in use by 5 workers, less 400 MiB kept free)"
        " / 50 MiB a worker (largest of measured PSS) = 7 workers",
        "pool www: its %d children fit into memory by what they take now; one request must have taken far more"
        % children,
    )


def test_one_child_is_the_least():
    assert sized(
        host(available=10, total=512, www=pool("static", max_children=1, workers=busy(1))), shrink=True
    ) == PoolSize(
        {},
        "memory for PHP -4 MiB (10 MiB available + 50 MiB in use by 1 workers, less 64 MiB kept free) / 50 MiB a worker (largest of measured PSS) = 0 workers",
        "pool www: it has one child already",
    )
    assert sized(
        host(available=10, total=512, www=pool("static", max_children=3, workers=busy(3))), shrink=True
    ).settings == {"pm.max_children": "1"}


def test_a_killed_worker_counts_with_what_the_kernel_says_it_had():
    facts = host(available=700, total=1000, www=pool("static", max_children=10, workers=busy(10, mib=20)))
    assert sized(facts, shrink=True).settings == {}
    result = sized(facts, shrink=True, taken=200 * MIB)
    assert result.settings == {"pm.max_children": "4"}
    assert "/ 200 MiB a worker (what the kernel says that a killed one had)" in result.sum
    assert "/ 20 MiB a worker (largest of measured PSS)" in sized(facts, shrink=True, taken=10 * MIB).sum


def test_one_worker_that_had_more_than_half_of_all_is_not_helped_by_fewer():
    facts = host(available=700, total=1000, www=pool("static", max_children=10, workers=busy(10, mib=20)))
    assert sized(facts, shrink=True, taken=500 * MIB).settings == {"pm.max_children": "1"}
    assert sized(facts, shrink=True, taken=501 * MIB) == PoolSize(
        {},
        "",
        (
            "pool www: one worker had 501 MiB of the 1000 MiB there are when it was killed: fewer children would not help it,"
            " limit what a request may take (memory_limit)"
        ),
    )


def test_a_killed_worker_is_measure_enough_where_all_are_gone():
    facts = host(available=300, total=1000, limit=400, www=pool("static", max_children=20, workers=[(None, None)] * 3))
    assert sized(facts, shrink=True).settings == {}
    assert sized(facts, shrink=True, taken=50 * MIB).settings == {"pm.max_children": "4"}


@given(st.lists(st.integers(1, 1000), min_size=1), st.integers(1, 100))
@example(list(range(101)), 1)
def test_percentile(values, percent):
    ordered = sorted(values)
    found = percentile(ordered, percent)
    assert sum(value <= found for value in ordered) * 100 >= percent * len(ordered)
    assert sum(value < found for value in ordered) * 100 < percent * len(ordered)


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
    result = sized(facts, shrink=shrink)
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
    "start,told",
    [(0, {}), (1, {"pm.start_servers": "2"}), (2, {}), (9, {"pm.start_servers": "3"}), ("", {}), ("-1", {})],
)
def test_how_many_start_is_left_to_fpm_where_it_was(start, told):
    assert constrained(dynamic(children=5, start=start, lowest=2, highest=3), 6) == {"pm.max_children": "6", **told}


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
