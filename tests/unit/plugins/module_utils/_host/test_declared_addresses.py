# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a stopped service would listen."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import (
    apache_listens,
    declared_addresses,
    server_command,
    server_environment,
    server_files,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import Place
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

HERE = Place("/etc/systemd/system/app.service", 3)


@pytest.mark.parametrize(
    ("command", "addresses"),
    [
        ("/usr/bin/gunicorn --bind 127.0.0.1:8000 app:app", ["tcp:127.0.0.1:8000"]),
        (
            "/usr/bin/gunicorn -b unix:/run/app.sock --bind=:8001 app.wsgi:application",
            ["unix:/run/app.sock", "tcp:0.0.0.0:8001"],
        ),
        ("/usr/bin/gunicorn app:app", []),
        (
            "/usr/bin/uwsgi --http-socket :9090 --socket /run/uwsgi/app.socket -p 4 -b 32768",
            ["tcp:0.0.0.0:9090", "unix:/run/uwsgi/app.socket"],
        ),
        ("/usr/bin/uvicorn app:app --host 10.0.0.2 --port 8000", ["tcp:10.0.0.2:8000"]),
        ("/usr/bin/uvicorn app:app --uds /run/app.sock", ["unix:/run/app.sock"]),
        ("/usr/bin/puma -b tcp://[::1]:3000", ["tcp:[::1]:3000"]),
        ("/usr/bin/php -S localhost:8080 router.php", ["tcp:localhost:8080"]),
        ("/usr/bin/python3 -m http.server --bind 127.0.0.1 8000", ["tcp:127.0.0.1:8000"]),
        ("/usr/bin/python3 manage.py runserver 0:8000", ["tcp:0.0.0.0:8000"]),
        ("/usr/bin/node server.js --port=3000", ["tcp:0.0.0.0:3000"]),
        ("/usr/bin/worker --redis redis://db:6379/0 --pidfile /run/x.pid -p /run/y.pid 42", []),
        ("/usr/bin/app --port 99999", []),
        ("/usr/bin/app --port", []),
    ],
)
def test_addresses_among_the_arguments(command, addresses):
    found = server_command.of_command(command.split(), HERE)
    assert [entry["address"] for entry in found] == addresses
    assert all((entry["file"], entry["line"]) == HERE for entry in found)


def test_variables_are_filled_in_where_they_are_known():
    assert server_command.expand(["$PORT", "--bind=${HOST}:$PORT", "$OTHER"], {"PORT": "1", "HOST": "h"}) == [
        "1",
        "--bind=h:1",
        "$OTHER",
    ]


def of_environment(values):
    places = {name: Place("/etc/default/app", number) for number, name in enumerate(values, 1)}
    return server_environment.of_environment(server_environment.Environment(values, places), "app")


def test_port_in_the_environment_counts():
    assert of_environment({"HOME": "/", "PORT": "3000"}) == [
        {"address": "tcp:0.0.0.0:3000", "file": "/etc/default/app", "line": 2}
    ]
    assert of_environment({"PORT": "$(free)"}) == []
    assert of_environment({}) == []


@pytest.mark.parametrize(
    ("command", "name", "text", "addresses"),
    [
        (
            "gunicorn -c conf.py app:app",
            "/srv/app/conf.py",
            "import os\nbind = ['127.0.0.1:8000', \"unix:/run/a.sock\"]\n",
            ["tcp:127.0.0.1:8000", "unix:/run/a.sock"],
        ),
        (
            "uwsgi --ini /etc/uwsgi/app.ini",
            "/etc/uwsgi/app.ini",
            "[uwsgi]\nhttp-socket = :9090\n# socket = :1\n",
            ["tcp:0.0.0.0:9090"],
        ),
        ("uwsgi app.ini", "/srv/app/app.ini", "[uwsgi]\nsocket=9090\n", ["tcp:0.0.0.0:9090"]),
        ("gunicorn -c missing.py app:app", "/srv/app/other.py", "bind = ':1'", []),
    ],
)
def test_addresses_in_a_config_file(tmp_path, command, name, text, addresses):
    host = FakeHost(tmp_path)
    host.write(name, text)
    found = server_files.of_config_files(host, command.split(), "/srv/app", command.split()[0])
    assert [entry["address"] for entry in found] == addresses
    assert all((entry["file"], entry["line"]) == (name, 2) for entry in found)


class TestApache:
    @pytest.fixture
    def host(self, tmp_path):
        made = FakeHost(tmp_path)
        made.write(
            "/etc/apache2/apache2.conf",
            'Include mods-enabled/*.load\nInclude ports.conf\nIncludeOptional "sites-enabled/*.conf"\nInclude missing/*.conf\n',
        )
        made.write(
            "/etc/apache2/ports.conf",
            "# Listen 1\nListen 7080\n<IfModule ssl_module>\n\tListen 443\n</IfModule>\n<IfModule !mod_ssl.c>\nListen 81\n</IfModule>\n",
        )
        made.write(
            "/etc/apache2/sites-enabled/a.conf",
            "<VirtualHost *:7080>\nDocumentRoot /srv\n</VirtualHost>\nlisten [::1]:8081 https\n",
        )
        return made

    def test_listen_is_found_with_its_place(self, host):
        assert apache_listens.of_apache(host) == [
            {"address": "tcp:0.0.0.0:7080", "file": "/etc/apache2/ports.conf", "line": 2},
            {"address": "tcp:0.0.0.0:81", "file": "/etc/apache2/ports.conf", "line": 7},
            {"address": "tcp:[::1]:8081", "file": "/etc/apache2/sites-enabled/a.conf", "line": 4},
        ]

    def test_what_a_module_that_is_loaded_switches_on_counts(self, host):
        host.write("/etc/apache2/mods-enabled/ssl.load", "LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so\n")
        assert [entry["address"] for entry in apache_listens.of_apache(host)] == [
            "tcp:0.0.0.0:7080",
            "tcp:0.0.0.0:443",
            "tcp:[::1]:8081",
        ]

    def test_blocks_within_a_block_that_is_off_are_off(self, host):
        host.write(
            "/etc/apache2/ports.conf",
            "<IfModule no_module>\n<IfModule !also_no>\nListen 1\n</IfModule>\nListen 2\n</IfModule>\nListen 3\n",
        )
        assert [entry["address"] for entry in apache_listens.of_apache(host)] == ["tcp:0.0.0.0:3", "tcp:[::1]:8081"]

    def test_a_file_that_includes_itself_comes_to_an_end(self, host):
        host.write("/etc/apache2/ports.conf", "Include ports.conf\n")
        apache_listens.of_apache(host)
        assert host.unknown[0]["missing"] == "Listen directives of Apache"

    def test_a_host_without_apache_declares_nothing(self, tmp_path):
        assert apache_listens.of_apache(FakeHost(tmp_path)) == []


def test_tomcats_connectors_are_found_outside_comments(tmp_path):
    host = FakeHost(tmp_path)
    host.write(
        "/etc/tomcat10/server.xml",
        '<Server port="8005">\n<!-- <Connector\n port="1"/> -->\n<Connector\n  port="8080" protocol="HTTP/1.1"/>\n</Server>\n',
    )
    assert server_files.of_tomcat(host, "tomcat10") == [
        {"address": "tcp:0.0.0.0:8080", "file": "/etc/tomcat10/server.xml", "line": 4}
    ]


@given(some.one_of(some.text(max_size=80), some.from_regex(r"\A[\w.:\[\]/*]{0,20}(:\d{1,6}|[.]sock)\Z")))
def test_what_is_taken_for_an_address_is_one(text):
    found = declared_addresses.read_declared(text)
    assert found is None or found.path.startswith("/") or (found.host and 0 < found.port < 65536)
