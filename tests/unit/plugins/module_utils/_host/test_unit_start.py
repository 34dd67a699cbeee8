# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known beforehand of a start that would fail."""

import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_start import Surroundings, start_problems
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

FRAGMENT = "/etc/systemd/system/shop.service"
OWN = ["127.0.0.1", "10.0.0.1"]


@pytest.fixture(name="host")
def _host(tmp_path):
    made = FakeHost(tmp_path)
    made.write(FRAGMENT, "[Service]\nUser=shop\nWorkingDirectory=/srv/shop\nExecStart=/srv/shop/run --port 80\n")
    made.write("/etc/passwd", "root:x:0:0::/:\nshop:x:999:999::/:\n")
    made.write("/etc/group", "root:x:0:\nshop:x:999:\n")
    made.program("/srv/shop/run")
    return made


def problems(host, declares=(), command="/srv/shop/run --port 80", listens=False, **more):
    shown = "{ path=%s ; argv[]=%s ; ignore_errors=no ; start_time=[n/a] }" % (command.split()[0], command)
    properties = {"Id": "shop.service", "LoadState": "loaded", "FragmentPath": FRAGMENT, "ExecStart": shown}
    properties.update({"User": "shop", "WorkingDirectory": "/srv/shop"}, **more)
    declared = [{"address": address, "file": "/etc/shop.conf", "line": 5} for address in declares]
    return start_problems(host, properties, declared, Surroundings(OWN, Accounts(host), listens))


def test_where_all_is_there_nothing_is_said(host):
    assert problems(host, ["tcp:0.0.0.0:80", "tcp:127.0.0.2:81", "tcp:10.0.0.1:82", "tcp:localhost:83"]) == []


def test_a_program_that_is_gone_is_named_with_its_line(host):
    assert problems(host, command="/srv/shop/venv/bin/gunicorn a:b") == [
        {
            "setting": "ExecStart",
            "problem": "the program /srv/shop/venv/bin/gunicorn is not there",
            "exit_status": 203,
            "command": None,
            "missing": {"kind": "program", "path": "/srv/shop/venv/bin/gunicorn", "version": None},
            "file": FRAGMENT,
            "line": 4,
        }
    ]


def test_a_program_has_to_be_one_that_can_run(host):
    host.write("/srv/shop/plain", "#!/bin/sh\n")
    host.write("/srv/shop/moved", "#!/srv/old/venv/bin/python3\n")
    host.write("/srv/shop/windows", "")
    host.write("/bin/sh", "")
    for name in ("moved", "windows"):
        os.chmod(host.path("/srv/shop/" + name), 0o700)
    with open(host.path("/srv/shop/windows"), "wb") as stream:
        stream.write(b"#!/bin/sh\r\necho\r\n")
    host.link("/srv/shop/link", "/srv/nowhere")
    found = {name: problems(host, command="/srv/shop/" + name)[0] for name in ("plain", "moved", "windows", "link")}
    assert {name: one["problem"] for name, one in found.items()} == {
        "plain": "the program /srv/shop/plain is not executable",
        "moved": "/srv/shop/moved is to be run by /srv/old/venv/bin/python3, which is not there",
        "windows": "the first line of /srv/shop/windows ends as on Windows (\\r): there is no such interpreter",
        "link": "the link /srv/shop/link leads to /srv/nowhere, which is not there",
    }
    assert found["plain"]["command"] == "chmod +x /srv/shop/plain"
    assert found["windows"]["command"] == "sed -i 's/\\r$//' /srv/shop/windows"


def test_a_virtual_environment_of_another_python_is_named(host):
    host.write("/srv/shop/venv/pyvenv.cfg", "version = 3.9.2\n")
    host.write("/srv/shop/venv/lib/python3.9/site-packages/gunicorn/__init__.py", "")
    host.program("/usr/bin/python3.11")
    host.program("/srv/shop/venv/bin/gunicorn")
    host.link("/srv/shop/venv/bin/python3", "/usr/bin/python3.11")
    (found,) = problems(host, command="/srv/shop/venv/bin/gunicorn a:b")
    assert "was made with Python 3.9, and its bin/python3 is Python 3.11" in found["problem"]
    assert (found["setting"], found["exit_status"], found["line"]) == ("ExecStart", None, 4)
    assert found["missing"] == {"kind": "environment", "path": "/srv/shop/venv", "version": "3.9"}


def test_a_failure_that_is_to_be_ignored_is_none(host):
    shown = "{ path=/nope ; argv[]=/nope ; ignore_errors=yes ; start_time=[n/a] }"
    assert problems(host, ExecStartPre=shown) == []
    assert problems(host, ExecStartPre=shown.replace("=yes", "=no"))[0]["setting"] == "ExecStartPre"


@pytest.mark.parametrize(
    ("more", "problem", "status", "command"),
    [
        ({"User": "gone"}, "there is no user gone", 217, "useradd --system --no-create-home gone"),
        ({"Group": "gone"}, "there is no group gone", 216, "groupadd --system gone"),
        (
            {"WorkingDirectory": "/srv/gone"},
            "there is no folder /srv/gone",
            200,
            "install -d -o shop -g shop -m 0755 /srv/gone",
        ),
        ({"EnvironmentFiles": "/etc/gone (ignore_errors=no)"}, "there is no file /etc/gone", None, None),
        (
            {"ReadWritePaths": "-/a /srv/gone"},
            "there is no /srv/gone",
            226,
            "install -d -o shop -g shop -m 0755 /srv/gone",
        ),
    ],
)
def test_what_a_unit_names_has_to_be_there(host, more, problem, status, command):
    (found,) = problems(host, **more)
    assert (found["problem"], found["exit_status"], found["command"]) == (problem, status, command)


@pytest.mark.parametrize(
    "more",
    [
        {"User": "1234", "Group": "1234"},
        {"User": "gone", "DynamicUser": "yes"},
        {"WorkingDirectory": "!/srv/shop"},
        {"WorkingDirectory": "/run/shop", "RuntimeDirectory": "shop"},
        {"EnvironmentFiles": "/etc/gone (ignore_errors=yes)"},
        {"User": "gone", "RootDirectory": "/srv/root"},
    ],
)
def test_what_systemd_does_without_or_makes_itself_is_no_problem(host, more):
    assert problems(host, **more) == []


def test_a_unit_file_that_systemd_refuses(host):
    (found,) = problems(host, LoadState="bad-setting", LoadError='org.freedesktop "Unit has no ExecStart="')
    assert found["problem"] == "systemd refuses the unit file: Unit has no ExecStart="


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("/usr/bin/python3 app.py", "there is no /srv/shop/app.py for python3 to run"),
        ("/usr/bin/java -Xmx1g -jar shop.jar", "there is no /srv/shop/shop.jar for java to run"),
        ("/usr/bin/node /srv/shop/server.js", "there is no /srv/shop/server.js for node to run"),
    ],
)
def test_what_an_interpreter_is_given_has_to_be_there(host, command, problem):
    host.write(command.split()[0], "")
    os.chmod(host.path(command.split()[0]), 0o700)
    assert [one["problem"] for one in problems(host, command=command)] == [problem]
    host.write("/srv/shop/" + problem.split()[3].rpartition("/")[2], "")
    assert problems(host, command=command) == []


def test_sockets_need_their_folder_and_addresses_their_host(host):
    found = problems(host, ["unix:/run/shop/a.sock", "tcp:10.0.0.9:80", "tcp:[2001:db8::1]:80"])
    assert [(one["problem"], one["command"]) for one in found] == [
        ("there is no folder /run/shop for its socket", "install -d -o shop -g shop -m 0755 /run/shop"),
        ("the host has no address 10.0.0.9", "ip -brief address"),
        ("the host has no address 2001:db8::1", "ip -brief address"),
    ]
    assert (found[0]["file"], found[0]["line"], found[0]["setting"]) == ("/etc/shop.conf", 5, "listen")
    assert problems(host, ["unix:/run/shop/a.sock"], RuntimeDirectory="shop") == []
    host.write("/proc/sys/net/ipv4/ip_nonlocal_bind", "1\n")
    assert problems(host, ["tcp:10.0.0.9:80"]) == []


def test_a_folder_that_is_closed_to_the_account(host):
    os.chmod(host.path("/srv/shop"), 0o700)
    (found,) = problems(host, WorkingDirectory="/")
    assert found["problem"] == "shop may not enter %s (mode 0700), where /srv/shop/run is" % "/srv/shop"
    assert problems(host, WorkingDirectory="/", User="root") == []


def test_a_folder_that_is_made_before_the_start_is_not_missed(host):
    before = "{ path=/bin/mkdir ; argv[]=/bin/mkdir -p /run/shop ; ignore_errors=no ; start_time=[n/a] }"
    host.program("/bin/mkdir")
    assert problems(host, ["unix:/run/shop/app.sock"], ExecStartPre=before) == []


def test_the_folder_of_a_socket_is_the_init_scripts_own_to_make(host):
    fragment = "/run/systemd/generator.late/uwsgi.service"
    assert problems(host, ["unix:/run/uwsgi/app/shop/socket"], FragmentPath=fragment) == []


@pytest.mark.parametrize(("listens", "found"), [(False, ["there is no folder /run/shop for its socket"]), (True, [])])
def test_of_one_that_runs_only_what_keeps_it_from_listening_counts(host, listens, found):
    said = problems(
        host, ["unix:/run/shop/app.sock"], "/srv/gone", listens, ActiveState="active", WorkingDirectory="/srv/gone"
    )
    assert [one["problem"] for one in said] == found


def test_a_working_directory_that_is_a_link_to_a_release_that_is_gone(host):
    host.write("/srv/releases/2/run", "")
    host.link("/srv/current", "/srv/releases/1")
    found = problems(host, WorkingDirectory="/srv/current")[0]
    assert found["problem"] == "the link /srv/current leads to /srv/releases/1, which is not there"
    assert (found["exit_status"], found["command"]) == (200, "ls -lt /srv/releases")
    assert problems(host, WorkingDirectory="/srv/current/app")[0]["command"] == "ls -lt /srv/releases"


def test_a_unit_that_it_requires_and_that_has_failed(host):
    shown = "{ path=/srv/shop/run ; argv[]=/srv/shop/run ; ignore_errors=no ; start_time=[n/a] }"
    host.write(FRAGMENT, "[Unit]\nRequires=db.service\n[Service]\nExecStart=/srv/shop/run\n")
    properties = {
        "Id": "shop.service",
        "FragmentPath": FRAGMENT,
        "ExecStart": shown,
        "Requires": "system.slice db.service",
    }
    (found,) = start_problems(host, properties, [], Surroundings(OWN, Accounts(host), False, ["db.service"]))
    assert (found["problem"], found["command"], found["line"]) == (
        "db.service, which it requires, has failed",
        "systemctl status db.service",
        2,
    )
    around = Surroundings(OWN, Accounts(host), False, ["other.service"])
    assert start_problems(host, properties, [], around)[0]["problem"] == "there is no db.service, which it requires"
    host.write("/lib/systemd/system/db-server.service", "[Install]\nAlias=db.service\n")
    (found,) = start_problems(host, properties, [], around)
    assert (found["problem"], found["command"]) == (
        "there is no db.service, which it requires: db-server.service has that name (Alias=) once it is enabled",
        "systemctl enable --now db-server.service",
    )
    host.write("/lib/systemd/system/db.service", "")
    assert start_problems(host, properties, [], around) == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "ConditionPathExists=/srv/shop/.env",
            "systemd skips its start: ConditionPathExists=/srv/shop/.env is not met",
        ),
        (
            "ConditionPathExists=!/srv/shop/run",
            "systemd skips its start: ConditionPathExists=!/srv/shop/run is not met",
        ),
        ("ConditionHost=other", "systemd skips its start: ConditionHost=other is not met"),
        ("ConditionPathExists=/srv/shop/run", None),
        ("ConditionPathExists=|/srv/shop/.env", None),
    ],
)
def test_a_condition_for_which_systemd_has_skipped_its_start(host, line, says):
    host.write(FRAGMENT, "[Unit]\n%s\n[Service]\nExecStart=/srv/shop/run\n" % line)
    found = problems(host, ConditionResult="no", ConditionTimestampMonotonic="5")
    assert [one["problem"] for one in found] == ([says] if says else [])
    assert problems(host, ConditionResult="no", ConditionTimestampMonotonic="0") == []
    assert problems(host, ConditionResult="yes", ConditionTimestampMonotonic="5") == []


def test_a_command_that_goes_into_the_background_of_a_simple_unit(host):
    host.program("/srv/shop/venv/bin/gunicorn")
    (one,) = problems(host, command="/srv/shop/venv/bin/gunicorn -D a:b", Type="simple")
    assert (one["setting"], one["line"]) == ("ExecStart", 4)
    assert "gunicorn -D goes into the background" in one["problem"]
    assert problems(host, command="/srv/shop/venv/bin/gunicorn -D a:b", Type="forking") == []


def test_names_that_a_shell_would_put_in_place_of_a_star(host):
    host.program("/usr/bin/java")
    (one,) = problems(host, command="/usr/bin/java -jar target/*.jar")
    assert one["problem"] == "there is no /srv/shop/target/*.jar for java to run: systemd puts no names in place of *"
