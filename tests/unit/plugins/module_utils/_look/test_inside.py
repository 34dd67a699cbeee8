# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The look into containers, here at this very process: its root is the host's, and its network is not entered."""

import json
import os
import time

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Process
from ansible_collections.webops.bad_gateway.plugins.module_utils._look import inside
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.inside import look_inside
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

LINE = "%s [error] 29#29: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 172.18.0.1, server: , "
LINE += 'request: "GET / HTTP/1.1", upstream: "http://127.0.0.1:3000/", host: "shop.example"\n'


def npm(**more):
    """A container in which this process runs, whichever that is by now: each test may have one of its own."""
    inside_it = [{"name": "PHP-FPM", "pid": 2}, {"name": "nginx", "pid": os.getpid()}]
    return {"engine": "docker", "name": "npm", "inside": inside_it, "log": None, **more}


@pytest.fixture
def conf(tmp_path, monkeypatch):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "nginx.conf").write_text(
        "error_log %s/error.log; events {} http { include conf.d/*.conf; }" % tmp_path, encoding="utf-8"
    )
    (tmp_path / "conf.d/default.conf").write_text("server { location / { proxy_pass http://127.0.0.1:3000; } }")
    (tmp_path / "error.log").write_text(LINE % time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime()), encoding="utf-8")
    title = "nginx: master process nginx -c %s/nginx.conf" % tmp_path

    class Only:
        def __init__(self, host):
            self.by_pid = {os.getpid(): Process(host, os.getpid(), 1, "nginx", "S", 0.0, title.split(" "))}

        def children_of(self, _pid):
            return []

    monkeypatch.setattr(inside, "Processes", Only)
    monkeypatch.setattr(inside, "_enter", lambda _host, _processes, _master: {"tcp": [], "unix": []})
    monkeypatch.setenv("TZ", "UTC0")
    return tmp_path


def facts_with(*containers):
    return {"containers": list(containers), "clock": {"now": 0.0}, "system": {"addresses": ["10.0.0.1"]}, "unknown": []}


def test_its_files_and_its_log_are_read(conf):
    host = Host()
    asked = conf / "asked"
    (found,) = look_inside(
        host, facts_with(npm()), 3600, lambda _root, facts: asked.write_text(facts["container"]["name"])
    )
    assert asked.read_text() == "npm"
    (route,) = found["nginx"]["config"]["routes"]
    assert (route["peers"], route["pass"]["place"]) == (
        ["tcp:127.0.0.1:3000"],
        {"file": "%s/conf.d/default.conf" % conf, "line": 1},
    )
    assert [one["signature"] for one in found["log"]["records"]] == ["backend_port_closed"]
    assert found["nginx"]["test"]["sound"] is None
    assert found["containers"] == []
    assert host.unknown == []


def test_the_log_of_its_engine_is_read_where_it_prints_its_own(conf):
    os.rename(str(conf / "error.log"), str(conf / "5f-json.log"))
    engine = npm(log="%s/5f-json.log" % conf)
    (found,) = look_inside(Host(), facts_with(engine), 3600, lambda _root, _facts: None)
    assert found["nginx"]["error_logs"] == [engine["log"]]
    assert [one["signature"] for one in found["log"]["records"]] == ["backend_port_closed"]


def test_why_one_is_not_looked_into_is_said(conf):
    host = Host()

    def fail(_root, _facts):
        raise ValueError("no")

    assert look_inside(host, facts_with(npm()), 3600, fail) == []
    why = "nginx runs in container npm (docker), pid %d, not looked into: ValueError: no" % os.getpid()
    assert host.unknown == [{"missing": "nginx", "why": why}]


def test_without_any_nothing_is_done():
    assert look_inside(Host(), facts_with(npm(inside=[])), 3600, None) == []


@pytest.mark.parametrize(
    "environment, link, zone",
    [
        ("A=1\0TZ=Europe/Zurich\0", None, "Europe/Zurich"),
        ("", "/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
        ("TZ=/etc/shadow", None, "UTC0"),
        ("", None, "UTC0"),
    ],
)
def test_its_log_is_read_in_its_own_zone(tmp_path, monkeypatch, environment, link, zone):
    monkeypatch.setenv("TZ", "America/Lima")
    monkeypatch.setattr(inside.time, "tzset", lambda: None)
    host, root = FakeHost(tmp_path / "host"), FakeHost(tmp_path / "root")
    host.write("/proc/7/environ", environment)
    if link:
        root.link("/etc/localtime", link)
        root.write(link, "")
    inside._set_zone(host, root, 7)
    assert os.environ["TZ"] == zone


def test_what_its_php_fpm_logs_is_read(conf, monkeypatch):
    said = time.strftime(
        "[%d-%b-%Y %H:%M:%S] WARNING: [pool www] child 7 exited on signal 11 (SIGSEGV) after 1.0 seconds from start\n",
        time.gmtime(),
    )
    (conf / "fpm.log").write_text(said)
    (conf / "7a-json.log").write_text(json.dumps({"log": said}) + "\n")
    mine = {"path": "%s/fpm.sock" % conf, "process": "php-fpm8.2", "log": "%s/fpm.log" % conf}
    monkeypatch.setattr(inside, "_enter", lambda _host, _processes, _master: {"tcp": [], "unix": [mine]})
    other = {**npm(log="%s/7a-json.log" % conf), "name": "php", "inside": [{"name": "PHP-FPM", "pid": 3}]}
    (found,) = look_inside(Host(), facts_with(npm(), other), 3600, lambda _root, _facts: None)
    crashes = [one["source"] for one in found["log"]["records"] if one["signature"] == "worker_segfault"]
    assert sorted(crashes) == ["%s/7a-json.log" % conf, "%s/fpm.log" % conf]
    assert found["listeners"]["unix"][0]["file"]["exists"] is False
