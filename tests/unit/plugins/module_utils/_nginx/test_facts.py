# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The look at nginx."""

import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Ran
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx import config_files
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.config_check import check_config as ask
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.config_check import judged
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.config_files import ConfigFiles
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.facts import error_logs, nginx_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.instance import (
    Options,
    built_with,
    find,
    started_with,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config import tree as tree_module
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.nginx_host import DASH_V, NginxHost

MAIN = """\
user www-data;
pid /run/nginx.pid;
error_log /var/log/nginx/main.log warn;
events {}
http {
    access_log /var/log/nginx/access.log;
    access_log /var/log/nginx/$host.log;
    error_log syslog:server=unix:/dev/log;
    fastcgi_temp_path tmp/fastcgi;
    proxy_cache_path /var/cache/nginx levels=1:2 keys_zone=a:1m;
    include mime.types;
    include conf.d/*.conf;
}
"""
MASTER = "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;"


@pytest.fixture
def host(tmp_path):
    host = NginxHost(tmp_path)
    host.write("/etc/nginx/nginx.conf", MAIN)
    host.write("/etc/nginx/mime.types", "types { text/html html; }\n")
    return host


def run_nginx(host):
    host.process(71, MASTER)
    host.process(72, "nginx: worker process", parent=71, uid=33, ticks=1100)
    host.process(73, "nginx: worker process is shutting down", parent=71, uid=33)
    host.process(74, "nginx: cache manager process", parent=71, uid=33)
    host.link("/proc/72/fd/3", "/dev/null")


def look(host):
    return nginx_facts(host, Processes(host), {"nginx.service": {"load": "loaded"}})


def test_what_runs(host):
    host.write("/etc/group", "root:x:0:\nwww-data:x:33:\n")
    run_nginx(host)
    facts = look(host)
    assert facts["master"] == {
        "pid": 71,
        "started": 1700000010.0,
        "user": "root",
        "nofile": [1024, 524288],
        "raises_limits": None,
    }
    assert [(worker["pid"], worker["user"], worker["stopping"]) for worker in facts["workers"]] == [
        (73, "www-data", True),
        (72, "www-data", False),
    ]
    assert facts["workers"][1]["group"] == "www-data"
    assert facts["workers"][1]["nofile"] == [1024, 524288] and facts["workers"][1]["open_files"] == 1
    assert facts["unit"] == "nginx.service" and facts["version"] == "1.22.1" and facts["others"] == []
    assert facts["test"] == {"sound": True, "error": None, "where": None, "not_run": None}
    assert facts["config"]["errors"] == [] and facts["config"]["http"]["place"]["file"] == "/etc/nginx/nginx.conf"
    assert ["/usr/sbin/nginx", "-g", "daemon on; master_process on;", "-t", "-e", "stderr"] in host.commands
    assert not host.unknown


@pytest.mark.parametrize(("capabilities", "raises"), [("000001ffffffffff", True), ("00000000a82c35fb", False)])
def test_whether_nginx_may_raise_its_own_limits(host, capabilities, raises):
    run_nginx(host)
    host.write("/proc/71/status", "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t0 \nCapEff:\t%s\n" % capabilities)
    assert look(host)["master"]["raises_limits"] is raises


def test_nginx_that_is_installed_but_does_not_run(host):
    facts = look(host)
    assert (
        facts["master"] is None
        and facts["workers"] == []
        and facts["unit"] == "nginx.service"
        and facts["config"]["http"]
    )


def test_nginx_that_was_started_by_hand_has_no_unit(host):
    host.process(71, MASTER, cgroup="0::/user.slice/user-0.slice/session-1.scope\n")
    facts = look(host)
    assert facts["master"]["pid"] == 71 and facts["unit"] is None


def test_no_nginx(host):
    os.unlink(host.path("/usr/sbin/nginx"))
    assert look(host) is None
    assert not host.commands and not host.unknown


def test_the_panels_own_nginx_is_another(host):
    title = "nginx: master process /usr/sbin/sw-cp-serverd -c /etc/sw-cp-server/config"
    host.binary("/usr/sbin/sw-cp-serverd")
    host.process(50, title, exe="/usr/sbin/sw-cp-serverd", cgroup="0::/system.slice/sw-cp-server.service\n")
    host.process(51, "nginx: worker process", parent=50)
    run_nginx(host)
    facts = look(host)
    assert facts["master"]["pid"] == 71
    assert facts["others"] == [{"pid": 50, "binary": "/usr/sbin/sw-cp-serverd", "unit": "sw-cp-server.service"}]


def test_a_process_of_somebody_that_calls_itself_master_is_not_obeyed(host):
    host.process(50, "nginx: master process x -c /home/eve/nginx.conf", uid=1000, exe="/home/eve/bash")
    host.binary("/home/eve/bash")
    facts = look(host)
    assert facts["master"] is None and not facts["others"]
    assert all(command[0] == "/usr/sbin/nginx" and "-c" not in command for command in host.commands)
    assert host.unknown[0]["missing"] == "nginx"


@pytest.mark.parametrize(
    "title, options",
    [
        (MASTER, Options(None, None, "daemon on; master_process on;")),
        ("nginx: master process nginx", Options()),
        (
            "nginx: master process nginx -c /a/b-c.conf -g daemon off; -p /x",
            Options("/x", "/a/b-c.conf", "daemon off;"),
        ),
        ("nginx: master process /opt/nginx -p/x/ -c conf/my-conf.conf", Options("/x/", "conf/my-conf.conf", None)),
        ("nginx: master process /usr/sbin/nginx -e stderr -g daemon off;", Options(None, None, "daemon off;")),
    ],
)
def test_options_in_a_title(title, options):
    assert started_with(title) == options


def test_command_line_is_in_force(host):
    host.process(71, "nginx: master process /usr/sbin/nginx -p /srv/web -c conf/site.conf")
    nginx = find(host, Processes(host))
    assert (nginx.prefix, nginx.conf_path, nginx.error_log_path) == (
        "/srv/web",
        "/srv/web/conf/site.conf",
        "/var/log/nginx/error.log",
    )
    assert nginx.argv("-t") == ["/usr/sbin/nginx", "-p", "/srv/web", "-c", "conf/site.conf", "-t"]


def test_build_without_options_and_with_broken_quotes():
    assert built_with("configure arguments:\n")["conf_path"] == "conf/nginx.conf"
    assert built_with("configure arguments: --with-cc-opt='-g --prefix=/x\n")["prefix"] == "/x"
    assert built_with(DASH_V)["user"] == "www-data"


@pytest.mark.parametrize(
    "version, arguments, conf",
    [
        ("3.1.0", "", "/usr/local/nginx/conf/nginx.conf"),
        ("3.2.0", "", "/usr/local/tengine/conf/tengine.conf"),
        ("3.2.0", "--prefix=/srv/t", "/srv/t/conf/tengine.conf"),
        ("3.2.0", "--conf-path=/etc/nginx/nginx.conf", "/etc/nginx/nginx.conf"),
    ],
)
def test_tengine_reads_a_file_of_another_name_by_now(version, arguments, conf):
    said = "Tengine version: Tengine/%s\nnginx version: nginx/1.31.3\nconfigure arguments: %s\n" % (version, arguments)
    built = built_with(said)
    assert os.path.join(built["prefix"], built["conf_path"]) == conf


@pytest.mark.parametrize(
    "said, version",
    [
        ("nginx version: nginx/1.18.0 (Ubuntu)\n", "1.18.0"),
        ("nginx version: openresty/1.21.4.1\n", "1.21.4.1"),
        ("Tengine version: Tengine/2.3.3 (nginx/1.18.0)\n", "1.18.0"),
        ("Tengine version: Tengine/3.2.0\nnginx version: nginx/1.31.3\nbuilt by gcc 12.2.0\n", "1.31.3"),
        ("what?", ""),
    ],
)
def test_versions(host, said, version):
    host.answers["-V"] = Ran(0, "", said, None)
    assert find(host, Processes(host)).version == version


def test_files_are_followed_once_and_in_order(host):
    host.write("/etc/nginx/conf.d/b.conf", "include conf.d/a.conf;\n")
    host.write("/etc/nginx/conf.d/a.conf", 'include conf.d/b.conf; include "extra/x y.inc";\n')
    host.write("/etc/nginx/extra/x y.inc", "a {")
    host.write("/etc/nginx/conf.d/.hidden.conf", "x;")
    tree = ConfigFiles(host, "/etc/nginx/nginx.conf").tree
    assert [path[len("/etc/nginx/") :] for path in tree.files] == [
        "nginx.conf",
        "mime.types",
        "conf.d/a.conf",
        "conf.d/b.conf",
        "extra/x y.inc",
    ]
    assert not host.unknown


def test_what_is_no_regular_file_or_missing_is_named(host):
    os.mkfifo(host.path("/etc/nginx/pipe"))
    host.write("/etc/nginx/nginx.conf", "include pipe; include gone.conf;")
    tree = ConfigFiles(host, "/etc/nginx/nginx.conf").tree
    assert tree.files == ["/etc/nginx/nginx.conf"]
    assert [(error["line"], error["error"]) for error in tree.errors] == [
        (1, "included file /etc/nginx/pipe could not be read: /etc/nginx/pipe is not a regular file"),
        (1, "included file /etc/nginx/gone.conf could not be read: No such file or directory"),
    ]
    assert [entry["why"].split(":")[0] for entry in host.unknown] == ["/etc/nginx/pipe", "/etc/nginx/gone.conf"]


@pytest.mark.parametrize(("limit", "value"), [("FILES_LIMIT", 1), ("BYTES_LIMIT", len(MAIN) + 1)])
def test_files_are_bounded(host, monkeypatch, limit, value):
    monkeypatch.setattr(config_files, limit, value)
    tree = ConfigFiles(host, "/etc/nginx/nginx.conf").tree
    assert tree.files == ["/etc/nginx/nginx.conf"]
    assert host.unknown[0]["missing"] == "nginx configuration"
    why = {"FILES_LIMIT": "more than 1 files", "BYTES_LIMIT": "more than 1 bytes"}[limit]
    assert [(error["line"], error["error"]) for error in tree.errors] == [
        (11, "included file /etc/nginx/mime.types could not be read: " + why)
    ]


def test_any_number_of_files_beyond_the_limit_is_said_once(host, monkeypatch):
    monkeypatch.setattr(config_files, "FILES_LIMIT", 1)
    for number in range(200):
        host.write("/etc/nginx/conf.d/%d.conf" % number, "")
    host.write("/etc/nginx/nginx.conf", "http { %s }" % " ".join("include conf.d/%d.conf;" % one for one in range(200)))
    assert ConfigFiles(host, "/etc/nginx/nginx.conf").tree.files == ["/etc/nginx/nginx.conf"]
    assert [entry["why"].split(" ")[:2] for entry in host.unknown] == [["more", "than"]]


def test_one_pattern_leaves_half_of_the_files_to_others(host, monkeypatch):
    monkeypatch.setattr(config_files, "FILES_LIMIT", 9)
    for number in range(200):
        host.write("/etc/nginx/eve/%d.conf" % number, "")
    host.write("/etc/nginx/sites/shop.conf", "")
    host.write("/etc/nginx/nginx.conf", "http { include eve/*.conf; include sites/*.conf; }")
    files = ConfigFiles(host, "/etc/nginx/nginx.conf").tree.files
    assert (len(files), files[-1]) == (6, "/etc/nginx/sites/shop.conf")
    assert host.unknown == [{"missing": "nginx configuration", "why": "/etc/nginx/eve/*.conf: more than 4 files"}]


def test_a_pattern_that_is_cut_where_there_is_no_room_is_whole_elsewhere(host, monkeypatch):
    monkeypatch.setattr(config_files, "FILES_LIMIT", 12)
    for number in range(4):
        host.write("/etc/nginx/sites/%d.conf" % number, "")
    host.write("/etc/nginx/eve.conf", "include sites/*.conf;")
    host.write("/etc/nginx/nginx.conf", "http { include eve.conf; include sites/*.conf; }")
    assert "/etc/nginx/sites/3.conf" in ConfigFiles(host, "/etc/nginx/nginx.conf").tree.files


def test_one_file_leaves_half_of_the_bytes_to_others(host, monkeypatch):
    monkeypatch.setattr(config_files, "BYTES_LIMIT", 2000)
    host.write("/etc/nginx/sites/eve.conf", "#" * 500)
    host.write("/etc/nginx/sites/shop.conf", "server { }" + "#" * 400)
    host.write("/etc/nginx/nginx.conf", "http { include sites/*.conf; }")
    assert ConfigFiles(host, "/etc/nginx/nginx.conf").tree.files[1:] == ["/etc/nginx/sites/shop.conf"]
    assert host.unknown == [{"missing": "nginx configuration", "why": "/etc/nginx/sites/eve.conf: more than 493 bytes"}]


def test_what_a_bound_cuts_off_is_said(host, monkeypatch):
    monkeypatch.setattr(tree_module, "DIRECTIVES_LIMIT", 2)
    host.write("/etc/nginx/nginx.conf", "http {\na b;\nc d;\n}")
    ConfigFiles(host, "/etc/nginx/nginx.conf").facts()
    assert [(one["missing"], one["why"].partition(": ")[0]) for one in host.unknown] == [
        ("nginx configuration", "/etc/nginx/nginx.conf:3")
    ]


def test_a_main_file_that_cannot_be_read_is_an_error(host):
    os.unlink(host.path("/etc/nginx/nginx.conf"))
    files = ConfigFiles(host, "/etc/nginx/nginx.conf")
    why = "the main configuration file could not be read: No such file or directory"
    assert files.facts()["errors"] == [{"file": "/etc/nginx/nginx.conf", "line": None, "error": why}]


def test_logs(host):
    run_nginx(host)
    host.link("/proc/71/fd/4", "/var/log/nginx/main.log")
    host.link("/proc/71/fd/5", "/var/log/nginx/old-error.log (deleted)")
    host.link("/proc/71/fd/6", "socket:[1]")
    host.link("/proc/71/fd/7", "/var/log/nginx/access.log")
    nginx = find(host, Processes(host))
    tree = ConfigFiles(host, nginx.conf_path)
    assert error_logs(host, nginx, tree) == [
        "/var/log/nginx/main.log",
        "/var/log/nginx/error.log",
        "/var/log/nginx/old-error.log",
    ]
    assert tree.log_paths("access_log", nginx.prefix) == ["/var/log/nginx/access.log"]


SYSLOG = "syslog:server=unix:/dev/log,nohostname"


@pytest.mark.parametrize(
    "main, built_in, expected",
    [
        ("error_log /var/log/nginx/error.log;", "stderr", []),
        ("error_log %s warn; http { error_log %s; }" % (SYSLOG, SYSLOG), "stderr", [SYSLOG]),
        ("error_log stderr;", "/var/log/nginx/error.log", ["stderr"]),
        ("http { error_log /var/log/nginx/http.log; }", "stderr", ["stderr"]),
        ("events {}", "/var/log/nginx/error.log", []),
        ("error_log memory:32m debug;", "stderr", []),
    ],
)
def test_logs_that_are_no_files(host, main, built_in, expected):
    host.write("/etc/nginx/other.conf", main)
    assert ConfigFiles(host, "/etc/nginx/other.conf").other_logs(built_in) == expected


def test_a_test_leaves_nothing_behind(host):
    host.write("/var/log/nginx/access.log", "")
    made = ["/run/nginx.pid", "/var/log/nginx/main.log"]
    folders = ["/var/lib/nginx/body", "/usr/share/nginx/tmp/fastcgi", "/var/cache/nginx"]
    os.makedirs(host.path("/var/lib/nginx"))
    os.makedirs(host.path("/usr/share/nginx/tmp"))
    os.makedirs(host.path("/usr/share/nginx/proxy_temp"), 0o755)

    def does_what_nginx_does():
        for path in made:
            host.write(path, "")
        for path in folders:
            os.makedirs(host.path(path))
        os.chmod(host.path("/usr/share/nginx/proxy_temp"), 0o700)
        return Ran(0, "", "", None)

    host.answers["-t"] = does_what_nginx_does
    host.write("/run/other", "")
    nginx = find(host, Processes(host))
    assert ask(host, nginx, ConfigFiles(host, nginx.conf_path)).sound
    assert not [path for path in made + folders if host.exists(path)]
    assert host.exists("/var/log/nginx/access.log")
    assert os.stat(host.path("/usr/share/nginx/proxy_temp")).st_mode & 0o777 == 0o755


def test_what_others_wrote_meanwhile_stays(host):
    host.answers["-t"] = lambda: host.write("/run/nginx.pid", "123\n") or Ran(0, "", "", None)
    look(host)
    assert host.read("/run/nginx.pid") == "123\n"


def test_an_empty_log_that_somebody_has_open_stays(host):
    path = "/var/log/nginx/main.log"

    def started_meanwhile():
        host.write(path, "")
        host.process(99, "nginx: master process /usr/sbin/nginx")
        host.link("/proc/99/fd/4", path)
        return Ran(0, "", "", None)

    host.answers["-t"] = started_meanwhile
    look(host)
    assert host.exists(path)


@pytest.mark.parametrize(
    "version, option",
    [("1.19.4", False), ("1.18.0", False), ("1.9.15", False), ("1.19.5", True), ("1.22.1", True), ("2.0.1", True)],
)
def test_its_own_log_is_not_written_where_that_can_be_helped(host, version, option):
    host.answers["-V"] = Ran(0, "", "nginx version: nginx/%s\n" % version, None)
    nginx = find(host, Processes(host))
    ask(host, nginx, ConfigFiles(host, nginx.conf_path))
    assert ("-e" in host.commands[-1]) is option


UNKNOWN = 'unknown directive "foo" in /etc/nginx/conf.d/a b.conf:3'


@pytest.mark.parametrize(
    "ran, is_root, sound, error, where",
    [
        (Ran(0, "", "nginx: [warn] conflicting server name\n", None), True, True, None, None),
        (
            Ran(1, "", "nginx: [warn] x\nnginx: [emerg] %s\nnginx: configuration file test failed\n" % UNKNOWN, None),
            True,
            False,
            UNKNOWN,
            {"file": "/etc/nginx/conf.d/a b.conf", "line": 3},
        ),
        (
            Ran(1, "", "2026/11/22 14:47:23 [emerg] 6176#6176: %s\n" % UNKNOWN, None),
            True,
            False,
            UNKNOWN,
            {"file": "/etc/nginx/conf.d/a b.conf", "line": 3},
        ),
        (
            Ran(1, "", 'nginx: [emerg] open() "/run/nginx.pid" failed (13: Permission denied)\n', None),
            False,
            None,
            'open() "/run/nginx.pid" failed (13: Permission denied)',
            None,
        ),
        (
            Ran(1, "", 'nginx: [emerg] open() "/run/nginx.pid" failed (13: Permission denied)\n', None),
            True,
            False,
            'open() "/run/nginx.pid" failed (13: Permission denied)',
            None,
        ),
        (
            Ran(1, "", "nginx: something else\nlast\n", None),
            True,
            False,
            "nginx -t ended with exit code 1: last",
            None,
        ),
        (Ran(1, "", "", None), True, False, "nginx -t ended with exit code 1 and said nothing", None),
        (Ran(None, "", "", "nginx -t: no answer in 15 seconds"), True, None, "nginx -t: no answer in 15 seconds", None),
    ],
)
def test_what_the_outcome_says(ran, is_root, sound, error, where):
    tested = judged(ran, is_root)
    assert (tested.sound, tested.error, tested.where) == (sound, error, where)


@pytest.mark.parametrize(
    ("ran", "error", "not_run"),
    [
        (Ran(127, "", "", None), "nginx -t ended with exit code 127 and said nothing", 127),
        (
            Ran(127, "", "nginx: error while loading shared libraries: libssl.so.1.1: cannot open\n", None),
            "nginx -t ended with exit code 127: nginx: error while loading shared libraries: libssl.so.1.1: cannot open",
            127,
        ),
        (Ran(-9, "", "", None), "nginx -t was killed by signal 9 and said nothing", -9),
        (
            Ran(1, "", "/usr/sbin/nginx: symbol lookup error: /usr/sbin/nginx: undefined symbol: pcre2\n", None),
            "nginx -t ended with exit code 1: /usr/sbin/nginx: symbol lookup error: /usr/sbin/nginx: undefined symbol: pcre2",
            1,
        ),
        (Ran(1, "", "nginx: [emerg] host not found in upstream\n", None), "host not found in upstream", None),
    ],
)
def test_an_nginx_that_was_not_run_says_how_it_ended(ran, error, not_run):
    facts = judged(ran, True).facts()
    assert (facts["sound"], facts["error"], facts["not_run"]) == (False, error, not_run)


def test_a_test_without_answer_is_unknown_not_sound(host):
    host.answers["-t"] = Ran(None, "", "", "nginx -t: no answer in 15 seconds")
    facts = look(host)
    assert facts["test"]["sound"] is None
    assert host.unknown == [{"missing": "nginx test", "why": "nginx -t: no answer in 15 seconds"}]


def test_a_file_that_others_may_lead_elsewhere_is_not_to_be_edited(host):
    host.write("/home/eve/site.conf", "server { listen 81; }\n")
    host.write("/etc/nginx/conf.d/own.conf", "server { listen 82; }\n")
    host.link("/etc/nginx/conf.d/eve.conf", "../../../home/eve/site.conf")
    os.chown(host.path("/home/eve"), 1001, 1001)
    config = look(host)["config"]
    assert config["generated"] == {"/etc/nginx/conf.d/eve.conf": "not root's alone: /home/eve: it belongs to uid 1001"}
    assert config["http"]["dropin_dir"] == "/etc/nginx/conf.d"
    os.chown(host.path("/etc/nginx/conf.d"), 33, 33)
    config = look(host)["config"]
    assert config["http"]["dropin_dir"] is None and "/etc/nginx/conf.d/own.conf" in config["generated"]
