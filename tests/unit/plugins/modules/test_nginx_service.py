# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module nginx_service."""

import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Ran
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.reload import Outcome, Running
from ansible_collections.webops.bad_gateway.plugins.modules import nginx_service
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.nginx_host import NginxHost
from ansible_collections.webops.bad_gateway.tests.unit.plugins.modules.run_module import run_module

NOTHING = Running(None, [])
TOOK = Outcome(None, [], NOTHING, NOTHING)
REFUSED = Outcome("[emerg] no", ["[emerg] no"], NOTHING, NOTHING)
RESTART = ["systemctl", "restart", "nginx"]


@pytest.fixture
def host(tmp_path, monkeypatch):
    host = NginxHost(tmp_path)
    host.write("/etc/nginx/nginx.conf", "events {}\n")
    host.process(71, "nginx: master process /usr/sbin/nginx -c /etc/nginx/nginx.conf")
    monkeypatch.setattr(nginx_service, "Host", lambda: host)
    return host


@pytest.fixture
def done(monkeypatch):
    """What was done, and how each kind of it ends."""
    outcomes = {"reload": TOOK, "restart": TOOK, "log": []}

    def doing(kind):
        def act(host, command, logs, timeout):
            outcomes["log"].append([kind] + command)
            return outcomes[kind]

        return act

    monkeypatch.setattr(nginx_service, "reload", doing("reload"))
    monkeypatch.setattr(nginx_service, "restart", doing("restart"))
    return outcomes


OWN = ["/usr/sbin/nginx", "-c", "/etc/nginx/nginx.conf", "-s", "reload"]


@pytest.mark.parametrize(
    "args, log",
    [
        ({}, [["reload"] + OWN]),
        ({"command": ["service", "nginx", "reload"]}, [["reload", "service", "nginx", "reload"]]),
        ({"state": "restarted", "command": RESTART}, [["reload"] + OWN, ["restart"] + RESTART]),
        ({"state": "restarted", "command": RESTART, "reload_first": False}, [["restart"] + RESTART]),
        ({"state": "started", "command": ["systemctl", "start", "nginx"]}, []),
    ],
)
def test_does_what_was_asked_for(monkeypatch, host, done, args, log):
    result = run_module(monkeypatch, nginx_service, args)
    assert done["log"] == log and result["changed"] is bool(log)
    assert result["test_command"] == OWN[:3] + ["-t", "-q"]


def test_starts_what_does_not_run(monkeypatch, host, done):
    host.end(71)
    assert run_module(monkeypatch, nginx_service, {"state": "started", "command": RESTART})["changed"]
    assert run_module(monkeypatch, nginx_service, {"state": "restarted", "command": RESTART})["changed"]
    assert done["log"] == [["restart"] + RESTART] * 2


@pytest.mark.parametrize("check", [False, True])
def test_unsound_configuration_is_left_alone(monkeypatch, host, done, check):
    host.answers["-t"] = Ran(1, "", 'nginx: [emerg] unknown directive "x" in /etc/nginx/nginx.conf:1\n', None)
    result = run_module(monkeypatch, nginx_service, {"state": "restarted", "command": RESTART}, check=check)
    assert result["failed"] and 'unknown directive "x"' in result["msg"] and result["test"]["where"]["line"] == 1
    assert done["log"] == []


def test_a_test_without_answer_is_not_trusted(monkeypatch, host, done):
    host.answers["-t"] = Ran(None, "", "", "nginx: no answer in 15 seconds")
    assert "no answer" in run_module(monkeypatch, nginx_service, {})["msg"]
    assert done["log"] == []


def test_check_mode_does_nothing(monkeypatch, host, done):
    result = run_module(monkeypatch, nginx_service, {}, check=True)
    assert result["changed"] and result["command"] == OWN and done["log"] == []


def test_refused_reload_fails_in_nginxs_words(monkeypatch, host, done):
    done["reload"] = REFUSED
    result = run_module(monkeypatch, nginx_service, {})
    assert (
        result["failed"] and result["msg"] == "nginx was not reloaded: [emerg] no" and result["log"] == ["[emerg] no"]
    )


def test_nginx_is_not_ended_where_it_refuses_a_reload(monkeypatch, host, done):
    done["reload"] = REFUSED
    assert run_module(monkeypatch, nginx_service, {"state": "restarted", "command": RESTART})["failed"]
    assert done["log"] == [["reload"] + OWN]


def test_nginx_that_does_not_run_or_is_not_there(monkeypatch, host, done):
    host.end(71)
    assert "does not run" in run_module(monkeypatch, nginx_service, {})["msg"]
    os.unlink(host.path("/usr/sbin/nginx"))
    assert run_module(monkeypatch, nginx_service, {})["msg"] == "There is no nginx on this host."
    assert done["log"] == []
