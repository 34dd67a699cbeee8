# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reloads and restarts, and whether they are believed."""

import signal

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Ran
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx import reload as nginx_reload
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.reload import reload, restart
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.nginx_host import NginxHost

MASTER = "nginx: master process /usr/sbin/nginx"
LOG = "/var/log/nginx/error.log"
SENT = Ran(0, "", "", None)
COMMAND = ["nginx", "-s", "reload"]
EMERG = "2026/11/22 15:06:37 [emerg] %d#%d: %s\n"
TRIED = EMERG % (71, 71, "bind() to 0.0.0.0:80 failed (98: Address already in use)")


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setattr(nginx_reload, "PAUSE", 0)
    monkeypatch.setattr(nginx_reload, "SETTLE", 0)
    host = NginxHost(tmp_path)
    host.process(71, MASTER)
    host.process(72, "nginx: worker process", parent=71, uid=33)
    host.write(LOG, EMERG % (71, 71, "of yesterday"))
    return host


def append(host, line, path=LOG):
    with open(host.path(path), "a", encoding="utf-8") as stream:
        stream.write(line)


def scripted(host, *steps):
    def act():
        for step in steps:
            step()
        return SENT

    host.answers["reload"] = host.answers["restart"] = act


def new_worker(host, pid=172, parent=71):
    return lambda: host.process(pid, "nginx: worker process", parent=parent, uid=33, ticks=2000)


def old_worker_stops(host):
    return lambda: host.write("/proc/72/cmdline", "nginx: worker process is shutting down\0")


def test_reload_took(host):
    scripted(host, new_worker(host), old_worker_stops(host))
    done = reload(host, COMMAND, [LOG], 5)
    assert done.error is None and done.lines == []
    assert done.before.result() == {"master": 71, "workers": [72], "stopping": []}
    assert done.after.result() == {"master": 71, "workers": [172], "stopping": [72]}


def test_refused_though_the_command_succeeds(host):
    scripted(host, lambda: append(host, EMERG % (71, 71, "host not found in upstream")))
    done = reload(host, COMMAND, [LOG], 5)
    assert "host not found in upstream" in done.error and "yesterday" not in done.error
    assert done.after.result()["workers"] == [72]


def test_complaint_of_another_nginx_is_not_a_refusal(host):
    scripted(
        host, lambda: append(host, EMERG % (99, 99, "somebody's nginx -t")), new_worker(host), old_worker_stops(host)
    )
    assert reload(host, COMMAND, [LOG], 5).error is None


def test_log_is_read_where_the_master_writes(host):
    """After a rotation the name belongs to another file, and only the master's descriptor leads to its log."""
    host.write("/rotated", "")
    name = host.path("/rotated")
    host.link("/proc/71/fd/5", name)
    scripted(host, lambda: append(host, EMERG % (71, 71, "refused"), "/rotated"))
    assert "refused" in reload(host, COMMAND, [name], 5).error


def test_old_workers_only_are_no_proof(host):
    scripted(host)
    assert reload(host, COMMAND, [LOG], 0).error == "no new workers after 0 seconds"


def test_a_new_worker_beside_an_old_one_that_serves_is_no_proof(host):
    scripted(host, new_worker(host))
    assert reload(host, COMMAND, [LOG], 0).error == "no new workers after 0 seconds"


@pytest.fixture
def signals(host, monkeypatch):
    """Signals that are sent; the old worker stops on one."""
    sent = []

    def kill(pid, number):
        sent.append((pid, number))
        old_worker_stops(host)()

    monkeypatch.setattr(nginx_reload.os, "kill", kill)
    monkeypatch.setattr(nginx_reload, "MASTER_ASKS", 0)
    return sent


def test_an_old_worker_that_its_master_cannot_reach_gets_a_signal_once(host, signals):
    scripted(host, new_worker(host))
    done = reload(host, COMMAND, [LOG], 5)
    assert (done.error, signals) == (None, [(72, signal.SIGQUIT)])
    assert done.after.result() == {"master": 71, "workers": [172], "stopping": [72]}


def test_an_old_worker_gets_no_signal_before_its_master_had_the_time(host, signals, monkeypatch):
    monkeypatch.setattr(nginx_reload, "MASTER_ASKS", 60)
    scripted(host, new_worker(host))
    assert reload(host, COMMAND, [LOG], 0.05).error and not signals


def test_an_old_worker_without_a_new_one_is_left_alone(host, signals):
    scripted(host)
    assert reload(host, COMMAND, [LOG], 0.05).error and not signals


def test_an_old_worker_is_left_alone_where_the_configuration_is_refused(host, signals):
    scripted(host, lambda: append(host, TRIED), new_worker(host))
    assert reload(host, COMMAND, [LOG], 0.05).error and not signals


def test_a_worker_that_is_gone_is_not_missed(host, signals, monkeypatch):
    def kill(pid, number):
        host.end(pid)
        raise ProcessLookupError

    monkeypatch.setattr(nginx_reload.os, "kill", kill)
    scripted(host, new_worker(host))
    assert reload(host, COMMAND, [LOG], 5).error is None


def test_bind_is_tried_again_by_nginx_and_waited_for(host):
    scripted(host, lambda: append(host, TRIED), new_worker(host), old_worker_stops(host))
    assert reload(host, COMMAND, [LOG], 5).error is None


def test_bind_that_fails_for_good(host):
    scripted(host, lambda: append(host, TRIED + EMERG % (71, 71, "still could not bind()")))
    assert "bind() to 0.0.0.0:80 failed" in reload(host, COMMAND, [LOG], 5).error


def test_command_that_fails(host):
    host.answers["reload"] = Ran(1, "", "nginx.service is not active, cannot reload.\n", None)
    assert (
        reload(host, ["systemctl", "reload", "nginx"], [LOG], 5).error
        == "systemctl reload nginx ended with 1: nginx.service is not active, cannot reload."
    )


def test_nginx_that_does_not_run_is_not_reloaded(host):
    host.end(71)
    assert reload(host, COMMAND, [LOG], 5).error == "nginx is not running"
    assert host.commands == []


def test_restart_took(host):
    scripted(
        host,
        lambda: host.end(71),
        lambda: host.end(72),
        lambda: host.process(171, MASTER, ticks=2000),
        new_worker(host, parent=171),
    )
    done = restart(host, ["systemctl", "restart", "nginx"], [LOG], 5)
    assert done.error is None
    assert (done.before.result()["master"], done.after.result()["master"]) == (71, 171)


def test_restart_by_the_same_master_is_none(host):
    scripted(host)
    assert restart(host, ["systemctl", "restart", "nginx"], [LOG], 0).error == "no new workers after 0 seconds"


def test_restart_that_fails_says_what_nginx_said(host):
    host.answers["restart"] = Ran(1, "", "Job for nginx.service failed.\n", None)
    host.answers["journalctl"] = Ran(
        0, "Starting\nnginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)\n", "", None
    )
    assert (
        restart(host, ["systemctl", "restart", "nginx"], [LOG], 5).error
        == "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)"
    )


def test_a_master_that_somebody_has_halted_is_named_at_once_and_gets_no_order(host):
    stat = host.path("/proc/71/stat")
    with open(stat, encoding="utf-8") as stream:
        text = stream.read()
    host.write("/proc/71/stat", text.replace(") S ", ") T "))
    assert "kill -CONT 71" in reload(host, COMMAND, [LOG], 5).error
    assert COMMAND not in host.commands
