# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where PHP-FPM is installed, and what its facts say."""

import os
import shutil

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Ran
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import (
    MEASURED_PER_POOL,
    php_fpm_facts,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.layouts import (
    installed,
    prefix_of,
    state_dir_of,
    version_of,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.php_fpm_host import (
    BINARY,
    CONFIG,
    MASTER,
    POOL,
    POOL_TEXT,
    FpmHost,
)

UNIT = "php8.2-fpm.service"
ARGV = [BINARY, "--nodaemonize", "--fpm-config", CONFIG]


FOLDER = POOL.rpartition("/")[0]


@pytest.fixture
def host(tmp_path):
    return FpmHost(tmp_path)


def look(host, units=None):
    return php_fpm_facts(host, Processes(host), units)


def run_fpm(host, workers=2):
    host.process(100, MASTER)
    for number in range(workers):
        host.process(
            200 + number, "php-fpm: pool www", parent=100, uid=33, pss=9000, waits_in="__skb_wait_for_more_packets"
        )


@pytest.mark.parametrize(
    ("active", "exe", "uid", "runs"),
    [
        ("active", BINARY, 0, True),
        ("reloading", BINARY, 0, True),
        ("activating", BINARY, 0, False),
        ("active", "/usr/bin/python3", 0, False),
        ("active", BINARY, 33, False),
    ],
    ids=["runs", "reloads", "starts", "another program", "another user"],
)
def test_a_master_that_executes_itself_anew_runs_before_it_has_its_title(host, active, exe, uid, runs):
    host.process(100, " ".join(ARGV), uid=uid, exe=exe)
    (fpm,) = look(host, {UNIT: {"main_pid": 100, "active": active, "exec": ARGV, "enabled": "enabled"}})
    assert (fpm["master"] or {}).get("pid") == (100 if runs else None)


@pytest.mark.parametrize(
    ("binary", "config", "version", "unit", "state_dir"),
    [
        ("/usr/sbin/php-fpm8.4", "/etc/php/8.4/fpm/php-fpm.conf", "8.4", "php8.4-fpm", "/var"),
        ("/usr/sbin/php-fpm", "/etc/php-fpm.conf", None, "php-fpm", "/var"),
        ("/usr/sbin/php-fpm83", "/etc/php83/php-fpm.conf", "8.3", "php-fpm83", "/var"),
        (
            "/opt/remi/php81/root/usr/sbin/php-fpm",
            "/etc/opt/remi/php81/php-fpm.conf",
            "8.1",
            "php81-php-fpm",
            "/var/opt/remi/php81",
        ),
        (
            "/opt/plesk/php/8.3/sbin/php-fpm",
            "/opt/plesk/php/8.3/etc/php-fpm.conf",
            "8.3",
            "plesk-php83-fpm",
            "/opt/plesk/php/8.3/var",
        ),
        (
            "/opt/cpanel/ea-php82/root/usr/sbin/php-fpm",
            "/opt/cpanel/ea-php82/root/etc/php-fpm.conf",
            "8.2",
            "ea-php82-php-fpm",
            "/opt/cpanel/ea-php82/root/usr/var",
        ),
        (
            "/opt/homebrew/Cellar/php@8.2/8.2.29/sbin/php-fpm",
            "/opt/homebrew/etc/php/8.2/php-fpm.conf",
            "8.2",
            "homebrew.mxcl.php@8.2",
            "/opt/homebrew/var",
        ),
    ],
)
def test_each_layout_is_known(host, binary, config, version, unit, state_dir):
    host.write(binary, "")
    assert binary not in [place.binary for place in installed(host)], (
        "a binary without its main file is not an installed FPM"
    )
    host.write(config, "")
    place = next(place for place in installed(host) if place.binary == binary)
    assert (place.config, place.version, place.units[0], state_dir_of(binary)) == (config, version, unit, state_dir)


def test_debians_alternatives_are_no_second_fpm(host):
    host.link("/usr/sbin/php-fpm", "php-fpm8.2")
    host.write("/etc/php-fpm.conf", "")
    assert [place.binary for place in installed(host)] == [BINARY]


def test_the_version_is_read_from_the_binary_where_its_path_has_none(host):
    host.write("/usr/sbin/php-fpm", "\x7fELF...X-Powered-By: PHP/8.0.30\x00...")
    assert version_of(host, "/usr/sbin/php-fpm") == "8.0"
    assert version_of(host, "/usr/sbin/absent") is None
    assert host.commands == []


def test_the_prefix_is_above_the_folder_of_the_binary():
    assert [prefix_of(path) for path in ("/usr/sbin/php-fpm", "/opt/plesk/php/8.3/sbin/php-fpm")] == [
        "/usr",
        "/opt/plesk/php/8.3",
    ]


def test_a_running_fpm(host):
    run_fpm(host)
    (fpm,) = look(host, {UNIT: {"main_pid": 100, "exec": ARGV, "enabled": "enabled"}})
    assert {key: fpm[key] for key in ("binary", "version", "config", "pool_dir", "unit", "test", "error_log")} == {
        "binary": BINARY,
        "version": "8.2",
        "config": CONFIG,
        "pool_dir": "/etc/php/8.2/fpm/pool.d",
        "unit": UNIT,
        "test": None,
        "error_log": "/var/log/php8.2-fpm.log",
    }
    assert fpm["master"] == {"pid": 100, "started": 1700000100.0}
    assert fpm["global"]["pid"] == {"value": "/run/php/php8.2-fpm.pid", "place": {"file": CONFIG, "line": 2}}
    pool = fpm["pools"]["www"]
    assert (pool["address"], pool["file"]) == ("unix:/run/php/php8.2-fpm.sock", POOL)
    assert pool["settings"]["pm.max_children"] == {"value": "5", "place": {"file": POOL, "line": 9}}
    assert pool["workers"][0] == {
        "pid": 200,
        "user": "www-data",
        "pss": 9000 * 1024,
        "rss": 20000 * 1024,
        "started": 1700000200.0,
        "state": "S",
        "waits_in": "__skb_wait_for_more_packets",
    }
    assert host.commands == [], "a healthy FPM is not tested: that would write to its log"


def test_phps_own_limits_where_requests_are_ended_by_the_clock(host):
    run_fpm(host)
    host.write(POOL, POOL_TEXT + "request_terminate_timeout = 5s\n")
    host.answer = Ran(0, "phpinfo()\nmax_execution_time => 30 => 30\nmax_input_time => 60 => 60\n", "", None)
    assert look(host, {})[0]["ini"] == {"max_execution_time": 30}
    assert host.commands == [[BINARY, "-i"]]


@pytest.mark.parametrize("value", ["0", "0s", "00m"])
def test_phps_own_limits_are_not_asked_without_such_a_clock(host, value):
    run_fpm(host)
    host.write(POOL, POOL_TEXT + "request_terminate_timeout = %s\n" % value)
    assert look(host, {})[0]["ini"] is None and host.commands == []


def test_whether_the_folder_of_a_socket_is_there(host):
    host.write(
        "/etc/php/8.2/fpm/pool.d/shop.conf",
        POOL_TEXT.replace("[www]", "[shop]").replace("/run/php/php8.2-fpm.sock", "/run/shop/php.sock"),
    )
    host.write(
        "/etc/php/8.2/fpm/pool.d/tcp.conf",
        POOL_TEXT.replace("[www]", "[tcp]").replace("/run/php/php8.2-fpm.sock", "127.0.0.1:9000"),
    )
    host.write("/run/php/other.sock", "")
    pools = look(host, {})[0]["pools"]
    assert {name: pool["folder"] for name, pool in pools.items()} == {"www": True, "shop": False, "tcp": None}
    assert {pool["folder_others"] for pool in pools.values()} == {None}


def test_who_could_lead_root_elsewhere_where_it_makes_a_folder(host):
    host.write("/home/eve/note", "")
    os.chown(host.path("/home/eve"), 1001, 1001)
    os.symlink("../../root/private", host.path("/home/eve/run"))
    host.write(POOL, POOL_TEXT.replace("/run/php/", "/home/eve/run/"))
    (fpm,) = look(host)
    assert fpm["pools"]["www"]["folder_others"] == "/home/eve: it belongs to uid 1001"


def test_workers_that_come_and_go_are_listed_anew(host):
    run_fpm(host)
    processes = Processes(host)
    shutil.rmtree(host.path("/proc/200"))
    host.process(300, "php-fpm: pool www", parent=100, uid=33, pss=9000)
    workers = php_fpm_facts(host, processes, {})[0]["pools"]["www"]["workers"]
    assert [(worker["pid"], worker["pss"]) for worker in workers] == [(201, 9000 * 1024), (300, 9000 * 1024)]


def test_a_stopped_fpm_is_tested(host):
    host.answer = Ran(78, "", "[22-Nov-2026 15:27:28] ERROR: [%s:13] unknown entry 'x'\n" % POOL, None)
    (fpm,) = look(host, {UNIT: {"main_pid": 0, "exec": ARGV, "enabled": "enabled"}})
    assert (fpm["master"], fpm["unit"]) == (None, UNIT)
    assert fpm["test"] == {"sound": False, "error": "unknown entry 'x'", "where": {"file": POOL, "line": 13}}
    assert fpm["pools"]["www"]["workers"] == []


@pytest.mark.parametrize(
    "line,error",
    [
        ("user = nosuch", "[pool shop] cannot get uid for user 'nosuch'"),
        ("listen.group = nosuch", "[pool shop] cannot get gid for group 'nosuch'"),
        ("listen.owner = www-data", None),
        ("group = 33", None),
        ("listen.owner = nosuch\nlisten.acl_users = www-data", None),
    ],
)
def test_an_account_that_is_not_there_keeps_it_from_starting(host, line, error):
    host.write("/etc/group", "www-data:x:33:\n")
    host.write(FOLDER + "/shop.conf", "[shop]\n%s\nlisten = /run/shop.sock\n" % line)
    test = look(host, {UNIT: {"main_pid": 0, "exec": ARGV, "enabled": "enabled"}})[0]["test"]
    assert test == {
        "sound": not error,
        "error": error,
        "where": {"file": FOLDER + "/shop.conf", "line": 2} if error else None,
    }


@pytest.mark.parametrize("enabled", ["disabled", "masked"])
def test_an_fpm_that_nobody_wants_is_left_alone(host, enabled):
    (fpm,) = look(host, {UNIT: {"main_pid": 0, "exec": [], "enabled": enabled}})
    assert (fpm["unit"], fpm["test"], host.commands) == (UNIT, None, [])


def test_without_systemd_the_init_script_is_the_unit(host):
    host.write("/etc/init.d/php8.2-fpm", "")
    assert look(host)[0]["unit"] == "php8.2-fpm"


@pytest.mark.parametrize("script", ["php-fpm", "php_fpm"])
def test_on_freebsd_the_script_of_its_port_is_the_unit(host, script):
    host.write("/usr/local/sbin/php-fpm", "")
    os.chmod(host.path("/usr/local/sbin/php-fpm"), 0o700)
    host.write("/usr/local/etc/php-fpm.conf", "[www]\nlisten = 127.0.0.1:9000\n")
    host.write("/usr/local/etc/rc.d/" + script, "")
    found = [fpm["unit"] for fpm in look(host) if fpm["config"] == "/usr/local/etc/php-fpm.conf"]
    assert found == [script]


def test_a_supervisors_unit_is_not_fpms_own(host):
    run_fpm(host)
    host.write("/proc/100/cgroup", "0::/system.slice/supervisor.service\n")
    assert look(host, {})[0]["unit"] is None


def test_a_users_process_with_a_masters_title_is_not_believed(host):
    host.process(100, "php-fpm: master process (/home/eve/fpm.conf)", uid=1001, exe="/home/eve/evil")
    assert [fpm["config"] for fpm in look(host, {})] == [CONFIG]
    assert host.commands[0][0] == BINARY


def test_two_versions_are_kept_apart(host):
    host.write("/usr/sbin/php-fpm7.4", "")
    host.write("/etc/php/7.4/fpm/php-fpm.conf", "[old]\nlisten = 127.0.0.1:9000\n")
    run_fpm(host)
    assert [(fpm["version"], fpm["master"] is not None, list(fpm["pools"])) for fpm in look(host, {})] == [
        ("8.2", True, ["www"]),
        ("7.4", False, ["old"]),
    ]


def test_a_big_pool_is_measured_by_sample(host):
    run_fpm(host, workers=3 * MEASURED_PER_POOL)
    workers = look(host, {})[0]["pools"]["www"]["workers"]
    assert len(workers) == 3 * MEASURED_PER_POOL
    assert len([worker for worker in workers if worker["pss"] is not None]) == MEASURED_PER_POOL


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("error_log = syslog", None),
        ("error_log = /proc/self/fd/2", None),
        ("error_log = log/fpm.log", "/var/log/fpm.log"),
        ("", "/var/log/php-fpm.log"),
    ],
)
def test_where_fpm_logs_to(host, line, path):
    host.write(CONFIG, "[global]\n%s\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n" % line)
    assert look(host, {})[0]["error_log"] == path


def test_a_prefix_on_the_command_line_counts(host):
    host.write(POOL, POOL_TEXT.replace("/run/php/php8.2-fpm.sock", "run/x.sock"))
    (fpm,) = look(host, {UNIT: {"main_pid": 0, "exec": [*ARGV, "--prefix", "/srv"], "enabled": "enabled"}})
    assert fpm["pools"]["www"]["address"] == "unix:/srv/run/x.sock"


def test_passwords_in_the_environment_are_left_out(host):
    host.write(
        POOL,
        POOL_TEXT
        + "env[DB_PASSWORD] = geheim\nphp_admin_value[memory_limit] = 32M\nphp_value[mysqli.default_pw] = geheim\n",
    )
    settings = look(host, {})[0]["pools"]["www"]["settings"]
    assert "geheim" not in str(settings)
    assert settings["php_admin_value[memory_limit]"]["value"] == "32M"


def test_pools_in_files_that_fpm_does_not_read(host):
    text = '; [old]\n [shop]\n;listen = /run/php/old.sock\nlisten.owner = www-data\n listen = "/run/php/shop.sock"\n'
    host.write(FOLDER + "/shop.conf.disabled", text)
    host.write(POOL + "~", "[www]\nlisten = 9000\n[blog]\nuser = www-data\n")
    host.write(FOLDER + "/README", "listen to music\n")
    assert look(host)[0]["set_aside"] == [
        {"file": FOLDER + "/shop.conf.disabled", "pool": "shop", "address": "unix:/run/php/shop.sock"},
        {"file": POOL + "~", "pool": "www", "address": "tcp:[::]:9000"},
    ]


def test_what_a_later_file_overrides_is_kept(host):
    host.write(FOLDER + "/zz-docker.conf", "[www]\nlisten = 9000\n")
    pool = look(host)[0]["pools"]["www"]
    assert pool["address"] == "tcp:[::]:9000"
    assert pool["overridden"] == [{"value": "/run/php/php8.2-fpm.sock", "place": {"file": POOL, "line": 5}}]
