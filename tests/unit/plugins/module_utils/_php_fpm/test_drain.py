# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that run end before a master gets its order. Real processes: a master that only waits, and workers that leave when they are asked."""

import os
import signal
import subprocess
import sys
import time

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink, service_manager
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host, Ran
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.netlink import UnixListener
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.drain import drained, stands_still

MASTER = """
import os, signal, sys
deaf = sys.argv[1] == "deaf"
ready, done = os.pipe()
if os.fork() == 0:
    signal.signal(signal.SIGQUIT, signal.SIG_IGN if deaf else lambda *_: os._exit(0))
    os.write(done, b"x")
    while True:
        signal.pause()
os.read(ready, 1)
print("ready", flush=True)
while True:
    signal.pause()
"""


def state(pid):
    with open("/proc/%d/stat" % pid) as stream:
        return stream.read().rsplit(")", 1)[1].split()[0]


def stands(pid):
    return state(pid) == "T"


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as stream:
        return [int(word) for word in stream.read().split()]


@pytest.fixture
def fpm():
    started = []

    def start(kind):
        process = subprocess.Popen([sys.executable, "-c", MASTER, kind], stdout=subprocess.PIPE)
        started.append((process, []))
        assert process.stdout.readline() == b"ready\n"
        started[-1][1].extend(children(process.pid))
        return process.pid

    yield start
    for process, workers in started:
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        process.kill()
        process.communicate()


def test_the_order_comes_when_the_master_stands_and_no_worker_is_left(fpm):
    master = fpm("polite")
    (worker,) = children(master)
    assert drained(Host(), master, [], 5.0, lambda: "%s %s" % (state(master), state(worker))) == "T Z"
    assert not stands(master)


def test_a_worker_that_stays_is_not_waited_for_without_end(fpm):
    master = fpm("deaf")
    (worker,) = children(master)
    assert drained(Host(), master, [], 0.05, lambda: "left" if state(worker) == "Z" else "stayed") == "stayed"


def test_a_queue_that_fills_up_ends_the_wait(fpm, monkeypatch):
    master = fpm("deaf")
    looks = iter([0, 1, 3])
    monkeypatch.setattr(
        netlink,
        "unix_listeners",
        lambda: [UnixListener("/run/x.sock", 1, 1, next(looks), 4), UnixListener("/run/other.sock", 1, 1, 4, 4)],
    )
    assert drained(Host(), master, ["/run/x.sock"], 3600.0, lambda: "ordered") == "ordered"


def test_a_queue_that_was_full_before_does_not_count(fpm, monkeypatch):
    master = fpm("polite")
    (worker,) = children(master)
    monkeypatch.setattr(netlink, "unix_listeners", lambda: [UnixListener("/run/x.sock", 1, 1, 4, 4)])
    assert drained(Host(), master, ["/run/x.sock"], 5.0, lambda: state(worker)) == "Z"


def test_no_time_to_drain_means_no_halt(fpm):
    master = fpm("polite")
    (worker,) = children(master)
    assert drained(Host(), master, [], 0, lambda: "%s %s" % (stands(master), state(worker) == "Z")) == "False False"


def test_an_order_that_fails_says_why_and_the_master_goes_on(fpm):
    master = fpm("polite")

    def fails():
        raise OSError("no such unit")

    assert drained(Host(), master, [], 5.0, fails) == "no such unit"
    assert not stands(master)


def test_a_good_order_is_no_error(fpm):
    assert drained(Host(), fpm("polite"), [], 5.0, lambda: None) is None


def test_the_master_goes_on_when_the_one_who_watches_is_killed(fpm):
    master = fpm("polite")

    def order():
        os.kill(os.getpid(), signal.SIGKILL)

    assert drained(Host(), master, [], 5.0, order) == "the process that watched over PHP-FPM was killed"
    assert not stands(master)


@pytest.mark.parametrize("kind", ["polite", "deaf"])
def test_a_master_that_is_asked_to_end_goes_on_and_ends(fpm, kind):
    """As an init script does it, which waits until the master has ended."""
    master = fpm(kind)

    def order():
        os.kill(master, signal.SIGTERM)
        for _try in range(200):
            if state(master) == "Z":
                return None
            time.sleep(0.02)
        return "the master stands still"

    assert drained(Host(), master, [], 0.2, order) is None


@pytest.mark.parametrize("code,stopped", [(0, ["systemctl stop bad_gateway-go-on-%d.timer"]), (1, [])])
def test_systemd_lets_the_master_go_on_where_all_of_us_is_ended(fpm, monkeypatch, code, stopped):
    master = fpm("polite")
    monkeypatch.setattr(service_manager, "in_charge", lambda host: service_manager.SYSTEMD)
    seen = []

    class Systemd(Host):
        def run(self, argv, timeout=10.0, cut=0):
            seen.append((" ".join(argv), stands(master)))
            return Ran(code, "", "", None)

    assert drained(Systemd(), master, [], 5.0, lambda: None) is None
    (armed, stood), *later = seen
    assert armed.endswith("--on-active=11 --timer-property=AccuracySec=1s /bin/sh -c kill -CONT %d" % master)
    assert armed.startswith("systemd-run ") and not stood
    assert [argv for argv, _stood in later] == [argv % master for argv in stopped]


def test_a_master_that_somebody_has_halted_is_named(fpm):
    master = fpm("polite")
    assert stands_still(Host(), master) is None
    os.kill(master, signal.SIGSTOP)
    while not stands(master):
        time.sleep(0.01)
    assert "kill -CONT %d" % master in stands_still(Host(), master)
    os.kill(master, signal.SIGCONT)
