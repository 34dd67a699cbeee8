# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that users keep running themselves, by their own systemd or pm2."""

import json

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.user_programs import user_programs
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

UNIT = "/home/deploy/.config/systemd/user/puma.service"
DUMP = "/home/deploy/.pm2/dump.pm2"


@pytest.fixture(name="host")
def _host(tmp_path):
    made = FakeHost(tmp_path)
    made.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\ndeploy:x:1000:1000::/home/deploy:/bin/sh\nbroken\n")
    made.process(1, "/sbin/init")
    return made


def seen(host):
    return user_programs(host, Processes(host))


def test_a_service_of_his_own_systemd(host):
    host.write(UNIT, '[Service]\nEnvironment=PORT=8317\nEnvironment="A=b c"\nExecStart=%h/shop/puma -e production\n')
    assert seen(host) == [
        {
            "manager": "systemd",
            "name": "puma.service",
            "user": "deploy",
            "managed": False,
            "at_boot": False,
            "runs": None,
            "last_words": [],
            "unit": None,
            "file": UNIT,
            "declares": [{"address": "tcp:0.0.0.0:8317", "file": UNIT, "line": 2}],
        }
    ]


def test_a_systemd_of_his_that_runs_and_lingers(host):
    host.write(UNIT, "[Service]\nExecStart=/usr/bin/gunicorn \\\n --bind 127.0.0.1:8000 shop:app\n")
    host.write("/var/lib/systemd/linger/deploy", "")
    host.process(90, "/lib/systemd/systemd --user", uid=1000)
    (one,) = seen(host)
    assert (one["managed"], one["at_boot"]) == (True, True)
    assert [at["address"] for at in one["declares"]] == ["tcp:127.0.0.1:8000"]


def test_a_container_file_of_his(host):
    path = "/home/deploy/.config/containers/systemd/shop.container"
    host.write(path, "[Container]\nImage=shop\nPublishPort=127.0.0.1:8085:80\nPublishPort=8443:443\n")
    host.write("/home/deploy/.config/containers/systemd/shop.network", "[Network]\n")
    (one,) = seen(host)
    assert (one["name"], one["manager"], one["file"]) == ("shop.service", "systemd", path)
    assert [at["address"] for at in one["declares"]] == ["tcp:127.0.0.1:8085", "tcp:0.0.0.0:8443"]


def test_what_is_nested_too_deeply_for_a_parser_is_no_program(host):
    host.write(DUMP, "[" * 100000 + "]" * 100000)
    assert seen(host) == []


def test_what_pm2_has_saved(host):
    saved = [
        {"name": "shop", "pm_exec_path": "/srv/shop/server.js", "env": {"PORT": 3000, "other": {}}},
        {"name": "api", "pm_exec_path": "/srv/api/server.js", "args": ["--port", "4000"]},
        {"name": "worker", "pm_exec_path": "/srv/shop/worker.js", "args": "--queue mail"},
        {"name": "x; rm -rf /", "pm_exec_path": "/srv/x"},
        "nothing",
    ]
    host.write(DUMP, json.dumps(saved))
    host.process(90, "PM2 v5.3.0: God Daemon (/home/deploy/.pm2)", uid=1000)
    found = [
        (one["name"], one["managed"], one["at_boot"], [at["address"] for at in one["declares"]]) for one in seen(host)
    ]
    assert found == [
        ("shop", True, False, ["tcp:0.0.0.0:3000"]),
        ("api", True, False, ["tcp:0.0.0.0:4000"]),
        ("worker", True, False, []),
    ]


NEXT = {
    "name": "next",
    "pm_exec_path": "/usr/bin/npm",
    "args": ["start"],
    "pm_cwd": "/srv/next",
    "pm_err_log_path": "/home/deploy/.pm2/logs/next-error.log",
}


def test_where_a_program_of_pm2_listens_is_read_as_that_of_a_unit_is(host):
    host.write(DUMP, json.dumps([NEXT, {"name": "api", "pm_exec_path": "/srv/api/server.js", "pm_cwd": "/srv/api"}]))
    host.write("/srv/next/package.json", '{"scripts": {"start": "next start"}}')
    host.write("/srv/api/.env", "PORT=4000\n")
    assert [[at["address"] for at in one["declares"]] for one in seen(host)] == [
        ["tcp:0.0.0.0:3000"],
        ["tcp:0.0.0.0:4000"],
    ]


def test_whether_a_program_of_pm2_runs_and_what_it_said_where_it_does_not(host):
    said = "Error: Could not find a production build in the '.next' directory."
    host.write(DUMP, json.dumps([NEXT]))
    host.write("/home/deploy/.pm2/logs/next-error.log", said + "\n    at x\n")
    host.process(90, "PM2 v5.3.0: God Daemon (/home/deploy/.pm2)", uid=1000)
    host.process(91, "node /srv/next/node_modules/.bin/next start", uid=1000)
    ((runs, words),) = [(one["runs"], one["last_words"]) for one in seen(host)]
    assert (runs, words) == (False, ["/home/deploy/.pm2/logs/next-error.log: " + said])
    host.link("/proc/91/cwd", "/srv/next")
    ((runs, words),) = [(one["runs"], one["last_words"]) for one in seen(host)]
    assert (runs, words) == (True, [])


def test_whether_pm2_starts_a_program_anew_when_its_files_change(host):
    saved = [{"name": name, "watch": watch} for name, watch in (("a", True), ("b", ["src"]), ("c", False))]
    host.write(DUMP, json.dumps([*saved, {"name": "d"}]))
    assert [one["watch"] for one in seen(host)] == [True, True, False, False]


def test_the_unit_that_starts_pm2(host):
    host.write(DUMP, json.dumps([{"name": "shop", "env": {"PORT": 3000}}]))
    host.write("/etc/systemd/system/pm2-deploy.service", "")
    host.link("/etc/systemd/system/multi-user.target.wants/pm2-deploy.service", "../pm2-deploy.service")
    (one,) = seen(host)
    assert (one["unit"], one["at_boot"]) == ("pm2-deploy.service", True)


@pytest.mark.parametrize("text", ["", "no JSON", "{}", "null"])
def test_files_that_say_nothing(host, text):
    host.write(DUMP, text)
    host.write("/home/deploy/.config/systemd/user/with blank.service", "[Service]\n")
    assert seen(host) == []
