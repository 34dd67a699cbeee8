# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many workers memory has room for: measured, with the cgroup's limit, and with the sum."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.pool_size import PoolSize
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.worker_memory import percentile
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.pool_hosts import (
    MIB,
    busy,
    dynamic,
    grown,
    host,
    pool,
    shrunk,
)


def test_the_cgroups_limit_counts():
    free = grown(host(available=20000, total=32000, www=dynamic(workers=busy(5))))
    caged = grown(host(available=20000, total=32000, limit=400, www=dynamic(workers=busy(5))))
    assert (free.settings["pm.max_children"], caged.settings["pm.max_children"]) == ("10", "6")
    assert (
        "(20000 MiB available + 250 MiB in use by 5 workers, at most the cgroup's 400 MiB, less 64 MiB kept free)"
        in caged.sum
    )


def test_a_worker_that_has_done_nothing_yet_is_not_taken_at_its_word():
    result = grown(host(available=180, total=512, www=dynamic(workers=busy(2, mib=2))))
    assert result.settings["pm.max_children"] == "7"
    assert "/ 2 MiB a worker (95th percentile of measured PSS, counted as 16 MiB) = 7 workers" in result.sum


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
@pytest.mark.parametrize("sized", [grown, shrunk])
def test_without_the_hosts_memory_no_number(memory, sized):
    facts = {**host(www=dynamic(workers=busy(2))), "system": {"memory": memory}}
    assert sized(facts) == PoolSize(
        {}, "", "no worker's memory could be measured on this host, or its own memory is not known"
    )


def test_without_a_measured_worker_no_number():
    assert grown(host(www=dynamic())) == PoolSize(
        {}, "", "no worker's memory could be measured on this host, or its own memory is not known"
    )


def test_one_large_worker_of_many_is_not_typical():
    result = grown(host(available=3000, www=pool("static", max_children=20, workers=[*busy(19), (900 * MIB, None)])))
    assert "/ 50 MiB a worker (95th percentile of measured PSS)" in result.sum


def test_workers_that_were_not_measured_count_as_the_others():
    measured = grown(host(www=dynamic(workers=busy(5))))
    half = grown(host(www=dynamic(workers=[*busy(4), (None, None)])))
    assert half.sum.replace("4000", "") == measured.sum.replace("4000", "")
    assert "+ 100 MiB in use by 2 workers" in grown(host(www=dynamic(workers=[*busy(1), (None, None)]))).sum


def test_a_killed_worker_counts_with_what_the_kernel_says_it_had():
    facts = host(available=700, total=1000, www=pool("static", max_children=10, workers=busy(10, mib=20)))
    assert shrunk(facts).settings == {}
    result = shrunk(facts, 200 * MIB)
    assert result.settings == {"pm.max_children": "4"}
    assert "/ 200 MiB a worker (what a killed one had, by the kernel's log)" in result.sum
    assert "/ 20 MiB a worker (largest of measured PSS)" in shrunk(facts, 10 * MIB).sum


def test_a_killed_worker_is_measure_enough_where_all_are_gone():
    facts = host(available=300, total=1000, limit=400, www=pool("static", max_children=20, workers=[(None, None)] * 3))
    assert shrunk(facts).settings == {}
    assert shrunk(facts, 50 * MIB).settings == {"pm.max_children": "4"}


@given(st.lists(st.integers(1, 1000), min_size=1), st.integers(1, 100))
@example(list(range(101)), 1)
def test_percentile(values, percent):
    ordered = sorted(values)
    found = percentile(ordered, percent)
    assert sum(value <= found for value in ordered) * 100 >= percent * len(ordered)
    assert sum(value < found for value in ordered) * 100 < percent * len(ordered)
