# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes as /proc and ps show them."""

import os
import pwd
import string
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import processes as processes_module
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.clock import boot_time
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import PS, Processes, _unit
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.instances import config_of, masters
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.mac_host import HERE, recorded
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.mac_host import MASTER as MASTER_OF_A_MAC

TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture
def host(tmp_path):
    made = FakeHost(tmp_path)
    made.write("/etc/passwd", "root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/bin/false\n")
    made.write("/etc/group", "root:x:0:\nwww-data:x:33:\n")
    made.process(1, "/sbin/init", parent=0, name="systemd")
    return made


def test_a_process_is_shown_with_its_start_and_ids(host):
    host.process(70, "nginx: worker process", parent=60, name="nginx", ticks=250 * TICKS, uid=33)
    found = Processes(host).by_pid[70]
    assert (found.name, found.title, found.parent, found.state) == ("nginx", "nginx: worker process", 60, "S")
    assert found.started == 1700000000 + 250
    assert (found.uid, found.gid, found.groups) == (33, 33, [4, 27, 33])


def test_a_name_may_hold_parentheses_and_blanks(host):
    host.process(70, "x", name="a) S 1 (b")
    assert Processes(host).by_pid[70].name == "a) S 1 (b"


def test_threads_of_the_kernel_are_left_out(host):
    host.process(2, "", parent=0, name="kthreadd", flags=0x208040)
    assert set(Processes(host).by_pid) == {1}


def test_a_process_that_ended_meanwhile_is_no_error(host):
    host.process(70, "nginx: worker process")
    found = Processes(host).by_pid[70]
    for name in ("status", "cgroup"):
        os.remove(host.path("/proc/70/" + name))
    assert (found.unit, found.uid, found.groups, found.rss(), found.pss(), found.exe) == (
        None,
        -1,
        [],
        None,
        None,
        None,
    )


def test_children_and_finds_come_oldest_first(host):
    host.process(300, "php-fpm: pool www", parent=60, name="php-fpm8.2", ticks=10)
    host.process(200, "php-fpm: pool www", parent=60, name="php-fpm8.2", ticks=20)
    processes = Processes(host)
    assert [process.pid for process in processes.children_of(60)] == [300, 200]
    assert [process.pid for process in processes.find(title="php-fpm: pool", name="php-fpm")] == [300, 200]
    assert processes.find(title="pool") == []


def test_what_runs_in_a_container_is_not_this_hosts_daemon(host):
    host.process(70, "nginx: master process nginx", name="nginx")
    host.process(71, "nginx: master process nginx", name="nginx")
    host.link("/proc/self/ns/pid", "pid:[1]")
    host.link("/proc/70/ns/pid", "pid:[1]")
    host.link("/proc/71/ns/pid", "pid:[2]")
    assert [process.pid for process in Processes(host).find(name="nginx")] == [70]


@pytest.mark.parametrize(
    ("cgroup", "unit"),
    [
        ("0::/system.slice/nginx.service\n", "nginx.service"),
        (
            "12:cpu:/x.service\n1:name=systemd:/system.slice/php8.2-fpm.service\n0::/system.slice/php8.2-fpm.service\n",
            "php8.2-fpm.service",
        ),
        ("0::/system.slice/system-app.slice/app@1.service/worker\n", "app@1.service"),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/dev.service\n", "user@1000.service"),
        ("0::/machine.slice/libpod-abc.scope/system.slice/nginx.service\n", "libpod-abc.scope"),
        ("0::/system.slice/__odd.service\n", "_odd.service"),
        ("0::/system.slice/snap.nextcloud.php-fpm.service\n", "snap.nextcloud.php-fpm.service"),
        ("0::/\n", None),
        ("", None),
    ],
)
def test_the_unit_is_the_outermost_in_systemds_hierarchy(cgroup, unit):
    assert _unit(cgroup) == unit


@pytest.mark.parametrize(
    ("files", "pss"),
    [
        ({"smaps_rollup": "Rss: 9000 kB\nPss:                 120 kB\nPss_Anon: 7 kB\n"}, 120 * 1024),
        ({"smaps": "Pss:  100 kB\nPss:  20 kB\n"}, 120 * 1024),
        ({"statm": "900 50 20 1 0 5 0\n"}, 30 * os.sysconf("SC_PAGESIZE")),
        ({}, None),
    ],
)
def test_memory_is_measured_in_the_best_way_that_the_kernel_offers(host, files, pss):
    host.process(70, "php-fpm: pool www")
    for name, text in files.items():
        host.write("/proc/70/" + name, text)
    assert Processes(host).by_pid[70].pss() == pss


def test_accounts_have_their_names_or_numbers(host):
    accounts = Accounts(host)
    assert (accounts.user(33), accounts.group(33), accounts.user(999999999), accounts.group(7)) == (
        "www-data",
        "www-data",
        "999999999",
        "7",
    )


def test_a_process_of_this_system_started_when_it_did():
    before = time.time()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        found = Processes(Host()).by_pid[child.pid]
        child.communicate(b"\n")
    assert abs(found.started - before) < 2.0
    assert found.parent == os.getpid()


def test_a_root_without_a_boot_time_is_unknown(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/proc/stat", "cpu 1\n")
    host.process(1, "init", parent=0)
    Processes(host)
    assert boot_time(host) is None
    assert host.unknown


def test_without_proc_ps_is_asked(tmp_path):
    line = "  71     1   33    33   9000 Ss   Sat Nov 22 14:35:00 2025 nginx: master process /opt/homebrew/bin/nginx\n"
    host = FakeHost(tmp_path, {" ".join(PS): line + "PID no process\n"})
    by_pid = Processes(host).by_pid
    assert set(by_pid) == {71}
    found = by_pid[71]
    assert (found.pid, found.name, found.title, found.state) == (
        71,
        "nginx",
        "nginx: master process /opt/homebrew/bin/nginx",
        "S",
    )
    assert (found.uid, found.started) == (33, time.mktime(time.strptime("Sat Nov 22 14:35:00 2025")))


@given(some.text(alphabet=string.printable, max_size=200))
def test_no_stat_or_cgroup_text_stops_the_look(tmp_path_factory, text):
    host = FakeHost(tmp_path_factory.mktemp("host"))
    host.process(1, "init", parent=0)
    for name in ("cgroup", "status", "cmdline"):
        host.write("/proc/1/" + name, text)
    found = Processes(host).by_pid[1]
    assert found.unit is None or found.unit in text
    assert isinstance(found.groups, list)


MASTER = "nginx: master process "
PROGRAM = "/usr/sbin/nginx"


@pytest.fixture
def daemon(tmp_path):
    host = FakeHost(tmp_path)
    host.process(1, "/sbin/init", parent=0)
    host.process(70, "nginx: master process %s" % PROGRAM, exe=PROGRAM)
    return host


def pids(host):
    return [process.pid for process in Processes(host).daemons(MASTER, "nginx")]


def test_a_daemon_is_what_root_runs_from_a_program_of_its_name(daemon):
    assert pids(daemon) == [70] and not daemon.unknown


@pytest.mark.parametrize("uids", ["33\t33\t33\t33", "33\t0\t0\t0", "0\t33\t0\t0", "0\t0\t33\t0"])
def test_each_uid_of_a_daemon_counts(daemon, uids):
    daemon.write("/proc/70/status", "Uid:\t%s\nGid:\t0\t0\t0\t0\n" % uids)
    assert pids(daemon) == []
    assert daemon.unknown == [
        {
            "missing": "nginx",
            "why": "process 70 says that it is a master, but it does not run as root: it is not believed",
        }
    ]


def test_a_title_makes_no_daemon_of_another_program(daemon):
    """As `exec -a "nginx: master process ..." sudo -S` has it: sudo runs as root."""
    daemon.process(80, "nginx: master process sudo", exe="/usr/bin/sudo")
    daemon.process(81, "nginx: master process sudo", exe="/usr/bin/bash")
    assert pids(daemon) == [70]
    assert [one["why"] for one in daemon.unknown] == [
        "process 80 says that it is a master, but its program is /usr/bin/sudo: it is not believed"
    ]


@pytest.mark.parametrize(
    ("mode", "why"),
    [(0o4755, "is setuid or setgid"), (0o2755, "is setuid or setgid"), (0o757, "others may write to its program")],
)
def test_a_daemons_program_is_roots_alone(daemon, mode, why):
    os.chmod(daemon.path(PROGRAM), mode)
    assert pids(daemon) == [] and why in daemon.unknown[0]["why"]


def test_a_daemons_program_belongs_to_root(daemon, monkeypatch):
    status = os.stat(daemon.path(PROGRAM))
    theirs = os.stat_result([*status[:4], 1001, *status[5:]])
    monkeypatch.setattr(FakeHost, "stat", lambda host, path: theirs)
    assert pids(daemon) == [] and "its program belongs to uid 1001" in daemon.unknown[0]["why"]


def test_where_ps_tells_of_processes_the_effective_user_counts(tmp_path):
    line = "  70     1     0     0   1000 Ss   Sun Nov 22 10:00:00 2026     nginx: master process nginx\n"
    host = FakeHost(tmp_path, {"ps": line + line.replace(" 70 ", " 80 ").replace("1     0", "1   501")})
    assert pids(host) == [70]


def test_what_a_mac_shows_behind_a_title_is_cut_off(tmp_path):
    ps = "  70     1     0     0   1000 Ss   Sun Nov 22 10:00:00 2026     %s"
    titles = recorded("titles.txt").splitlines()
    titles += [MASTER_OF_A_MAC % "/opt/homebrew", "node /srv/app.js NODE_ENV=x"]
    answer = "".join((ps % title).replace(" 70 ", " %d " % pid) + "\n" for pid, title in enumerate(titles, 70))
    assert [one.title for one in Processes(FakeHost(tmp_path, {"ps": answer})).oldest_first()] == [
        "nginx: master process startupcmd_nginx_main -c /Users/sameh/sandbox/cfg/nginx/main/ng",
        "php-fpm: master process (www.conf)",
        "php-fpm: pool www",
        "nginx: master process /opt/homebrew/opt/nginx/bin/nginx -g daemon off;",
        "node /srv/app.js NODE_ENV=x",
    ]


def test_what_freebsd_shows_behind_a_title_is_cut_off(tmp_path):
    recording = os.path.join(os.path.dirname(HERE), "freebsd", "titles.txt")
    with open(recording, encoding="utf-8") as stream:
        rows = [line.split(None, 2) for line in stream]
    ps = "%s %s 0 0 900 Ss Fri Sep 15 09:10:38 2017 %s"
    host = FakeHost(tmp_path, {"ps": "".join(ps % tuple(row) for row in rows)})
    os.rename(host.path("/proc"), host.path("/no-proc"))
    (master,) = masters(Processes(host))
    assert (master.pid, config_of(master)) == (18145, "/usr/local/etc/php-fpm.conf")
    assert [child.title for child in Processes(host).children_of(18145)] == [
        "php-fpm: pool user",
        "php-fpm: pool user",
        "php-fpm: pool www",
    ]


def test_without_proc_a_process_has_the_groups_of_its_account(tmp_path):
    mine = pwd.getpwuid(os.getuid())
    line = "70 1 %d %d 1000 Ss Sun Nov 22 10:00:00 2026 x\n" % (mine.pw_uid, mine.pw_gid)
    host = FakeHost(tmp_path, {"ps": line + line.replace("70 1 %d " % mine.pw_uid, "71 1 999999999 ")})
    by_pid = Processes(host).by_pid
    assert by_pid[70].groups == sorted(set(os.getgrouplist(mine.pw_name, mine.pw_gid)))
    assert by_pid[71].groups == [mine.pw_gid]
    assert by_pid[70].rss() == 1000 * 1024


def test_a_command_line_of_megabytes_is_read_by_its_beginning(daemon):
    daemon.process(80, "eve " + "x" * 100000)
    assert len(Processes(daemon).by_pid[80].title) < 1100


def test_of_ever_more_processes_so_many_are_read(daemon, monkeypatch):
    monkeypatch.setattr(processes_module, "MOST", 5)
    for pid in range(100, 120):
        daemon.process(pid, "eve")
    assert sorted(Processes(daemon).by_pid) == [1, 70, 100, 101, 102]
    assert daemon.unknown == [{"missing": "processes", "why": "there are more than 5, which were read"}]
