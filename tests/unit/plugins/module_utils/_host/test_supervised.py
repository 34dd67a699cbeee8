# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of supervisord."""

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.supervised import programs
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_addresses import of_supervised
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

FILE = "/etc/supervisor/conf.d/shop.conf"


def addresses(host):
    return [[(one["address"], one["line"]) for one in of_supervised(host, program)] for program in programs(host)]


def test_a_program_as_a_unit_would_be_shown(tmp_path):
    host = FakeHost(tmp_path)
    host.write(
        FILE, "[group:a]\nprograms=shop\n[program:shop]\ncommand = gunicorn shop:app\nuser=shop\ndirectory=/srv/shop\n"
    )
    host.write("/var/log/supervisor/shop-stderr---supervisor-x1.log", "")
    (found,) = programs(host)
    assert (found.name, found.place) == ("shop", (FILE, 4))
    assert (found.properties["User"], found.properties["WorkingDirectory"]) == ("shop", "/srv/shop")
    assert found.logs == ["/var/log/supervisor/shop-stderr---supervisor-x1.log"]


def test_where_programs_listen(tmp_path):
    host = FakeHost(tmp_path)
    host.write(
        FILE,
        "[program:a]\nenvironment=NODE_ENV=\"production\",PORT='3005'\ncommand=node server.js\n\n[program:b]\ncommand=/usr/bin/npm start\ndirectory=/srv/b\n"
        "[program:c]\ncommand=php /srv/c/artisan octane:start --host=127.0.0.1 --port=8010\n[eventlistener:d]\ncommand=x --port 1\n[program:e]\nuser=x\n",
    )
    host.write("/srv/b/package.json", '{"scripts": {\n"start": "next start -p 3006"}}')
    assert addresses(host) == [[("tcp:0.0.0.0:3005", 3)], [("tcp:0.0.0.0:3006", 2)], [("tcp:127.0.0.1:8010", 9)]]


def test_a_host_without_supervisor_has_none(tmp_path):
    assert not list(programs(FakeHost(tmp_path)))


def test_a_program_of_several_processes_has_a_number_in_each_command(tmp_path):
    host = FakeHost(tmp_path)
    lines = "[program:t]\nnumprocs=2\nnumprocs_start=1\ncommand=python app.py --port=80%(process_num)02d ; two\n"
    host.write(FILE, lines)
    assert addresses(host) == [[("tcp:0.0.0.0:8001", 4)], [("tcp:0.0.0.0:8002", 4)]]


def test_the_socket_of_an_fcgi_program_is_supervisords_own(tmp_path):
    host = FakeHost(tmp_path)
    lines = (
        "[fcgi-program:asgi]\nsocket=tcp://localhost:8000\ncommand=daphne -u /run/d%(process_num)d.sock --fd 0 a:b\n"
    )
    host.write(FILE, lines)
    assert addresses(host) == [[("tcp:localhost:8000", 3), ("unix:/run/d0.sock", 3)]]
