# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs of a made-up host: found, bounded, put in time, added up; and what could not be read is result."""

import json
import os
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host, Ran
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs import facts as facts_module
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs import records as records_module
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.facts import log_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.tail import ErrorLogTail
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.log_host import (
    ERROR_LOG,
    NOW,
    LogHost,
    fpm,
    refused,
)

FPM_LOG = "/var/log/php8.2-fpm.log"
BOOT = NOW - 5000


@pytest.fixture
def host(tmp_path):
    return LogHost(tmp_path)


def look(host, *sources, **options):
    return log_facts(host, sources or [(ERROR_LOG, "nginx")], 3600.0, NOW, **options)


def state(host, *sources, **options):
    return [(source["state"], source["why"]) for source in look(host, *sources, **options)["sources"]]


def test_one_record_as_the_contract_has_it(host):
    host.write(ERROR_LOG, refused(90, "/x?token=1") + refused(60, "/x?token=2", pid=72))
    assert look(host) == {
        "sources": [{"path": ERROR_LOG, "kind": "nginx", "state": "ok", "level": None, "why": None}],
        "records": [
            {
                "source": ERROR_LOG,
                "kind": "nginx",
                "signature": "backend_port_closed",
                "count": 2,
                "first": NOW - 90,
                "last": NOW - 60,
                "level": "error",
                "message": "connect() failed (111: Connection refused)",
                "action": "connecting to upstream",
                "errno": 111,
                "upstream": {"scheme": "http", "address": "tcp:10.0.0.2:3000", "text": "http://10.0.0.2:3000/x"},
                "server": "a.example",
                "host": "a.example",
                "request": {"method": "GET", "path": "/x", "query": True},
                "pid": 72,
                "pool": None,
                "unit": None,
                "process": None,
            }
        ],
        "visits": [],
    }


def test_only_lines_of_the_window_count(host):
    host.write(ERROR_LOG, refused(3700) + refused(3500, "/in") + refused(-600, "/future"))
    assert [record["request"]["path"] for record in look(host)["records"]] == ["/in"]


def test_lines_differ_by_upstream_server_and_path(host):
    host.write(
        ERROR_LOG,
        refused() + refused(path="/b") + refused(upstream="http://10.0.0.3:3000") + refused(server="b") + refused(),
    )
    assert sorted(record["count"] for record in look(host)["records"]) == [1, 1, 1, 2]


def test_healthy_noise_makes_no_record(host):
    noise = refused().split(" [error]")[0]
    host.write(
        ERROR_LOG,
        noise
        + ' [error] 71#71: *5 open() "/x" failed (2: x), client: 192.0.2.1, server: a, request: "GET /x HTTP/1.1", host: "a"\n',
    )
    host.write(
        ERROR_LOG,
        noise
        + " [info] 71#71: *5 client 192.0.2.1 closed keepalive connection\n\xff\x00garbage\n".encode("latin-1").decode(
            "latin-1"
        ),
    )
    assert look(host)["records"] == []


def test_bytes_that_are_no_text_harm_nothing(host):
    host.write(ERROR_LOG, b"\xff\xfe\x00\n" + refused(path="/\u00fc").encode("latin-1") + b"\x00" * 100)
    assert [record["request"]["path"] for record in look(host)["records"]] == ["/\ufffd"]


def test_what_is_no_log_is_named(host):
    assert state(host) == [("missing", "No such file or directory")]
    os.makedirs(host.path("/var/log/nginx"))
    os.mkfifo(host.path(ERROR_LOG))
    assert state(host) == [("not_a_file", "/var/log/nginx/error.log is not a regular file")]
    os.remove(host.path(ERROR_LOG))
    os.symlink("/dev/stderr", host.path(ERROR_LOG))
    assert state(host) == [("not_a_file", "/var/log/nginx/error.log is a link to a stream")]
    assert state(host, ("stderr", "nginx")) == [("not_a_file", "stderr is not a path")]
    assert {entry["missing"] for entry in host.unknown} == {"log " + ERROR_LOG, "log stderr"}


def test_a_log_that_may_not_be_read_is_unknown(host, monkeypatch):
    host.write(ERROR_LOG, refused())

    def deny(*_arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", deny)
    assert state(host) == [("unreadable", "Permission denied")]
    assert host.unknown == [{"missing": "log " + ERROR_LOG, "why": "Permission denied"}]


def test_only_the_end_of_a_huge_log_is_read(host):
    target = host.write(ERROR_LOG, refused(3000, "/early"))
    os.truncate(target, 10 * 1024 * 1024 * 1024)
    host.write(ERROR_LOG, "\n" + refused(100, "/late"))
    result = look(host)
    assert [record["request"]["path"] for record in result["records"]] == ["/late"]
    assert result["sources"][0]["state"] == "cut"
    assert host.unknown == [
        {
            "missing": "older lines of log " + ERROR_LOG,
            "why": "the window holds more than the last 4194304 bytes, which were read",
        }
    ]


def test_a_log_cut_within_old_lines_is_whole_for_the_window(host):
    host.write(ERROR_LOG, refused(9000) * 50 + refused(60))
    assert state(host, read_limit=5000) == [("ok", None)]
    assert host.unknown == []


@pytest.mark.parametrize("older", [ERROR_LOG + ".1", ERROR_LOG + "-20260102"])
def test_the_log_before_the_last_rotation_is_read_where_the_window_reaches_back(host, older):
    host.write(older, refused(1800, "/before"))
    host.write(ERROR_LOG, refused(60, "/after"))
    assert [record["request"]["path"] for record in look(host)["records"]] == ["/after", "/before"]


def test_an_old_rotated_log_is_left_alone(host, monkeypatch):
    host.write(ERROR_LOG + ".1", refused(1800, "/before"))
    host.write(ERROR_LOG, refused(7200) + refused(60, "/after"))
    assert [record["request"]["path"] for record in look(host)["records"]] == ["/after"]


def test_a_log_that_is_written_in_another_zone_is_read_in_its_own(host):
    """nginx keeps the zone that its unit gives it, or that the host had when nginx began."""
    hours = 5 * 3600
    host.write(ERROR_LOG, refused(hours + 90, "/here") + refused(hours + 60), written=NOW - 60)
    full = "WARNING: [pool www] server reached pm.max_children setting (5), consider raising it"
    host.write(FPM_LOG, fpm(full, 60 - hours), written=NOW - 59)
    records = look(host, (ERROR_LOG, "nginx"), (FPM_LOG, "php_fpm"))["records"]
    assert sorted(NOW - record["last"] for record in records) == [60, 60, 90]


@pytest.mark.parametrize("hours", [3, 30])
def test_a_log_of_old_lines_that_was_touched_since_is_of_no_other_zone(host, hours):
    host.write(ERROR_LOG, refused(hours * 3600 + 7), written=NOW)
    assert look(host)["records"] == []


@pytest.mark.parametrize("removed", [True, False])
def test_the_file_that_nginx_really_writes_is_read(tmp_path, removed):
    path = str(tmp_path / "error.log")
    with open(path, "w", encoding="utf-8") as held:
        held.write(refused(60, "/held"))
        held.flush()
        if removed:
            os.remove(path)
        else:
            os.rename(path, path + ".7")
        with open(path, "w", encoding="utf-8") as new:
            new.write(refused(30, "/new"))
        result = log_facts(Host(), [(path, "nginx")], 3600.0, NOW, os.getpid())
        tail = ErrorLogTail(Host(), path, os.getpid())
        assert tail.mark()
        held.write(refused(10, "/later"))
        held.flush()
        assert [line.request.path for line in tail.lines()] == ["/later"]
    assert {record["request"]["path"] for record in result["records"]} == {"/held", "/new"}
    assert result["sources"][0]["state"] == ("deleted" if removed else "ok")
    assert "still writes to the" in result["sources"][0]["why"]


def test_php_fpm(host):
    host.write(
        FPM_LOG,
        fpm("WARNING: [pool www] server reached pm.max_children setting (5), consider raising it")
        + fpm(
            "WARNING: [pool www] child 90, script '/slow.php' (request: \"GET /slow.php?token=1\") execution timed out (30.1 sec), terminating"
        )
        + fpm('WARNING: [pool www] child 91 said into stderr: "NOTICE: server reached pm.max_children setting (5)"')
        + fpm("WARNING: [pool b] child 91 exited on signal 9 (SIGKILL) after 1.0 seconds from start", 7200),
    )
    records = {record["signature"]: record for record in look(host, (FPM_LOG, "php_fpm"))["records"]}
    assert set(records) == {"fpm_max_children", "fpm_request_terminate_timeout"}
    assert (records["fpm_max_children"]["pool"], records["fpm_max_children"]["level"]) == ("www", "warn")
    assert records["fpm_request_terminate_timeout"]["pid"] == 90
    assert "token" not in records["fpm_request_terminate_timeout"]["message"]


def test_a_reload_of_php_fpm_that_began_long_ago_may_not_be_over(host):
    begun, done = (
        fpm("NOTICE: Reloading in progress ...", 9000),
        fpm('NOTICE: reloading: execvp("/usr/sbin/php-fpm8.2")', 8000),
    )
    for text, last in (
        (begun, ["Reloading in progress ..."]),
        (begun + done, ['reloading: execvp("/usr/sbin/php-fpm8.2")']),
        (begun + done + fpm("NOTICE: Reloading in progress ..."), ["Reloading in progress ..."]),
    ):
        host.write(FPM_LOG, text)
        records = look(host, (FPM_LOG, "php_fpm"))["records"]
        assert [record["message"] for record in records] == last
    assert records[0]["count"] == 1


def test_nginx_that_writes_to_the_journal(host):
    host.answers["journalctl -u"] = Ran(
        0,
        "%f web1 nginx[71]: %s%f web1 nginx[72]: web1 nginx: %s" % (NOW - 9, refused(), NOW - 8, refused(pid=72)),
        "",
        None,
    )
    result = look(host, ("nginx.service", "nginx"))
    assert [(source["path"], source["kind"], source["state"]) for source in result["sources"]] == [
        ("nginx.service", "nginx", "ok")
    ]
    (record,) = result["records"]
    assert (record["kind"], record["signature"], record["count"], record["upstream"]["address"]) == (
        "nginx",
        "backend_port_closed",
        2,
        "tcp:10.0.0.2:3000",
    )
    assert host.asked[-1][-2:] == ["-u", "nginx.service"]


def test_each_error_of_a_start_keeps_its_own_words(host):
    unit = "php8.2-fpm.service"
    lines = (
        "[/etc/php/8.2/fpm/pool.d/www.conf:41] unknown entry 'listn'",
        "FPM initialization failed",
        "FPM initialization failed",
    )
    host.answers["journalctl -u"] = Ran(
        0, "".join("%f web1 php-fpm8.2[70]: %s" % (NOW - 5, fpm("ERROR: " + line)) for line in lines), "", None
    )
    records = look(host, (unit, "unit:" + unit))["records"]
    assert {(record["signature"], record["message"], record["count"]) for record in records} == {
        ("php_fpm_config_invalid", lines[0], 1),
        ("php_fpm_config_invalid", lines[1], 2),
    }


def test_uwsgi_s_lines_are_told_apart_by_the_size_alone(host):
    line = "%f web1 uwsgi[70]: Fri Jan  2 03:04:%02d 2026 - invalid request block size: %d (max 4096)...skip\n"
    host.answers["journalctl -u"] = Ran(
        0, "".join(line % (NOW - 5, second, size) for second, size in enumerate((21573, 21573, 18770))), "", None
    )
    records = look(host, ("app.service", "unit:app.service"))["records"]
    assert {(record["message"], record["count"]) for record in records} == {
        ("invalid request block size: 21573 (max 4096)...skip", 2),
        ("invalid request block size: 18770 (max 4096)...skip", 1),
    }


def test_the_exit_of_a_worker_does_not_hide_the_script_that_was_terminated(host):
    script = "child %d, script '/slow.php' (request: \"GET /slow.php\") execution timed out (3.%d sec), terminating"
    ended = "child %d exited on signal 15 (SIGTERM) after 3.%d seconds from start"
    host.write(
        FPM_LOG,
        "".join(fpm("WARNING: [pool www] " + text % (pid, pid)) for pid in (90, 91) for text in (script, ended)),
    )
    records = look(host, (FPM_LOG, "php_fpm"))["records"]
    assert (
        sorted((record["signature"], record["count"]) for record in records)
        == [("fpm_request_terminate_timeout", 2)] * 2
    )


OOM = "Out of memory: Killed process 90 (php-fpm8.2) total-vm:1kB"


def test_the_kernels_log_comes_from_the_journal(host):
    lines = "%f web1 kernel: %s\n%f web1 kernel: %s\n%f web1 kernel: %s\n" % (
        NOW - 50,
        OOM,
        NOW - 40,
        OOM.replace("php-fpm8.2", "mariadbd"),
        NOW - 9000,
        OOM,
    )
    host.answers["journalctl -k"] = Ran(0, lines, "", None)
    result = look(host, ("kernel", "kernel"))
    assert result["sources"][0]["state"] == "ok"
    assert [(record["signature"], record["process"], record["pid"]) for record in result["records"]] == [
        ("worker_oom_killed", "mariadbd", 90),
        ("worker_oom_killed", "php-fpm8.2", 90),
    ]


@pytest.fixture
def booted(host):
    host.write("/proc/stat", "cpu 0\nbtime %d\n" % BOOT)
    host.write("/proc/uptime", "5000.00 9000.00\n")
    return host


def test_the_kernels_log_comes_from_dmesg_where_there_is_no_journal(booted):
    booted.answers["dmesg"] = Ran(0, "[    1.000000] Linux\n[ 4900.500000] %s\n" % OOM, "", None)
    result = look(booted, ("kernel", "kernel"))
    assert [record["process"] for record in result["records"]] == ["php-fpm8.2"]
    assert abs(result["records"][0]["last"] - (BOOT + 4900.5)) < 2.0


def test_the_kernels_log_comes_from_kmsg_where_there_is_no_dmesg(booted):
    booted.write("/dev/kmsg", "6,1234,4900500000,-;%s\n" % OOM)
    assert [record["process"] for record in look(booted, ("kernel", "kernel"))["records"]] == ["php-fpm8.2"]


def test_a_container_without_the_kernels_messages_is_not_taken_for_a_quiet_one(booted):
    booted.answers["journalctl -k"] = Ran(0, "-- No entries --\n", "", None)
    booted.answers["dmesg"] = Ran(1, "", "dmesg: read kernel buffer failed: Operation not permitted\n", None)
    assert state(booted, ("kernel", "kernel")) == [("unreadable", "/dev/kmsg: No such file or directory")]
    booted.answers["dmesg"] = Ran(0, "[    1.000000] Linux\n", "", None)
    assert state(booted, ("kernel", "kernel")) == [("ok", None)]


def test_a_kernels_log_that_nobody_may_read_is_unknown(booted):
    assert state(booted, ("kernel", "kernel")) == [("unreadable", "/dev/kmsg: No such file or directory")]
    assert [entry["missing"] for entry in booted.unknown] == ["log kernel"]


def test_audit_log(host):
    denied = (
        'type=AVC msg=audit(%.3f:4): avc:  denied  { name_connect } for  pid=71 comm="nginx" dest=8000 scontext=u:r:httpd_t:s0 '
        "tcontext=u:r:soundd_port_t:s0 tclass=tcp_socket permissive=0\n"
    )
    host.write(
        "/var/log/audit/audit.log",
        denied % (NOW - 50) + denied % (NOW - 40) + denied % (NOW - 9000) + "type=LOGIN msg=x\n",
    )
    (record,) = look(host, ("/var/log/audit/audit.log", "kernel"))["records"]
    assert (record["signature"], record["count"], record["process"]) == ("selinux_network_connect", 2, "nginx")


def test_a_units_journal(host):
    unit = "php8.2-fpm.service"
    host.answers["journalctl -u"] = Ran(
        0,
        "%f web1 php-fpm8.2[70]: [WARNING] [pool www] server reached pm.max_children setting (5), consider raising it\n"
        "    %f web1 php-fpm8.2[70]: [WARNING] [pool forged] server reached pm.max_children setting (5), consider raising it\n"
        "%f web1 systemd[1]: php8.2-fpm.service: A process of this unit has been killed by the OOM killer.\n"
        % (NOW - 50, NOW - 50, NOW - 40),
        "",
        None,
    )
    result = look(host, (unit, "unit:" + unit))
    assert [(record["signature"], record["pool"], record["unit"]) for record in result["records"]] == [
        ("worker_oom_killed", None, unit),
        ("fpm_max_children", "www", unit),
    ]
    assert host.asked[0][-2:] == ["-u", unit]


def test_a_host_without_a_journal_is_not_taken_for_a_quiet_one(host):
    host.answers["journalctl -u"] = Ran(0, "", "No journal files were found.\n", None)
    assert state(host, ("a.service", "unit:a.service")) == [("unreadable", "No journal files were found.")]


def test_a_flood_of_one_kind_does_not_push_out_another(host):
    host.write(
        ERROR_LOG,
        refused(3000, "/rare", "http://10.0.0.9:1") + "".join(refused(60, "/%d" % number) for number in range(500)),
    )
    records = look(host, record_limit=50)["records"]
    assert len(records) == 50
    assert "/rare" in [record["request"]["path"] for record in records]


def test_a_post_is_a_record_of_its_own(host):
    host.write(ERROR_LOG, refused() + refused().replace("GET", "POST"))
    assert sorted(record["request"]["method"] for record in look(host)["records"]) == ["GET", "POST"]


PIECES = [
    time.strftime("%Y/%m/%d %H:%M:%S ", time.localtime(NOW)).encode(),
    time.strftime("[%d-%b-%Y %H:%M:%S] ", time.localtime(NOW)).encode(),
    b"[error] 7#7: *1 ",
    b"connect() failed (111: Connection refused) while connecting to upstream",
    b', client: 10.0.0.1, server: _, request: "GET / HTTP/1.1"',
    b', upstream: "http://10.0.0.2:80/"',
    b', host: "site"',
    b"WARNING: [pool www] child 7 exited on signal 11 (SIGSEGV)",
    b'FastCGI sent in stderr: "PHP message: ',
    b'type=AVC msg=audit(%d.1:7): avc:  denied  { name_connect } for  pid=7 comm="nginx" dest=7080' % NOW,
    b"<3>",
    b"[",
    b"]",
    b'"',
    b"\n",
    b"\0",
    b"\x1b[2J",
]


@given(some.lists(some.one_of(some.sampled_from(PIECES), some.binary(max_size=30)), max_size=80))
def test_no_bytes_in_a_log_stop_the_look(tmp_path_factory, pieces):
    host = LogHost(tmp_path_factory.mktemp("host"))
    sources = [(ERROR_LOG, "nginx"), (FPM_LOG, "php_fpm"), ("/var/log/audit/audit.log", "kernel")]
    for path, _kind in sources:
        host.write(path, b"".join(pieces))
    found = log_facts(host, sources, 3600, NOW, record_limit=5)
    assert [source["state"] for source in found["sources"]] == ["ok"] * 3
    assert len(found["records"]) <= 5
    json.dumps(found)


def test_many_large_logs_are_read_by_their_ends(host, monkeypatch):
    monkeypatch.setattr(facts_module, "TOTAL_LIMIT", 300 * 1024)
    paths = ["/var/log/nginx/site%d.log" % number for number in range(5)]
    for path in paths:
        host.write(path, refused(3000, "/early") + "x" * 250 * 1024 + "\n" + refused(100, path))
    result = look(host, *[(path, "nginx") for path in paths])
    assert {record["request"]["path"] for record in result["records"]} == {"/early", *paths}
    assert [source["state"] for source in result["sources"]] == ["ok", "cut", "cut", "cut", "cut"]
    assert "more than the last 65536 bytes" in result["sources"][4]["why"]


def test_a_visitor_who_asks_for_ever_new_paths_makes_no_more_records_and_hides_nothing(host, monkeypatch):
    monkeypatch.setattr(records_module, "MOST", 50)
    monkeypatch.setattr(records_module, "KEPT", 10)
    largest = []
    add = records_module.Records._add
    monkeypatch.setattr(
        records_module.Records,
        "_add",
        lambda records, *line: [add(records, *line), largest.append(len(records._records))],
    )
    flood = "".join(refused(1000 - number, "/%d" % number) for number in range(400))
    host.write(ERROR_LOG, refused(2000, "/other", upstream="http://10.0.0.3:3000") + flood)
    paths = [record["request"]["path"] for record in look(host)["records"]]
    assert max(largest) <= 50 and {"/other", "/399"} <= set(paths)


def test_a_journal_that_says_too_much_is_read_from_its_end(host):
    lines = "%d.1 web1 kernel: oom-kill:constraint=CONSTRAINT_NONE,task=php,pid=90,uid=33\n" % (NOW - 100)
    host.answers["journalctl -k"] = Ran(0, lines + "  of a line that was c", "", None, True)
    assert state(host, ("kernel", "kernel")) == [
        ("cut", "the window holds more than the last 6291456 bytes, which were read")
    ]
    assert "-r" in host.asked[0] and host.unknown[0]["missing"] == "older lines of log kernel"


def test_a_journal_of_huge_lines_takes_little_memory(tmp_path):
    """5000 lines of 180 kB, as anybody may send them to the journal."""
    journalctl = tmp_path / "journalctl"
    journalctl.write_text(
        "#!%s\nfor n in range(5000): print('%%d.1 web1 eve[%%d]: ' %% (1700000000 + n, n) + 'x' * 180000)\n"
        % sys.executable
    )
    journalctl.chmod(0o700)
    program = """
import resource, sys
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import access
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs import system_log
access.SYSTEM_PATH = sys.argv[1]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
read = system_log.journal(access.Host(), 0.0, [])
print(len(read.lines), read.cut, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        universal_newlines=True,
        check=True,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
    )
    lines, rest = ran.stdout.split(" ", 1)
    assert 20 < int(lines) < 40 and "which were read" in rest
    assert int(rest.split()[-1]) < 60 * 1024
