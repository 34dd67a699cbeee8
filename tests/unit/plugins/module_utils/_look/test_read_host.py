# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All sections of the contract are read on any host, and the logs that can blame somebody."""

import json
import os
import re

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look import read_host as look_read_host
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.read_host import log_sources, read_host
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.nginx_host import NginxHost

CONTRACT = os.path.join(os.path.dirname(os.path.abspath(__file__)), *[os.pardir] * 5, "docs", "facts.md")
KERNEL = ("kernel", "kernel")
ERRORS = ("/var/log/nginx/error.log", "nginx")


def promised():
    """Sections of the contract: those that are read, and those that are asked for."""
    with open(CONTRACT, encoding="utf-8") as stream:
        first, second = stream.read().split("```")[1].split("# where nginx runs")
    return [set(re.findall(r"^([a-z_]+):", text, re.MULTILINE)) for text in (first, second)]


@pytest.mark.parametrize("kind", [FakeHost, NginxHost])
def test_all_sections_are_there_on_any_host(kind, tmp_path):
    host = kind(tmp_path)
    facts = read_host(host, 3600)
    assert set(facts) == promised()[0]
    assert promised()[1] == {"reach", "names", "answers", "beside", "inside"}
    assert (facts["nginx"] is None) is (kind is FakeHost)
    assert facts["php_fpm"] == []
    assert "log kernel" in [one["missing"] for one in host.unknown]
    assert all(entry["why"] for entry in host.unknown)
    json.dumps(facts)


def test_arguments_of_programs_are_left_out(tmp_path, monkeypatch):
    unit = {"exec": ["/usr/bin/app", "--password=s3cret"]}
    monkeypatch.setattr(
        look_read_host.host_units, "unit_facts", lambda *_: {"app.service": unit, "old.service": {"exec": []}}
    )
    monkeypatch.setattr(look_read_host.host_units, "own_sockets", lambda *_: None)
    facts = read_host(FakeHost(tmp_path), 3600)
    assert [one["exec"] for one in facts["units"].values()] == [["/usr/bin/app"], []]


def test_daemons_in_containers_are_said(tmp_path):
    host = FakeHost(tmp_path)
    host.process(1, "/sbin/init", parent=0)
    host.process(7, "php-fpm: master process (a)", name="php-fpm", cgroup="0::/lxc.payload.shop/php.service\n")
    host.link("/proc/7/ns/pid", "pid:[9]")
    host.link("/proc/self/ns/pid", "pid:[1]")
    facts = read_host(host, 3600)
    assert {"missing": "PHP-FPM", "why": "PHP-FPM runs in container shop (lxc), pid 7, not looked into"} in facts[
        "unknown"
    ]


def nginx(*logs, unit="nginx.service", master=True, other_logs=()):
    return {
        "error_logs": list(logs),
        "other_logs": list(other_logs),
        "unit": unit,
        "master": {"pid": 71} if master else None,
    }


def fpm(log="/var/log/fpm.log", unit="php-fpm.service", master=True):
    return {"error_log": log, "unit": unit, "master": {"pid": 70} if master else None}


@pytest.mark.parametrize(
    "server,fpms,sources",
    [
        (None, [], [KERNEL]),
        (nginx("/var/log/nginx/error.log"), [], [ERRORS, KERNEL]),
        (nginx("/a", "/b"), [], [("/a", "nginx"), ("/b", "nginx"), KERNEL]),
        # why it does not run stands in its unit's journal only
        (nginx("/a", master=False), [], [("/a", "nginx"), ("nginx.service", "unit:nginx.service"), KERNEL]),
        (nginx("/a", master=False, unit=None), [], [("/a", "nginx"), KERNEL]),
        (None, [fpm()], [("/var/log/fpm.log", "php_fpm"), KERNEL]),
        (
            None,
            [fpm(master=False)],
            [("/var/log/fpm.log", "php_fpm"), ("php-fpm.service", "unit:php-fpm.service"), KERNEL],
        ),
        (None, [fpm(None)], [("php-fpm.service", "unit:php-fpm.service"), KERNEL]),
        (None, [fpm(None, None)], [KERNEL]),
        # an init script has no journal
        (None, [fpm(unit="php8.2-fpm", master=False)], [("/var/log/fpm.log", "php_fpm"), KERNEL]),
        (None, [fpm(), fpm()], [("/var/log/fpm.log", "php_fpm"), KERNEL]),
    ],
)
def test_which_logs_are_read(server, fpms, sources, tmp_path):
    assert log_sources(server, fpms, None, FakeHost(tmp_path)) == sources


@pytest.mark.parametrize(
    "target,unit,source,unseen",
    [
        ("stderr", "nginx.service", [("nginx.service", "nginx")], []),
        ("syslog:server=unix:/dev/log,nohostname", "nginx.service", [("nginx.service", "nginx")], []),
        ("stderr", None, [], ["log stderr"]),
        ("syslog:server=10.0.0.9", "nginx.service", [], ["log syslog:server=10.0.0.9"]),
    ],
)
def test_what_nginx_does_not_write_to_a_file_is_read_in_the_journal_or_unknown(target, unit, source, unseen, tmp_path):
    host = FakeHost(tmp_path)
    assert log_sources(nginx(unit=unit, other_logs=[target]), [], None, host) == [*source, KERNEL]
    assert [one["missing"] for one in host.unknown] == unseen


def test_the_audit_log_speaks_for_the_kernel(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/var/log/audit/audit.log", "")
    assert log_sources(None, [], None, host) == [KERNEL, ("/var/log/audit/audit.log", "kernel")]


def test_uwsgi_says_in_its_units_journal_why_it_hangs_up(tmp_path):
    owners = [("uwsgi", "shop.service"), ("uwsgi-core", None), (None, None), ("nginx", "nginx.service")]
    listeners = [{"process": process, "unit": unit} for process, unit in owners]
    expected = [("shop.service", "unit:shop.service"), KERNEL]
    assert log_sources(None, [], {"tcp": listeners, "unix": listeners[:1]}, FakeHost(tmp_path)) == expected


@pytest.mark.parametrize(("process", "unit"), [("gunicorn", "shop.service"), ("ruby", "puma.service")])
def test_servers_with_workers_say_in_their_units_journal_that_they_end_one(tmp_path, process, unit):
    listeners = {"tcp": [{"process": process, "unit": unit}], "unix": []}
    assert log_sources(None, [], listeners, FakeHost(tmp_path)) == [(unit, "unit:" + unit), KERNEL]


def test_the_process_that_holds_nginxs_logs():
    assert [look_read_host.master_pid(one) for one in (None, nginx(master=False), nginx())] == [None, None, 71]
