# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What processes wait for, in words, and which product it is."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._products import product_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._waits import waits


@pytest.mark.parametrize(
    ("state", "function", "text"),
    [
        ("S", "wait_woken", "is waiting for an answer from the network (wait_woken)"),
        ("S", "futex_wait_queue", "is waiting for a lock or for another thread (futex_wait_queue)"),
        ("S", "flock_lock_inode_wait", "is waiting for a file lock (flock_lock_inode_wait)"),
        ("S", "inet_csk_accept", "is waiting for a connection (inet_csk_accept)"),
        ("S", "hrtimer_nanosleep", "is sleeping (hrtimer_nanosleep)"),
        ("S", "some_driver", "is waiting in some_driver"),
        ("S", None, "is waiting"),
        ("R", None, "is computing"),
        ("T", "do_signal_stop", "is stopped by a signal"),
        ("D", "rpc_wait_bit_killable", "is waiting for a disk or a network file system (rpc_wait_bit_killable)"),
    ],
)
def test_one_process(state, function, text):
    assert waits([(state, function)]).text == text


def test_several_that_do_the_same_and_several_that_do_not():
    assert waits([("R", None), ("R", None)]).text == "all are computing"
    assert waits([("R", None), ("T", None), ("R", None)]).text == "2 computing, 1 stopped by a signal"
    assert waits([]).text == "cannot be seen"


@pytest.mark.parametrize(
    ("unit", "process", "name"),
    [
        ("gunicorn.service", "python3", "gunicorn"),
        ("shop.service", "gunicorn", "gunicorn"),
        ("shop.service", "uwsgi", "uWSGI"),
        ("tomcat10.service", "java", "Tomcat"),
        ("shop.service", "java", "Java"),
        ("docker.service", "docker-proxy", "docker-proxy"),
        (None, "node", "Node.js"),
        ("php8.2-fpm.service", "php-fpm8.2", "PHP-FPM"),
        ("unicorn.service", "ruby", "Unicorn"),
    ],
)
def test_the_product(unit, process, name):
    assert product_of({"unit": unit, "process": process}).name == name


def test_a_name_that_says_nothing():
    assert product_of({"unit": "shop.service", "process": "shop"}) is None
