# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers that all wait for something else are not helped by more of them."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.pool_size import PoolSize
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.worker_waits import waits_for
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.pool_hosts import (
    ACCEPT,
    busy,
    dynamic,
    grown,
    host,
    pool,
    shrunk,
)


@pytest.mark.parametrize(
    "waits", ["tcp_recvmsg", "wait_woken", "unix_stream_read_generic", "poll_schedule_timeout.constprop.0"]
)
def test_workers_that_all_wait_for_the_network_are_not_helped_by_more(waits):
    assert grown(host(www=dynamic(workers=busy(5, waits=waits)))) == PoolSize(
        {},
        "",
        (
            "pool www: 5 of 5 workers wait for an answer from the network (a database, an API, or idle connections that nginx keeps open)"
            "; more workers would only wait there too"
        ),
    )


def test_workers_that_all_wait_for_a_lock_are_not_helped_by_more():
    assert grown(host(www=dynamic(workers=busy(5, waits="locks_lock_inode_wait")))).why == (
        "pool www: 5 of 5 workers wait for a file lock (PHP sessions, most often); more workers would only wait there too"
    )


@pytest.mark.parametrize(
    "workers,share",
    [
        (busy(2, waits="tcp_recvmsg"), "2 of 2 workers"),
        (busy(4, waits="tcp_recvmsg") + busy(1, waits=ACCEPT), "4 of 5 workers"),
        (busy(4, waits="tcp_recvmsg") + busy(1, waits="do_user_addr_fault"), "4 of 5 workers"),
        (busy(2, waits="tcp_recvmsg") + busy(3, waits=None), "2 of 2 workers"),
    ],
    ids=["two", "one is idle", "one computes", "not all could be seen"],
)
def test_nearly_all_are_enough(workers, share):
    assert "pool www: %s wait for an answer from the network" % share in grown(host(www=dynamic(workers=workers))).why


def test_what_workers_wait_for_is_no_reason_to_keep_more_than_fit():
    waiting = busy(10, mib=40, waits="tcp_recvmsg")
    assert shrunk(host(available=50, total=1000, www=pool("static", max_children=20, workers=waiting))).settings == {
        "pm.max_children": "8"
    }


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
    assert grown(host(www=dynamic(workers=workers))).settings


def awaited(address="tcp:10.0.0.7:3306", **more):
    return {
        "address": address,
        "file": None,
        "processes": 4,
        "connecting": 0,
        "seconds": None,
        "process": None,
        "pid": None,
        "state": None,
        **more,
    }


SEEN = {"process": "mariadbd", "pid": 70, "state": "S"}


@pytest.mark.parametrize(
    "one,words,command",
    [
        (awaited(), "10.0.0.7:3306, which does not answer", "ss -tnpo dst 10.0.0.7:3306"),
        (awaited(seconds=31.4), "10.0.0.7:3306, which has not answered for 31 seconds", "ss -tnpo dst 10.0.0.7:3306"),
        (awaited(connecting=4), "10.0.0.7:3306, which takes no connection", "ss -tnpo dst 10.0.0.7:3306"),
        (
            awaited("tcp:[::1]:3306", **SEEN),
            "[::1]:3306 (mariadbd, pid 70), which does not answer",
            "ss -tnpo dst [::1]:3306",
        ),
        (
            awaited("tcp:127.0.0.1:3306", **{**SEEN, "state": "T"}),
            "127.0.0.1:3306 (mariadbd, pid 70), which is stopped by a signal",
            "kill -CONT 70",
        ),
        (
            awaited("unix:/run/db.sock", **SEEN),
            "/run/db.sock (mariadbd, pid 70), which does not answer",
            "ss -xlp src /run/db.sock",
        ),
        (
            awaited("udp:10.0.0.53:53"),
            "the name server 10.0.0.53:53",
            "time getent hosts example.org; grep -v '^#' /etc/resolv.conf",
        ),
        (
            awaited("udp:127.0.0.53:53"),
            "the name server 127.0.0.53:53",
            "time getent hosts example.org; resolvectl status",
        ),
        (
            awaited(None, file="/srv/a.lock", **SEEN),
            "the lock of /srv/a.lock, which mariadbd (pid 70) has",
            "ps -o pid,etime,stat,wchan:30,args -p 70",
        ),
        (awaited(None), "the lock of a file, which another has", "cat /proc/locks"),
    ],
)
def test_whom_they_wait_for_has_a_name(one, words, command):
    www = {**dynamic(workers=busy(5, waits="tcp_recvmsg")), "awaited": [one, awaited("tcp:10.0.0.8:1")]}
    found = waits_for(www["awaited"], 5)
    assert (found.who, found.whom, found.advice[0]) == ("4 of 5 workers wait for", words, command)
    assert found.slow == ("answer" in words)
    assert (
        grown(host(www=www)).why
        == "pool www: 4 of 5 workers wait for %s; more workers would only wait there too" % words
    )


def test_what_one_worker_of_several_waits_for_explains_nothing():
    assert waits_for([awaited(processes=1)], 5) is None
    assert waits_for([], 5) is None


def test_a_server_of_one_process_waits_with_all_that_it_has():
    assert waits_for([awaited(processes=1)], 1).text == "its only worker waits for 10.0.0.7:3306, which does not answer"


def test_one_worker_that_a_debugger_holds_is_told_among_many():
    one = {
        "address": "tcp:10.0.0.5:9003",
        "file": None,
        "processes": 1,
        "connecting": 0,
        "seconds": 9.0,
        "process": None,
        "pid": None,
        "state": None,
    }
    found = waits_for([{**one, "address": "tcp:10.0.0.7:3306"}, one], 5)
    assert (found.who, found.whom) == (
        "1 of 5 workers waits for",
        "10.0.0.5:9003, the port of a debugger of PHP (Xdebug)",
    )
