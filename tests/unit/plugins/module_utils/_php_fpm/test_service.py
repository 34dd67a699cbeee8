# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, reload and restart: the test first, then the order, then proof that it took."""

import os
import signal
import socket
import stat

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Ran
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm import awaited, live_sockets, service
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.php_fpm_host import (
    BINARY,
    CONFIG,
    MASTER,
    POOL,
    POOL_TEXT,
    FpmHost,
)

UNIT = "php8.2-fpm.service"
FPM = service.Fpm(BINARY, CONFIG, "/usr", UNIT, "systemd")
SOCKET = "/run/php/php8.2-fpm.sock"
REFUSAL = Ran(78, "", "[22-Nov-2026 15:27:28] ERROR: [%s:13] unknown entry 'x'\n" % POOL, None)


class Daemon:
    """An FPM that does what it is asked to, unless a test has it refuse. happens: what the order brings about."""

    def __init__(self, host, monkeypatch):
        self.host = host
        self.orders = []
        self.happens = lambda: None
        self.refuses = None
        self.file = {"same": True, "owner": "www-data", "group": "www-data", "uid": 33, "gid": 33, "mode": "0660"}
        self.listens = [SOCKET]
        monkeypatch.setattr(host, "run", self.run)
        monkeypatch.setattr(
            awaited,
            "listener_facts",
            lambda *_: {"tcp": [], "unix": [{"path": path, "file": self.file} for path in self.listens]},
        )
        monkeypatch.setattr(service, "drained", self.drained)
        monkeypatch.setattr(service.os, "kill", self.kill)
        monkeypatch.setattr(service, "PAUSE", 0)

    def drained(self, host, master, sockets, limit, then):
        self.orders.append(("drain", master, tuple(sockets), limit))
        return then()

    def kill(self, pid, number):
        self.orders.append(("kill", pid, number))
        self.happens()

    def run(self, argv, timeout=10.0, cut=0):
        if "-t" in argv:
            self.orders.append("test")
            return self.refuses or Ran(0, "", "", None)
        if argv[0] == "journalctl":
            return Ran(0, "", "", None)
        self.orders.append(" ".join(argv))
        if "reset-failed" not in argv:
            self.happens()
        return Ran(0, "", "", None)

    def runs(self, master=100, workers=(200, 201), image=b"one"):
        host = self.host
        host.process(master, MASTER)
        host.write("/proc/%d/auxv" % master, image.decode())
        for worker in workers:
            host.process(worker, "php-fpm: pool www", parent=master, uid=33)

    def ends(self, *pids):
        for pid in pids:
            os.rename(self.host.path("/proc/%d" % pid), self.host.path("/gone-%d" % pid))


@pytest.fixture
def daemon(tmp_path, monkeypatch):
    return Daemon(FpmHost(tmp_path), monkeypatch)


def reload_takes(daemon):
    def happens():
        daemon.ends(200, 201)
        daemon.host.process(300, "php-fpm: pool www", parent=100, uid=33)
        daemon.host.write("/proc/100/auxv", "two")

    daemon.happens = happens


def test_a_reload(daemon):
    daemon.runs()
    reload_takes(daemon)
    assert service.reload(daemon.host, FPM, 5, 10) == ("reloaded", None, [], None)
    assert daemon.orders == ["test", ("drain", 100, (SOCKET,), 10), ("kill", 100, signal.SIGUSR2)]


@pytest.mark.parametrize(
    "action",
    [
        lambda host: service.reload(host, FPM, 5, 10),
        lambda host: service.restart(host, FPM, 5, 10),
        lambda host: service.start(host, FPM, 5),
    ],
)
def test_files_that_fpm_refuses_are_never_applied(daemon, action):
    daemon.runs()
    daemon.refuses = REFUSAL
    outcome = action(daemon.host)
    assert (outcome.error, outcome.verdict.where, daemon.orders) == ("unknown entry 'x'", (POOL, 13), ["test"])


def test_a_reload_that_kills_the_master_is_an_error_with_fpms_words(daemon):
    daemon.runs()

    def happens():
        daemon.ends(100, 200, 201)
        daemon.host.write("/var/log/php8.2-fpm.log", "[22-Nov-2026 15:27:28] ERROR: %s\n" % words)

    words = "unable to bind listening socket for address '9000': Address already in use (98)"
    daemon.happens = happens
    outcome = service.reload(daemon.host, FPM, 5, 10)
    assert outcome.error == "no master process of %s runs" % CONFIG
    assert outcome.lines == [words]


@pytest.mark.parametrize(
    ("after", "error"),
    [
        (lambda daemon: None, "workers from before still run"),
        (lambda daemon: daemon.ends(200, 201), "pool www has no worker"),
        (
            lambda daemon: (reload_takes(daemon), daemon.happens(), daemon.listens.clear()),
            "pool www: nothing listens on unix:%s" % SOCKET,
        ),
    ],
)
def test_a_reload_that_did_not_take_is_an_error(daemon, after, error):
    daemon.runs()
    done = []

    def happens():
        done or after(daemon)
        done.append(1)

    daemon.happens = happens
    assert service.reload(daemon.host, FPM, 0, 10).error == error


def test_an_idle_ondemand_pool_proves_a_reload_by_the_masters_new_image(daemon):
    daemon.host.write(POOL, POOL_TEXT.replace("pm = dynamic", "pm = ondemand"))
    daemon.runs(workers=())
    assert service.reload(daemon.host, FPM, 0, 10).error == "the master has not read its files again"
    daemon.happens = lambda: daemon.host.write("/proc/100/auxv", "two")
    assert service.reload(daemon.host, FPM, 0, 10).error is None


def test_nothing_to_reload(daemon):
    assert "not running" in service.reload(daemon.host, FPM, 5, 10).error
    assert daemon.orders == []


def test_a_start(daemon):
    daemon.happens = daemon.runs
    assert service.start(daemon.host, FPM, 5) == ("started", None, [], None)
    assert daemon.orders == ["test", "systemctl reset-failed " + UNIT, "systemctl start " + UNIT]


def test_a_start_without_a_unit_is_refused(daemon):
    outcome = service.start(daemon.host, FPM._replace(unit=None, manager="none"), 5)
    assert outcome.error == "no unit is known that could start PHP-FPM (%s)" % CONFIG
    assert daemon.orders == ["test"]


@pytest.mark.parametrize(
    ("manager", "order"),
    [
        ("systemd", "systemctl restart php8.2-fpm.service"),
        ("sysvinit", "service php8.2-fpm restart"),
        ("openrc", "rc-service php8.2-fpm restart"),
        ("launchd", "launchctl kickstart -k system/php8.2-fpm"),
    ],
)
def test_each_service_manager_has_its_own_words(daemon, manager, order):
    daemon.runs()

    def happens():
        daemon.ends(100, 200, 201)
        daemon.runs(master=110, workers=(210,))

    daemon.happens = happens
    assert service.restart(daemon.host, FPM._replace(manager=manager), 5, 10).error is None
    assert daemon.orders[-1] == order
    assert daemon.orders[1] == ("drain", 100, (SOCKET,), 10)


def test_a_master_that_survives_a_restart_was_not_restarted(daemon):
    daemon.runs()
    assert service.restart(daemon.host, FPM, 0, 10).error == "the old master still runs"


@pytest.mark.parametrize(("name", "has"), [("owner", "root"), ("group", "root"), ("mode", "0600")])
def test_after_a_start_the_socket_is_as_the_files_say(daemon, name, has):
    daemon.host.write(POOL, POOL_TEXT + "listen.mode = 0660\n")
    daemon.happens = daemon.runs
    daemon.file.update({name: has, {"owner": "uid", "group": "gid"}.get(name, "x"): 0})
    assert service.start(daemon.host, FPM, 0).error.startswith("pool www: its socket has %s %s, not" % (name, has))


def test_an_acl_takes_the_place_of_the_owner(daemon):
    daemon.host.write(POOL, POOL_TEXT + "listen.acl_users = nginx\n")
    daemon.happens = daemon.runs
    daemon.file.update({"owner": "root", "uid": 0})
    assert service.start(daemon.host, FPM, 0).error is None


@pytest.mark.parametrize(
    ("settings", "how"),
    [
        (["pm.max_children"], "reloaded"),
        (["listen.acl_groups", "pm.max_children"], "restarted"),
        (["listen.acl_users"], "restarted"),
    ],
)
def test_settings_are_applied_with_the_least_harm(daemon, monkeypatch, settings, how):
    daemon.runs()
    for name, done in (("reload", "reloaded"), ("restart", "restarted")):
        monkeypatch.setattr(service, name, lambda *_, done=done: service.Outcome(done, None, []))
    assert service.apply(daemon.host, FPM, settings, 0, 10).how == how


@pytest.fixture
def live(daemon, monkeypatch, tmp_path):
    """A real socket in the pool's place, and who owns it."""
    path = str(tmp_path / "live.sock")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(5)
        os.chmod(path, 0o600)
        daemon.host.write(POOL, POOL_TEXT.replace(SOCKET, path) + "listen.mode = 0660\n")
        daemon.listens[:] = [path]
        owners = []
        monkeypatch.setattr(
            live_sockets.os,
            "chown",
            lambda where, uid, gid: owners.append((os.readlink(where), uid, gid)),
        )
        monkeypatch.setattr(live_sockets, "_user", lambda name: {"www-data": 33}[name])
        monkeypatch.setattr(live_sockets, "_group", lambda name: {"www-data": 34}[name])
        yield path, owners


def test_owner_and_mode_are_set_on_the_live_socket(daemon, live):
    path, owners = live
    daemon.runs()
    assert service.apply(daemon.host, FPM, ["listen.owner", "listen.mode"], 0, 10) == ("adjusted", None, [], None)
    assert (owners, stat.S_IMODE(os.stat(path).st_mode)) == ([(path, 33, 34)], 0o660)
    assert daemon.orders == ["test"], "neither a reload nor a restart"


@pytest.fixture
def queues(daemon, monkeypatch):
    """The queues that are asked for, and what the kernel answers."""
    asked = {"given": [], "error": None}
    daemon.host.write("/proc/sys/net/core/somaxconn", "4096\n")
    daemon.host.write(POOL, POOL_TEXT + "listen.backlog = 1024\n")

    def listen_again(pid, backlogs):
        asked["given"].append((pid, backlogs))
        if not asked["error"]:
            daemon.file_backlog = 1024
        return asked["error"]

    def collect(*_of):
        return {"tcp": [], "unix": [{"path": SOCKET, "file": daemon.file, "backlog": daemon.file_backlog}]}

    daemon.file_backlog = 511
    monkeypatch.setattr(live_sockets, "listen_again", listen_again)
    monkeypatch.setattr(awaited, "listener_facts", collect)
    return asked


def test_a_longer_queue_costs_no_restart(daemon, queues):
    daemon.runs()
    assert not service.is_current(daemon.host, FPM, service.running(daemon.host, FPM), ["listen.backlog"])
    assert service.apply(daemon.host, FPM, ["listen.backlog"], 0, 10) == ("adjusted", None, [], None)
    assert queues["given"] == [(100, {Address("", 0, SOCKET): 1024})]
    assert daemon.orders == ["test"]
    assert service.is_current(daemon.host, FPM, service.running(daemon.host, FPM), ["listen.backlog"])


def test_a_kernel_that_knows_no_way_to_the_live_socket_costs_a_restart(daemon, queues, monkeypatch):
    queues["error"] = "Function not implemented"
    daemon.runs()
    monkeypatch.setattr(service, "restart", lambda *_: service.Outcome("restarted", None, []))
    assert service.apply(daemon.host, FPM, ["listen.backlog", "pm.max_children"], 0, 10).how == "restarted"


def test_files_that_fpm_refuses_are_not_restarted_for_a_queue(daemon, queues):
    daemon.runs()
    daemon.refuses = REFUSAL
    assert "unknown entry" in service.apply(daemon.host, FPM, ["listen.backlog"], 0, 10).error
    assert (queues["given"], daemon.orders) == ([], ["test"])


def test_what_is_no_socket_is_not_given_away(daemon, live):
    path, owners = live
    os.unlink(path)
    os.symlink("/etc/passwd", path)
    daemon.runs()
    assert service.apply(daemon.host, FPM, ["listen.owner"], 0, 10).error == "%s: it is not a socket" % path
    assert owners == []


def test_a_socket_that_somebody_put_in_the_place_of_fpms_is_not_given_away(daemon, live, tmp_path):
    path, owners = live
    other = str(tmp_path / "other.sock")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(other)
        listening.listen(5)
        os.rename(other, path)
        daemon.runs()
        error = service.apply(daemon.host, FPM, ["listen.owner", "listen.mode"], 0, 10).error
    assert error == "%s: it is not the socket that listens there" % path
    assert (owners, stat.S_IMODE(os.stat(path).st_mode)) == ([], 0o755)


def test_files_younger_than_the_oldest_worker_are_not_in_force_yet(daemon):
    daemon.runs()
    now = service.running(daemon.host, FPM)
    for path, age in ((CONFIG, -1), (POOL, 1)):
        os.utime(daemon.host.path(path), (now.started + age, now.started + age))
    assert not service.is_current(daemon.host, FPM, now)
    os.utime(daemon.host.path(POOL), (now.started - 1, now.started - 1))
    assert service.is_current(daemon.host, FPM, now)


def test_settings_of_the_socket_are_in_force_where_the_socket_has_them(daemon):
    daemon.runs()
    now = service.running(daemon.host, FPM)
    assert service.is_current(daemon.host, FPM, now, ["listen.owner"])
    daemon.file.update({"owner": "root", "uid": 0})
    assert not service.is_current(daemon.host, FPM, now, ["listen.owner"])
