# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pool sizes: what memory allows, by FPM's own rules, with the sum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._pool_size import MIB, RESERVE_LEAST, STEP, constrained, percentile, size

ACCEPT = "__skb_wait_for_more_packets"


def pool(pm="dynamic", workers=(), **settings):
    values = {"pm": pm, **{"pm.%s" % name: value for name, value in settings.items()}}
    return {
        "address": "unix:/run/php/www.sock",
        "settings": {name: {"value": str(value), "place": {"file": "www.conf", "line": 1}} for name, value in values.items()},
        "workers": [{"pss": pss, "waits_in": waits} for pss, waits in workers],
    }


def dynamic(children=5, start=2, lowest=1, highest=3, **more):
    return pool(max_children=children, start_servers=start, min_spare_servers=lowest, max_spare_servers=highest, **more)


def host(available=2000, total=4000, limit=None, queue=0, **pools):
    fpm = {"config": "/etc/php-fpm.conf", "master": {"pid": 1}, "global": {}, "pools": pools}
    memory = {"available": available * MIB, "total": total * MIB, "limit": limit and limit * MIB}
    return {"system": {"memory": memory}, "php_fpm": [fpm], "listeners": {"unix": [{"path": "/run/php/www.sock", "queue": queue}], "tcp": []}}


def sized(facts, shrink=False, taken=0):
    return size(facts, facts["php_fpm"][0], "www", shrink, taken * MIB)


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
    result = sized(host(www=dynamic(workers=busy(5))))
    assert result.settings == {"pm.max_children": "10"}
    assert result.sum == (
        "memory for PHP 1850 MiB (2000 MiB available + 250 MiB in use by 5 workers, less 400 MiB kept free)"
        " / 50 MiB a worker (95th percentile of measured PSS) = 37 workers; 5 now, 10 wanted, at most 4 times as many in one step: 10"
    )


def test_as_many_as_wait_in_the_queue_up_to_the_step():
    assert sized(host(www=dynamic(workers=busy(5)), queue=9)).settings["pm.max_children"] == "14"
    assert sized(host(www=dynamic(workers=busy(5)), queue=500)).settings["pm.max_children"] == str(STEP * 5)


def test_no_more_than_memory_allows():
    assert sized(host(available=500, www=dynamic(workers=busy(5)))).settings["pm.max_children"] == "7"
    assert sized(host(available=400, www=dynamic(workers=busy(5)))).settings == {}


def test_a_full_host_is_left_alone_and_the_sum_says_why():
    result = sized(host(available=100, www=dynamic(workers=busy(5))))
    assert (result.settings, "out-of-memory" in result.why, "/ 50 MiB a worker" in result.sum) == ({}, True, True)


def test_the_cgroups_limit_counts():
    free = sized(host(available=20000, total=32000, www=dynamic(workers=busy(5))))
    caged = sized(host(available=20000, total=32000, limit=400, www=dynamic(workers=busy(5))))
    assert (free.settings["pm.max_children"], caged.settings["pm.max_children"]) == ("10", "6")
    assert "at most the cgroup's 400 MiB" in caged.sum


def test_other_pools_may_fill_up_too():
    result = sized(host(available=1000, www=dynamic(workers=busy(5)), shop=pool("static", max_children=12, workers=busy(2))))
    assert result.settings["pm.max_children"] == "7"
    assert "- 12 of other pools = 7" in result.sum


def test_pools_of_another_php_count_and_stopped_ones_do_not():
    facts = host(available=1000, www=dynamic(workers=busy(5)))
    other = {"config": "/etc/php/7.4/fpm/php-fpm.conf", "master": {"pid": 2}, "global": {}, "pools": {"www": pool("static", max_children=10)}}
    facts["php_fpm"].append(other)
    assert sized(facts).settings["pm.max_children"] == "7"
    other["master"] = None
    assert sized(facts).settings["pm.max_children"] == "10"


def test_process_max_is_a_lid():
    facts = host(www=dynamic(workers=busy(5)), shop=pool("static", max_children=2))
    facts["php_fpm"][0]["global"] = {"process.max": {"value": "9"}}
    assert sized(facts).settings["pm.max_children"] == "7"
    facts["php_fpm"][0]["global"] = {"process.max": {"value": "7"}}
    assert "process.max = 7" in sized(facts).sum and not sized(facts).settings


def test_a_worker_that_has_done_nothing_yet_is_not_taken_at_its_word():
    result = sized(host(available=180, total=512, www=dynamic(workers=busy(2, mib=2))))
    assert result.settings["pm.max_children"] == "7"
    assert "/ 2 MiB a worker (95th percentile of measured PSS, counted as 16 MiB) = 7 workers" in result.sum


@pytest.mark.parametrize("waits", ["tcp_recvmsg", "wait_woken", "unix_stream_read_generic", "poll_schedule_timeout.constprop.0"])
def test_workers_that_all_wait_for_the_network_are_not_helped_by_more(waits):
    result = sized(host(www=dynamic(workers=busy(5, waits=waits))))
    assert result.settings == {}
    assert "5 of 5 workers wait for an answer from the network" in result.why


def test_workers_that_all_wait_for_a_lock_are_not_helped_by_more():
    assert "file lock" in sized(host(www=dynamic(workers=busy(5, waits="locks_lock_inode_wait")))).why


@pytest.mark.parametrize(
    "workers",
    [
        busy(5, waits=ACCEPT), busy(5, waits=None), busy(5, waits="hrtimer_nanosleep"), busy(1, waits="tcp_recvmsg"),
        busy(3, waits="tcp_recvmsg") + busy(2, waits="do_user_addr_fault"),
    ],
)
def test_other_workers_are(workers):
    assert sized(host(www=dynamic(workers=workers))).settings


@pytest.mark.parametrize("facts", [host(www=dynamic()), {**host(www=dynamic(workers=busy(2))), "system": {}}, host(www=pool("static", workers=busy(2)))])
def test_without_measurement_no_number(facts):
    result = sized(facts)
    assert (result.settings, bool(result.why)) == ({}, True)


def test_workers_that_were_not_measured_count_as_the_others():
    measured = sized(host(www=dynamic(workers=busy(5))))
    half = sized(host(www=dynamic(workers=[*busy(4), (None, None)])))
    assert half.sum.replace("4000", "") == measured.sum.replace("4000", "")


def test_fewer_where_workers_were_killed_for_memory():
    result = sized(host(available=50, total=1000, www=dynamic(children=20, start=10, lowest=8, highest=15, workers=busy(10, mib=40))), shrink=True)
    assert result.settings == {"pm.max_children": "8", "pm.max_spare_servers": "8", "pm.start_servers": "8"}
    assert "largest of measured PSS" in result.sum


def test_a_pool_that_fits_was_not_killed_for_its_size():
    result = sized(host(www=dynamic(workers=busy(5))), shrink=True)
    assert (result.settings, "one request must have taken far more" in result.why) == ({}, True)


def test_one_child_is_the_least():
    assert sized(host(available=10, total=512, www=pool("static", max_children=1, workers=busy(1))), shrink=True).settings == {}
    assert sized(host(available=10, total=512, www=pool("static", max_children=3, workers=busy(3))), shrink=True).settings == {"pm.max_children": "1"}


def test_a_killed_worker_counts_with_what_the_kernel_says_it_had():
    facts = host(available=700, total=1000, www=pool("static", max_children=10, workers=busy(10, mib=20)))
    assert sized(facts, shrink=True).settings == {}
    result = size(facts, facts["php_fpm"][0], "www", shrink=True, taken=200 * MIB)
    assert result.settings == {"pm.max_children": "4"}
    assert "/ 200 MiB a worker (what the kernel says that a killed one had)" in result.sum
    assert "fewer children would not help" in size(facts, facts["php_fpm"][0], "www", shrink=True, taken=600 * MIB).why


def test_a_killed_worker_is_measure_enough_where_all_are_gone():
    facts = host(available=300, total=1000, limit=400, www=pool("static", max_children=20, workers=[(None, None)] * 3))
    assert sized(facts, shrink=True).settings == {}
    assert sized(facts, shrink=True, taken=50).settings == {"pm.max_children": "4"}


@given(st.lists(st.integers(1, 1000), min_size=1), st.integers(1, 100))
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


@given(valid_pools(), st.booleans(), st.integers(0, 4000), st.integers(256, 8000), st.one_of(st.none(), st.integers(128, 4000)), st.integers(0, 1000))
def test_whatever_is_proposed_fpm_accepts_and_memory_holds(one, shrink, available, total, limit, queue):
    facts = host(available, total, limit, queue, www=one)
    now = int(one["settings"]["pm.max_children"]["value"])
    result = sized(facts, shrink)
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
        assert then * min(largest, percentile(sorted(worker["pss"] for worker in one["workers"]), 95)) <= ceiling - RESERVE_LEAST


@given(valid_pools(), st.integers(1, 300))
def test_any_number_of_children_keeps_fpms_rules(one, children):
    assert fpm_accepts(one, constrained(one, children))
