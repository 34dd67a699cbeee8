# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import threading
from functools import partial

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.parallel import run_all


def test_answers_come_in_order_and_as_they_come():
    first = threading.Event()
    answers = []

    def slow():
        first.wait(30)
        return "slow"

    def quick():
        first.set()
        return "quick"

    assert run_all([slow, quick], 2, Deadline(30), lambda index, answer: answers.append((index, answer))) == [
        "slow",
        "quick",
    ]
    assert sorted(answers) == [(0, "slow"), (1, "quick")]


def test_a_task_that_hangs_holds_up_nothing():
    forever = threading.Event()
    assert run_all([forever.wait, lambda: 1], 2, Deadline(1)) == [None, 1]


def test_no_more_than_so_many_run_at_once():
    running, seen, lock = set(), [], threading.Lock()
    together = threading.Barrier(3)

    def task(number):
        with lock:
            running.add(number)
            seen.append(len(running))
        together.wait(30)
        with lock:
            running.discard(number)
        return number

    assert run_all([partial(task, number) for number in range(30)], 3, Deadline(30)) == list(range(30))
    assert max(seen) == 3


def test_nothing_to_do_is_done():
    assert run_all([], 4, Deadline(30)) == []
