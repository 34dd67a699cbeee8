# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units, as systemctl and the journal show them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import units as host_units
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Ran
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost, fixture

SHOW = fixture("units", "show_systemd252.txt")
FAILED = "Id=backup.service\nLoadState=loaded\nActiveState=failed\nResult=exit-code\nExecMainStatus=3\n"
LISTENERS = {
    "tcp": [
        {"address": "127.0.0.1", "port": 7777, "pid": 1, "unit": "init.scope"},
        {"address": "::", "port": 7778, "pid": 1, "unit": "init.scope"},
    ],
    "unix": [
        {"path": "/run/foo.sock", "pid": 1, "unit": "init.scope"},
        {"path": "/run/dbus", "pid": 35, "unit": "dbus.service"},
    ],
}


@pytest.fixture
def host(tmp_path):
    made = FakeHost(tmp_path, {"systemctl show": SHOW + "\n" + FAILED})
    made.write("/lib/systemd/system/nginx.service", "[Service]\n")
    made.write("/lib/systemd/system/apache2.service", "[Service]\n")
    made.write("/lib/systemd/system/apache2@.service", "[Service]\n")
    made.write("/lib/systemd/system/cron.service", "[Service]\n")
    made.write("/etc/systemd/system/myapp.service", "[Service]\nEnvironment=PORT=9000\nExecStart=/usr/bin/python3\n")
    made.link("/etc/systemd/system/dbus-org.example.service", "/lib/systemd/system/cron.service")
    made.link("/etc/systemd/system/apache-htcacheclean.service", "/dev/null")
    made.link("/etc/systemd/system/systemd-networkd.service", "/dev/null")
    made.write("/etc/default/myapp", "# where\nPORT='9001'\n")
    made.write("/etc/apache2/apache2.conf", "Listen 7080\n")
    return made


def test_one_call_names_what_is_worth_knowing(host):
    host_units.unit_facts(host, "systemd", LISTENERS)
    command = host.commands[0]
    assert {line[0] for line in host.commands[1:]} == {"journalctl"}
    assert command[-6:] == [
        "apache2.service",
        "dbus.service",
        "myapp.service",
        "nginx.service",
        "*.service",
        "*.socket",
    ]
    assert "apache-htcacheclean.service" in command
    assert "--state=failed,listening,activating" in command
    assert not {
        "cron.service",
        "apache2@.service",
        "init.scope",
        "dbus-org.example.service",
        "systemd-networkd.service",
    } & set(command)


def test_services_that_others_know_are_shown_even_where_they_do_not_run(host):
    host.write("/lib/systemd/system/ufw.service", "[Service]\n")
    host.write("/lib/systemd/system/ufwatch.service", "[Service]\n")
    host_units.unit_facts(host, "systemd", LISTENERS, ["firewalld", "ufw"])
    assert "ufw.service" in host.commands[0]
    assert "ufwatch.service" not in host.commands[0]


def test_a_unit_is_described(host):
    nginx = host_units.unit_facts(host, "systemd")["nginx.service"]
    assert (nginx["load"], nginx["active"], nginx["sub"], nginx["enabled"], nginx["main_pid"], nginx["can_reload"]) == (
        ("loaded", "active", "running", "enabled", 41, True)
    )
    assert nginx["exec"] == ["/usr/sbin/nginx", "-g", "daemon", "on;", "master_process", "on;"]
    assert (nginx["limit_nofile"], nginx["memory_max"], nginx["private_tmp"]) == (524288, None, False)
    assert nginx["since"] == pytest.approx(time.time() - time.monotonic() + 3021.034917, abs=5)


def test_units_that_start_another_one_are_named(tmp_path):
    shown = "Id=php-fpm.service\nLoadState=loaded\nUnitFileState=disabled\nWantedBy=nginx.service httpd.service\nRequiredBy=\n"
    made = FakeHost(tmp_path, {"systemctl show": shown})
    made.write("/usr/lib/systemd/system/php-fpm.service", "[Service]\n")
    unit = host_units.unit_facts(made, "systemd")["php-fpm.service"]
    assert (unit["enabled"], unit["wanted_by"]) == ("disabled", ["nginx.service", "httpd.service"])


def test_failed_and_masked_units_are_listed_and_missing_ones_are_not(host):
    units = host_units.unit_facts(host, "systemd")
    assert (
        units["backup.service"]["active"],
        units["backup.service"]["result"],
        units["backup.service"]["exit_status"],
    ) == ("failed", "exit-code", 3)
    assert (units["apache-htcacheclean.service"]["load"], units["apache-htcacheclean.service"]["enabled"]) == (
        "masked",
        "masked",
    )
    assert "nope.service" not in units
    assert "systemd-initctl.socket" not in units


def test_a_stopped_service_declares_where_it_would_listen(host):
    units = host_units.unit_facts(host, "systemd")
    assert units["apache2.service"]["declares"] == [
        {"address": "tcp:0.0.0.0:7080", "file": "/etc/apache2/apache2.conf", "line": 1}
    ]
    # The environment file goes before the unit's own Environment=.
    assert units["myapp.service"]["declares"] == [
        {"address": "tcp:127.0.0.1:9001", "file": "/etc/default/myapp", "line": 2}
    ]
    assert units["nginx.service"]["declares"] == []


def test_what_systemd_holds_belongs_to_the_socket_unit(host):
    listeners = {kind: [dict(entry) for entry in entries] for kind, entries in LISTENERS.items()}
    host_units.own_sockets(listeners, host_units.unit_facts(host, "systemd", listeners))
    assert [entry["unit"] for entry in listeners["tcp"] + listeners["unix"]] == [
        "foo.socket",
        "foo.socket",
        "foo.socket",
        "dbus.service",
    ]


def test_a_systemd_that_does_not_answer_is_unknown(tmp_path):
    host = FakeHost(tmp_path, {"systemctl": Ran(1, "", "Failed to connect to bus: No such file or directory\n", None)})
    assert host_units.unit_facts(host, "systemd") is None
    assert host.unknown == [{"missing": "units", "why": "Failed to connect to bus: No such file or directory"}]


def test_a_limit_without_an_end_is_none(tmp_path):
    text = "Id=nginx.service\nLoadState=loaded\nActiveState=active\nMemoryMax=104857600\nLimitNOFILE=18446744073709551615\n"
    unit = host_units.unit_facts(FakeHost(tmp_path, {"systemctl show": text}), "systemd")["nginx.service"]
    assert (unit["memory_max"], unit["limit_nofile"], unit["since"]) == (104857600, None, None)


def test_without_a_service_manager_nothing_is_claimed(tmp_path):
    assert host_units.unit_facts(FakeHost(tmp_path), "none") is None


def test_a_masked_apache_still_shows_where_it_would_listen(host):
    text = "Id=apache2.service\nLoadState=masked\nActiveState=inactive\nUnitFileState=masked\n"
    host.answers["systemctl show"] = text
    unit = host_units.unit_facts(host, "systemd")["apache2.service"]
    assert (unit["declares"][0]["address"], unit["exec"], unit["test"]) == ("tcp:0.0.0.0:7080", [], None)


PROPERTIES = sorted({line.partition("=")[0] for line in SHOW.splitlines() if "=" in line})


@given(some.lists(some.tuples(some.sampled_from(["", *PROPERTIES]), some.text(max_size=20)), max_size=60))
def test_no_answer_of_systemctl_stops_the_look(tmp_path_factory, properties):
    host = FakeHost(tmp_path_factory.mktemp("host"))
    host.answers["systemctl show"] = "Id=app.service\nLoadState=loaded\n" + "".join(
        "%s=%s\n" % one if one[0] else "\n" for one in properties
    )
    assert all(
        set(unit) >= {"load", "active", "declares"}
        for unit in (host_units.unit_facts(host, "systemd", LISTENERS) or {}).values()
    )


def test_enabled_instances_sockets_services_and_what_is_made_of_container_files_are_looked_at(host):
    for name in ("shop@8001.service", "grafana.service"):
        host.link("/etc/systemd/system/multi-user.target.wants/" + name, "/lib/systemd/system/" + name)
    host.write("/etc/systemd/system/wiki.socket", "")
    host.link("/etc/systemd/system/sockets.target.wants/shop@beta.socket", "/etc/systemd/system/shop@.socket")
    host.link("/etc/systemd/system/sockets.target.wants/cockpit.socket", "/lib/systemd/system/cockpit.socket")
    host.link("/run/systemd/generator/default.target.wants/web.service", "../web.service")
    host.write("/run/systemd/generator.late/gogs.service", "")
    # Of a .container file without [Install] nothing but this is there.
    host.write("/run/systemd/generator/blog.service", "")
    host_units.unit_facts(host, "systemd")
    wanted = {"shop@8001.service", "grafana.service", "wiki.socket", "wiki.service", "web.service", "gogs.service"}
    wanted |= {"shop@beta.socket", "shop@beta.service", "blog.service", "cockpit.socket", "cockpit.service"}
    assert wanted <= set(host.commands[0])


LOOPING = (
    "Id=shop.service\nLoadState=loaded\nActiveState=activating\nSubState=auto-restart\nResult=exit-code\nExecMainStatus=1\nExecMainCode=1\n"
    "NRestarts=7\nExecMainStartTimestampMonotonic=10000000\nExecMainExitTimestampMonotonic=10400000\nType=simple\n"
    "FragmentPath=/etc/systemd/system/shop.service\n"
    "ExecStart={ path=/srv/gone ; argv[]=/srv/gone --port=8000 ; ignore_errors=no ; start_time=[n/a] }\n"
)


def test_how_a_unit_ended_and_what_its_next_start_lacks(host):
    host.write("/etc/systemd/system/shop.service", "[Service]\nExecStart=/srv/gone --port=8000\n")
    host.answers.update({"systemctl show": LOOPING, "journalctl": "Error: no such thing\n"})
    unit = host_units.unit_facts(host, "systemd", None, ["10.0.0.1"])["shop.service"]
    assert (unit["ended"], unit["lasted"], unit["restarts"]) == ("exited", 0.4, 7)
    assert [one["address"] for one in unit["declares"]] == ["tcp:0.0.0.0:8000"]
    assert [(one["problem"], one["line"]) for one in unit["start_problems"]] == [
        ("the program /srv/gone is not there", 2)
    ]
    assert unit["last_words"] == ["Error: no such thing"]


def test_of_one_that_systemd_started_again_its_words_before_that_are_kept(host):
    runs = LOOPING.replace("ActiveState=activating\nSubState=auto-restart", "ActiveState=active\nSubState=running")
    host.answers.update({"systemctl show": runs.replace(" --port=8000", ""), "journalctl": "panic: no such thing\n"})
    listeners = {"tcp": [{"unit": "shop.service", "pid": 9}], "unix": []}
    unit = host_units.unit_facts(host, "systemd", listeners)["shop.service"]
    assert unit["last_words"] == ["panic: no such thing"]
    assert [one for one in host.commands[-1] if one.startswith("--until=@")]


def test_one_that_failed_as_it_was_stopped(host):
    failed = LOOPING.replace("ActiveState=activating\nSubState=auto-restart", "ActiveState=failed\nSubState=failed")
    host.answers.update({"systemctl show": failed, "journalctl": "Stopping shop.service - Shop...\n"})
    assert host_units.unit_facts(host, "systemd")["shop.service"]["stopped"] is True
    host.answers["journalctl"] = "Started shop.service - Shop.\n"
    assert host_units.unit_facts(host, "systemd")["shop.service"]["stopped"] is False


def test_one_that_ended_at_once_because_it_was_stopped(host):
    ended = LOOPING.replace("ActiveState=activating\nSubState=auto-restart", "ActiveState=inactive\nSubState=dead")
    for said, stopped in (("Started shop.service.\n", False), ("Stopping shop.service...\n", True), ("", True)):
        host.answers.update({"systemctl show": ended, "journalctl": said})
        assert host_units.unit_facts(host, "systemd")["shop.service"]["stopped"] is stopped


@pytest.mark.parametrize(("left", "stopped"), [(10200000, True), (10400157, False), (9000000, False), (0, False)])
def test_whether_it_was_stopped_is_known_where_the_journal_is_late(host, left, stopped):
    """Its process ran from 10.0 s to 10.4 s. Asked to stop, it leaves the active state before that ends; by itself, microseconds after."""
    ended = LOOPING.replace("ActiveState=activating\nSubState=auto-restart", "ActiveState=inactive\nSubState=dead")
    left = "ActiveExitTimestampMonotonic=%d\n" % left
    host.answers.update({"systemctl show": ended + left, "journalctl": "Started shop.service.\n"})
    assert host_units.unit_facts(host, "systemd")["shop.service"]["stopped"] is stopped


def test_the_last_words_of_its_own_log_where_the_journal_has_none(host):
    failed = LOOPING.replace("ActiveState=activating\nSubState=auto-restart", "ActiveState=failed\nSubState=failed")
    host.write("/etc/systemd/system/shop.service", "[Service]\nStandardError=append:/var/log/shop.log\n")
    host.write("/var/log/shop.log", "Error: no key\n")
    host.answers.update({"systemctl show": failed, "journalctl": "Started shop.service.\n"})
    assert host_units.unit_facts(host, "systemd")["shop.service"]["last_words"] == ["/var/log/shop.log: Error: no key"]


def test_the_last_words_of_a_program_of_supervisor(host):
    host.write("/etc/supervisor/conf.d/a.conf", "[program:a]\ncommand=gunicorn a:b\nstderr_logfile=/var/log/a.log\n")
    host.write("/var/log/a.log", "Error: no key\n")
    host.answers["systemctl show"] = (
        "Id=supervisor.service\nLoadState=loaded\nActiveState=active\nMainPID=9\nExecStart={ path=/a ; argv[]=/a ; x }\n"
    )
    unit = host_units.unit_facts(host, "systemd")["supervisor.service"]
    assert unit["last_words"] == ["a, in /var/log/a.log: Error: no key"]


def test_who_says_its_port_goes_before_who_has_it_by_habit(host):
    shown = "Id=%s.service\nLoadState=loaded\nActiveState=active\nFragmentPath=/etc/systemd/system/%s.service\n"
    shown += "ExecStart={ path=/usr/bin/dotnet ; argv[]=%s ; x }\n"
    web = shown % ("web", "web", "/usr/bin/dotnet /srv/Web.dll --urls http://127.0.0.1:5000 ; ignore_errors=no")
    jobs = shown % ("jobs", "jobs", "/usr/bin/dotnet /srv/Jobs.dll ; ignore_errors=no")
    host.answers["systemctl show"] = web + "\n" + jobs
    units = host_units.unit_facts(host, "systemd")
    assert [[one["address"] for one in units[name + ".service"]["declares"]] for name in ("web", "jobs")] == [
        ["tcp:127.0.0.1:5000"],
        [],
    ]
    host.answers["systemctl show"] = jobs
    assert [one["address"] for one in host_units.unit_facts(host, "systemd")["jobs.service"]["declares"]] == [
        "tcp:localhost:5000"
    ]


def test_a_service_that_says_nothing_is_looked_for_in_the_journal(host):
    silent = LOOPING.replace(" --port=8000", "").replace(
        "ActiveState=activating\nSubState=auto-restart", "ActiveState=inactive"
    )
    host.answers.update({"systemctl show": silent, "journalctl": "Listening on http://127.0.0.1:3000\n"})
    unit = host_units.unit_facts(host, "systemd")["shop.service"]
    assert (unit["listened"], unit["last_words"]) == (
        ["tcp:127.0.0.1:3000"],
        ["Listening on http://127.0.0.1:3000"],
    )


def test_what_is_done_once_serves_nobody(host):
    host.answers["systemctl show"] = LOOPING.replace("Type=simple", "Type=oneshot")
    unit = host_units.unit_facts(host, "systemd").get("shop.service", {})
    assert not unit.get("declares")


@pytest.mark.parametrize(
    ("change", "is_shown"),
    [
        ((), True),
        (("UnitFileState=enabled", "UnitFileState=disabled"), False),
        (("ActiveState=inactive", "ActiveState=active"), False),
        (("ActiveState=inactive", "ActiveState=activating\nSubState=auto-restart"), True),
        (("ActiveState=inactive", "ActiveState=activating\nSubState=start"), False),
        (("ExecMainCode=1", "ExecMainCode=0"), False),
        (("ActiveState=inactive", "ActiveState=active\nNRestarts=21"), True),
        (("ActiveState=inactive", "ActiveState=activating\nNRestarts=3"), True),
        (("Type=simple", "Type=oneshot"), False),
    ],
    ids=[
        "ended",
        "not wanted",
        "runs",
        "is started anew",
        "starts",
        "has not run",
        "again and again",
        "was started again",
        "done once",
    ],
)
def test_a_packaged_service_that_is_enabled_and_has_ended_may_be_missed(host, change, is_shown):
    shown = "Id=search.service\nLoadState=loaded\nActiveState=inactive\nUnitFileState=enabled\nExecMainCode=1\nType=simple\n"
    shown += "FragmentPath=/lib/systemd/system/search.service\n"
    host.answers["systemctl show"] = shown.replace(*change) if change else shown
    assert ("search.service" in host_units.unit_facts(host, "systemd")) is is_shown


def test_where_such_a_service_listened_is_looked_for_in_its_journal(host):
    shown = "Id=search.service\nLoadState=loaded\nActiveState=inactive\nUnitFileState=enabled\nExecMainCode=1\nType=simple\n"
    host.answers.update({"systemctl show": shown, "journalctl": "Server listening on port 9217\n"})
    assert host_units.unit_facts(host, "systemd")["search.service"]["listened"] == ["tcp:0.0.0.0:9217"]
