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
        ("http_bind_address = 127.0.0.1:9004\n", ("tcp:127.0.0.1:9004", 1)),
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


def gogs(host, lines, name="gogs"):
    host.write("/etc/init.d/" + name, "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: x\n### END INIT INFO\n" + lines)
    shown = "{ path=/etc/init.d/%s ; argv[]=/etc/init.d/%s start ; ignore_errors=no ; start_time=[n/a] }" % (name, name)
    return unit_addresses.of_service(host, {"Id": name + ".service", "ExecStart": shown, "WorkingDirectory": ""})


@pytest.mark.parametrize(
    "start",
    [
        "",
        'case "$1" in\nstart) start-stop-daemon --start --chdir $WORKINGDIR --exec $DAEMON -- $DAEMON_ARGS ;;\nesac\n',
    ],
)
def test_the_program_of_an_init_script_is_known_by_its_variables(tmp_path, start):
    host = FakeHost(tmp_path)
    host.write("/home/git/gogs/custom/conf/app.ini", "[server]\nHTTP_PORT = 6000\n")
    lines = 'NAME=gogs\nWORKINGDIR=/home/git/gogs\nDAEMON=$WORKINGDIR/$NAME\nDAEMON_ARGS="web"\n' + start
    assert gogs(host, lines) == [
        {"address": "tcp:0.0.0.0:6000", "file": "/home/git/gogs/custom/conf/app.ini", "line": 2}
    ]


def test_a_script_without_such_a_program_says_nothing(tmp_path):
    assert gogs(FakeHost(tmp_path), "PATH=/bin\necho started\n", "shop") == []


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


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("server:\n  http_listen_port: 3100\n  grpc_listen_port: 9096\n", [("tcp:0.0.0.0:3100", 2)]),
        ('listener "tcp" {\n  address = "127.0.0.1:8200"\n}\n', [("tcp:127.0.0.1:8200", 2)]),
        ('storage "raft" {\n  address = "127.0.0.1:8300"\n}\n', []),
        ('{\n "redis_cache": "redis://127.0.0.1:13000",\n "socketio_port": 9000\n}\n', [("tcp:0.0.0.0:9000", 3)]),
    ],
)
def test_settings_of_loki_vault_and_frappe(text, found):
    assert said(text) == found


@pytest.mark.parametrize(
    ("program", "path", "of_settings", "found"),
    [
        ("/opt/keycloak-26.0.1/bin/kc.sh", "/opt/keycloak-26.0.1/conf/keycloak.conf", "", True),
        ("/opt/shop/bin/linux-x86-64/shop", "/opt/shop/etc/shop.properties", "", True),
        ("/usr/local/bin/kc.sh", "/usr/local/conf/keycloak.conf", "", False),
        ("/usr/bin/node", "/var/www/peertube/config/production.conf", "/var/www/peertube/config", True),
        ("/opt/AdGuardHome/AdGuardHome", "/opt/AdGuardHome/AdGuardHome.conf", "", True),
    ],
)
def test_settings_beside_the_bin_of_a_program_or_in_the_folder_that_the_environment_names(
    tmp_path, program, path, of_settings, found
):
    host = FakeHost(tmp_path)
    host.write(path, "http-port=8180\n")
    addresses = own_config.of_own_config(host, [program, "start"], "", of_settings)
    assert [(one["address"], one["file"]) for one in addresses] == ([("tcp:0.0.0.0:8180", path)] if found else [])


@pytest.mark.parametrize("service", ["shop", "shop-server"])
@pytest.mark.parametrize(
    "path", ["/etc/shop/main.yml", "/etc/shop.conf", "/etc/shop/config", "/etc/shop/server/server.conf"]
)
def test_files_below_etc_that_bear_a_services_name_are_its_own(tmp_path, path, service):
    host = FakeHost(tmp_path)
    host.write(path, "port: 6000\n")
    found = own_config.of_own_config(host, ["/usr/sbin/shopd"], "", "", service)
    assert [(one["address"], one["file"]) for one in found] == [("tcp:0.0.0.0:6000", path)]
    assert own_config.of_own_config(host, ["/usr/sbin/shopd"], "") == []


def test_a_dash_of_yaml_begins_no_section():
    text = "listen:\n  -\n    port: 5222\n    module: a\n  -\n    port: 5280\ndb:\n  -\n    port: 5000\n"
    assert [address for address, _line in said(text)] == ["tcp:0.0.0.0:5222", "tcp:0.0.0.0:5280"]
