# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where programs that are not known listen, by their own files; and what in these says where they connect to."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import own_config, unit_addresses
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


def said(text, path="config.yml"):
    return [(one["address"], one["line"]) for one in own_config.of_text(text, path)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[database]\nport = 1234\n[server]\nHTTP_ADDR = 127.0.0.1\nHTTP_PORT = 6000\n", ("tcp:127.0.0.1:6000", 5)),
        ('Port = "4544"\nAddress = "127.0.0.1"\n', ("tcp:0.0.0.0:4544", 1)),
        ('base-url: http://x:80\nlisten-http: ":2586"\n', ("tcp:0.0.0.0:2586", 2)),
        ('service:\n  interface: ":3456"\nmailer:\n  port: 2525\n', ("tcp:0.0.0.0:3456", 2)),
        ("http:\n  pprof:\n    port: 6060\n  address: 0.0.0.0:3000\n", ("tcp:0.0.0.0:3000", 4)),
        ('{\n "redis": {\n  "port": 6380\n },\n "port": 4567\n}\n', ("tcp:0.0.0.0:4567", 5)),
        ("listen = unix:/run/shop/shop.sock\n", ("unix:/run/shop/shop.sock", 1)),
    ],
)
def test_a_plain_setting_says_where_a_program_listens(text, found):
    assert said(text) == [found]


@pytest.mark.parametrize(
    "text",
    [
        "port = 5432\n",
        "[smtp]\nport = 2525\n",
        "db:\n  server:\n    port: 7000\n",
        "ssh_port: 2222\n",
        "address: db.example.org:7000\n",
        "port: ${PORT:8080}\n",
        "listen: no\n",
    ],
)
def test_what_it_connects_to_or_leaves_open_says_nothing(text):
    assert said(text) == []


def gogs(host, lines):
    host.write("/etc/init.d/gogs", "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: gogs\n### END INIT INFO\n" + lines)
    shown = "{ path=/etc/init.d/gogs ; argv[]=/etc/init.d/gogs start ; ignore_errors=no ; start_time=[n/a] }"
    return unit_addresses.of_service(host, {"Id": "gogs.service", "ExecStart": shown, "WorkingDirectory": ""})


def test_the_program_of_an_init_script_is_known_by_its_variables(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/home/git/gogs/custom/conf/app.ini", "[server]\nHTTP_PORT = 6000\n")
    lines = 'NAME=gogs\nWORKINGDIR=/home/git/gogs\nDAEMON=$WORKINGDIR/$NAME\nDAEMON_ARGS="web"\n'
    assert gogs(host, lines) == [
        {"address": "tcp:0.0.0.0:6000", "file": "/home/git/gogs/custom/conf/app.ini", "line": 2}
    ]


def test_a_script_without_such_a_program_says_nothing(tmp_path):
    assert gogs(FakeHost(tmp_path), "PATH=/bin\necho started\n") == []


def test_files_of_the_system_and_of_helpers_are_nobodys(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/usr/bin/config.yml", "port: 6000\n")
    host.write("/srv/shop/config.yml", "port: 6000\n")
    assert own_config.of_own_config(host, ["/usr/bin/tool"], "") == []
    assert own_config.of_own_config(host, ["/usr/bin/celery", "-A", "shop"], "/srv/shop") == []
    assert own_config.of_own_config(host, ["/usr/bin/tool"], "/srv/shop") != []


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("application.properties", "management.server.port=9001\nspring.redis.port=6390\nserver.port=8085\n", 3),
        (
            "config/application.yml",
            "spring:\n  redis:\n    port: 6390\nserver:\n  servlet:\n    context-path: /shop\n  port: 8085\n",
            7,
        ),
    ],
)
def test_a_script_that_starts_spring_listens_where_the_properties_beside_it_say(tmp_path, name, text, line):
    host = FakeHost(tmp_path)
    host.write("/opt/shop/" + name, text)
    found = own_config.of_own_config(host, ["/opt/shop/bin/start.sh"], "/opt/shop")
    assert [(one["address"], one["line"]) for one in found] == [("tcp:0.0.0.0:8085", line)]
