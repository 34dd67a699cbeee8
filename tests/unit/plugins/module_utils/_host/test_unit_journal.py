# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a unit has written to the journal."""

import re

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_journal import (
    in_words,
    last_words,
    said_to_listen,
    that_name,
    that_say_why,
    was_started,
    was_stopped,
    why_it_ended,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


def test_the_last_lines_of_some_units(tmp_path):
    host = FakeHost(tmp_path, {"journalctl": "first\nlast\n"})
    assert last_words(host, ["nginx", "nginx.service"]) == ["first", "last"]
    assert host.commands[0][-2:] == ["--unit=nginx", "--unit=nginx.service"]


def test_a_host_without_a_journal_has_no_last_words(tmp_path):
    assert last_words(FakeHost(tmp_path), ["nginx"]) == []
    assert said_to_listen(FakeHost(tmp_path), "shop.service") == []


def test_of_a_traceback_the_line_that_says_it_is_kept(tmp_path):
    said = (
        'Started shop.service - The shop.\nTraceback (most recent call last):\n  File "/srv/shop/app.py", line 1, in <module>\n'
        "    import shop\nModuleNotFoundError: No module named 'shop'\nshop.service: Main process exited, code=exited, status=1/FAILURE\n"
        "shop.service: Failed with result 'exit-code'.\nModuleNotFoundError: No module named 'shop'\n"
    )
    assert why_it_ended(FakeHost(tmp_path, {"journalctl": said}), "shop.service") == [
        "ModuleNotFoundError: No module named 'shop'"
    ]


def test_of_a_crash_of_node_the_line_that_says_it_is_kept(tmp_path):
    thrown = (
        "node:events:497\n      throw er; // Unhandled 'error' event\n      ^\n\nError: spawn find EMFILE\n    at ChildProcess._handle.onexit (node:a:1)\n"
        "Emitted 'error' event on ChildProcess instance at:\n    at b {\n  code: 'EMFILE'\n}\n\nNode.js v18.19.0\n"
    )
    aborted = (
        "<--- Last few GCs --->\n<--- JS stacktrace --->\nFATAL ERROR: JavaScript heap out of memory\n 1: 0xb7a940 node::Abort() [node]\n"
        "10: 0xd5b0 v8::internal [node]\nshop.service: Main process exited, code=dumped, status=6/ABRT\n"
    )
    for said, kept in ((thrown, "Error: spawn find EMFILE"), (aborted, "FATAL ERROR: JavaScript heap out of memory")):
        assert why_it_ended(FakeHost(tmp_path, {"journalctl": said}), "shop.service") == [kept]


def test_requests_that_were_answered_say_nothing(tmp_path):
    said = (
        'panic: no\nINFO:     10.0.0.1:51532 - "GET /a?b=c HTTP/1.1" 200 OK\n'
        '10.0.0.1 - - [29/Nov/2026 21:02:12] "POST /b HTTP/1.0" 201 -\n'
        '10.0.0.1 -  29/Nov/2026:21:02:12 +0000 "GET /status.php" 200\n'
        "[pid: 8|app: 0|req: 1/1] 10.0.0.1 () {32 vars in 347 bytes} [Sun Nov 29 21:02:12 2026] GET / => generated 2 bytes in 0 msecs\n"
    )
    assert why_it_ended(FakeHost(tmp_path, {"journalctl": said}), "shop.service") == ["panic: no"]


def test_what_supervisor_says_of_its_programs_is_not_why(tmp_path):
    said = (
        "INFO spawned: 'php-fpm' with pid 9\nALERT: [pool www] user has not been defined\nERROR: FPM initialization failed\n"
        "2026-11-29 21:02:12,512 INFO exited: php-fpm (exit status 78; not expected)\nINFO gave up: php-fpm entered FATAL state\n"
    )
    kept = ["ALERT: [pool www] user has not been defined", "ERROR: FPM initialization failed"]
    assert why_it_ended(FakeHost(tmp_path, {"journalctl": said}), "shop.service") == kept


def test_what_was_said_before_a_start(tmp_path):
    said = "panic: no\nshop.service: Main process exited, code=killed, status=9/KILL\nshop.service: Failed with result 'signal'.\n"
    host = FakeHost(tmp_path, {"journalctl": said})
    assert why_it_ended(host, "shop.service") == ["panic: no"]
    assert why_it_ended(host, "shop.service", 1763821781.5) == [
        "panic: no",
        "Main process exited, code=killed, status=9/KILL",
    ]
    host.commands.pop(0)
    assert "--until=@1763821781.500" in host.commands[0]


def test_whether_systemd_was_asked_to_stop_it(tmp_path):
    for said, stopped in (
        ("Stopping shop.service - Shop...\n", True),
        ("Started shop.service - Shop.\n", False),
        ("", False),
    ):
        host = FakeHost(tmp_path, {"journalctl": said})
        assert was_stopped(host, "shop.service") is stopped
        assert was_started(host, "shop.service") is (said.startswith("Started"))
    assert {"UNIT=shop.service", "_PID=1"} <= set(
        host.commands[0]
    )  # a program may say that it is stopping as it crashes


def test_what_each_start_says_again_does_not_hide_why_it_ends(tmp_path):
    start = "=> Booting Puma\n=> Run `rails --help`\nA server is already running. Check tmp/server.pid.\nExiting\n"
    cut = start.partition("\n=> Run")[2]  # the journal is read from the middle of a start
    assert why_it_ended(FakeHost(tmp_path, {"journalctl": cut + start + start}), "shop.service") == [
        "=> Run `rails --help`",
        "A server is already running. Check tmp/server.pid.",
        "Exiting",
    ]


def test_a_program_that_indents_all_that_it_says_is_heard(tmp_path):
    said = "\n    Your Node.js version (16.20.2) is not supported.\n\nn8n.service: Main process exited, code=exited\n"
    host = FakeHost(tmp_path, {"journalctl": said})
    assert why_it_ended(host, "n8n.service") == ["Your Node.js version (16.20.2) is not supported."]


def test_the_newest_line_that_says_what_went_wrong_is_kept_beside_the_last_ones(tmp_path):
    said = "error: old\nlisten tcp :80: bind: permission denied\nStarting a\nStarting b\nworkers\nschedulers\nhubs\n"
    assert why_it_ended(FakeHost(tmp_path, {"journalctl": said}), "chat.service") == [
        "listen tcp :80: bind: permission denied",
        "schedulers",
        "hubs",
    ]


SPRING = (
    "***************************\nAPPLICATION FAILED TO START\n***************************\n\nDescription:\n\nFailed to configure a DataSource: 'url' is"
    " not set.\n\nReason: Failed to determine a suitable driver class\n\n\nAction:\n\nConsider the following:\n\tIf you want one, put it there.\n\n"
    "boot.service: Main process exited, code=exited, status=1/FAILURE\nboot.service: Failed with result 'exit-code'.\n"
)
DOTNET = (
    "You must install or update .NET to run this application.\n\nApp: /srv/shop/Shop.dll\nArchitecture: x64\nFramework: 'Microsoft.AspNetCore.App',"
    " version '6.0.0' (x64)\n.NET location: /usr/share/dotnet/\n\nThe following frameworks were found:\n  8.0.11 at [/usr/share/dotnet/shared/x]\n\n"
    "Learn more:\nhttps://aka.ms/dotnet/app-launch-failed\n\nTo install missing framework, download:\nhttps://aka.ms/dotnet-core-applaunch?framework=x\n"
    "shop.service: Main process exited, code=exited, status=150/n/a\n"
)


GUNICORN = (
    "[2026-11-30 06:00:01 +0000] [8] [INFO] Starting gunicorn 20.1.0\n[2026-11-30 06:00:01 +0000] [8] [INFO] Listening at: http://127.0.0.1:8000 (8)\n"
    "[2026-11-30 06:00:01 +0000] [8] [INFO] Using worker: sync\n[2026-11-30 06:00:01 +0000] [9] [INFO] Booting worker with pid: 9\n"
    '[2026-11-30 06:00:01 +0000] [9] [ERROR] Exception in worker process\nTraceback (most recent call last):\n  File "/x.py", line 1, in <module>\n'
    "ModuleNotFoundError: No module named 'shop.wsgi'\n[2026-11-30 06:00:01 +0000] [9] [INFO] Worker exiting (pid: 9)\n"
    "[2026-11-30 06:00:01 +0000] [8] [WARNING] Worker with pid 9 was terminated due to signal 15\n"
    "[2026-11-30 06:00:01 +0000] [8] [ERROR] Worker (pid:9) exited with code 3\n[2026-11-30 06:00:01 +0000] [8] [INFO] Shutting down: Master\n"
    "[2026-11-30 06:00:01 +0000] [8] [INFO] Reason: Worker failed to boot.\nshop.service: Main process exited, code=exited, status=3/NOTIMPLEMENTED\n"
)
NEXT = "> shop@1.0.0 start\n> next start\n\nError: Could not find a production build in the '.next' directory.\n    at setupFsCheck (/srv/shop/x.js:1)\n"
NPM_6 = (
    "npm ERR! code ELIFECYCLE\nnpm ERR! errno 1\nnpm ERR! shop@1.0.0 start: `next start`\nnpm ERR! Exit status 1\nnpm ERR!\n"
    "npm ERR! Failed at the shop@1.0.0 start script.\nnpm ERR! This is probably not a problem with npm. There is likely additional output above.\n\n"
    "npm ERR! A complete log of this run can be found in:\nnpm ERR!     /home/shop/.npm/_logs/1-debug.log\n"
)
NPM_10 = (
    "npm error Lifecycle script `start` failed with error:\nnpm error code 1\nnpm error path /srv/shop\n"
    "npm error workspace shop@1.0.0\nnpm error location /srv/shop\nnpm error command failed\nnpm error command sh -c next start\n"
)
YARN = "error Command failed with exit code 1.\ninfo Visit https://yarnpkg.com/en/docs/cli/run for documentation about this command.\n"
PNPM = "\u2009ELIFECYCLE\u2009 Command failed with exit code 1.\n"
GO = (
    "panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4a1b2c]\n\n"
    "goroutine 1 [running]:\nmain.(*Server).Start(0xc00001, {0x1, 0x2})\n\t/src/server.go:42 +0x1d\nmain.main()\n\t/src/main.go:12 +0x25\nexit status 2\n"
)
PHP = (
    'PHP Fatal error:  Uncaught Error: Class "Redis" not found in /srv/shop/x.php:5\nStack trace:\n#0 /srv/shop/y.php(3): boot()\n#1 {main}\n'
    "  thrown in /srv/shop/x.php on line 5\n"
)
BUILD = ["Error: Could not find a production build in the '.next' directory."]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (GUNICORN + GUNICORN, ["ModuleNotFoundError: No module named 'shop.wsgi'"]),
        (NEXT + NPM_6, BUILD),
        (NEXT + NPM_10, BUILD),
        (NEXT + YARN, BUILD),
        (NEXT + PNPM, BUILD),
        (
            GO,
            [
                "panic: runtime error: invalid memory address or nil pointer dereference",
                "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4a1b2c]",
            ],
        ),
        (PHP, ['PHP Fatal error:  Uncaught Error: Class "Redis" not found in /srv/shop/x.php:5']),
        (
            "INFO spawnerr: can't find command 'php-fpm7.0'\n2026/12/01 10:04:21 [notice] 5#5: start worker process 6\n",
            ["INFO spawnerr: can't find command 'php-fpm7.0'"],
        ),
        (
            'npm ERR! Missing script: "start"\nnpm ERR! To see a list of scripts, run:\n',
            ['npm ERR! Missing script: "start"'],
        ),
        (
            "npm error code ENOENT\nnpm error enoent Could not read package.json: no such file '/srv/package.json'\n",
            ["npm error enoent Could not read package.json: no such file '/srv/package.json'"],
        ),
    ],
)
def test_what_is_said_at_the_end_of_each_failure_does_not_hide_why(tmp_path, said, kept):
    assert why_it_ended(FakeHost(tmp_path, {"journalctl": said}), "shop.service") == kept


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (
            SPRING,
            [
                "APPLICATION FAILED TO START",
                "Failed to configure a DataSource: 'url' is not set.",
                "Reason: Failed to determine a suitable driver class",
            ],
        ),
        (SPRING + "Started boot.service\nOutOfMemoryError: heap\n", ["OutOfMemoryError: heap"]),
        (
            DOTNET,
            [
                "You must install or update .NET to run this application.",
                "Framework: 'Microsoft.AspNetCore.App', version '6.0.0' (x64)",
                ".NET location: /usr/share/dotnet/",
            ],
        ),
    ],
)
def test_what_a_runtime_suggests_does_not_hide_why_it_ends(tmp_path, said, kept):
    assert why_it_ended(FakeHost(tmp_path, {"journalctl": said}), "boot.service")[-len(kept) :] == kept


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("cannot reach postgres://shop:s3cret@db:5432/shop", "cannot reach postgres://***@db:5432/shop"),
        ("clone of https://s3cret@git.example/x failed", "clone of https://***@git.example/x failed"),
        ("bad option: password=s3cret x", "bad option: password=***"),
        ("sent Authorization: Bearer s3cret", "sent Authorization: ***"),
        ("AWS_SECRET_ACCESS_KEY=s3cret is refused", "AWS_SECRET_ACCESS_KEY=***"),
        ('DB_PASS = "a s3cret"', "DB_PASS = ***"),
        ("password authentication failed for user shop", "password authentication failed for user shop"),
        ('{"api_key": "s3cret"}', '{"api_key": ***'),
        ("GET https://a/b?token=s3cret failed", "GET https://a/b?*** failed"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
    ],
)
def test_no_secret_is_kept(tmp_path, line, kept):
    assert why_it_ended(FakeHost(tmp_path, {"journalctl": line + "\n"}), "shop.service") == [kept]


def test_words_are_bounded(tmp_path):
    (word,) = why_it_ended(FakeHost(tmp_path, {"journalctl": "x" * 100000}), "shop.service")
    assert len(word) <= 200


@pytest.mark.parametrize(
    ("line", "addresses"),
    [
        ("Listening on http://127.0.0.1:3000", ["tcp:127.0.0.1:3000"]),
        ("12:30:05 Server running at http://localhost:8080/", ["tcp:localhost:8080"]),
        ("Listening at: http://0.0.0.0:8000 (42)", ["tcp:0.0.0.0:8000"]),
        ("Listening at: unix:/run/shop.sock (42)", ["unix:/run/shop.sock"]),
        ("Tomcat started on port(s): 8080 (http) with context path ''", ["tcp:0.0.0.0:8080"]),
        ("Now listening on: http://[::]:5000", ["tcp:[::]:5000"]),
        ("server listening on :9090", ["tcp:0.0.0.0:9090"]),
        ("listening on 8110", ["tcp:0.0.0.0:8110"]),
        ("listening on 192.0.2.7", []),
        ("Ready, accepting connections on port 8080", ["tcp:0.0.0.0:8080"]),
        ("listening for signals", []),
        ("connected: the server is at localhost:5432", []),
        ("waiting for the server on http://127.0.0.1:8000", []),
        ("Serving, upstream is http://10.0.0.5:8080", []),
    ],
)
def test_where_it_said_that_it_listens(tmp_path, line, addresses):
    assert said_to_listen(FakeHost(tmp_path, {"journalctl": line + "\n"}), "shop.service") == addresses


def test_a_line_that_goes_on_in_indented_ones_is_kept_whole(tmp_path):
    said = "[critical] Failed to start: {error,\n        {1883,tcp},\n        eaddrinuse}\n    at the end\n  {a,\n"
    assert why_it_ended(FakeHost(tmp_path, {"journalctl": said}), "shop.service") == [
        "[critical] Failed to start: {error, {1883,tcp}, eaddrinuse}"
    ]


def test_what_is_said_again_at_another_time_is_said_once(tmp_path):
    said = "2026-12-01 12:04:03 [error] no start\n2026-12-01 12:04:09 [error] no start\n"
    assert why_it_ended(FakeHost(tmp_path, {"journalctl": said}), "shop.service") == ["[error] no start"]


def test_lines_that_name_a_place_are_asked_of_all_services_at_once(tmp_path):
    host = FakeHost(tmp_path, {"journalctl": "{}\n{}\n"})
    assert that_name(host, ["5000", "/run/a.sock"]) == ["{}", "{}"]
    pattern = next(word for word in host.commands[0] if word.startswith("--grep=")).partition("=")[2]
    for text, is_named in {
        ":5000": True,
        "a/run/a.sock b": True,
        ":50001": False,
        "1.5000": False,
        "5000.1": False,
    }.items():
        assert bool(re.search(pattern, text)) == is_named


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            '{"level":"error","ts":1611280187.5,"caller":"sqlstore/store.go:258","msg":"Failed to ping DB","error":"dial tcp [::1]:5432: connect: refused"}',
            "error: Failed to ping DB: dial tcp [::1]:5432: connect: refused",
        ),
        (
            '{"level":50,"time":1,"msg":"start failed","err":{"message":"listen EADDRINUSE","stack":"x"}}',
            "error: start failed: listen EADDRINUSE",
        ),
        ('{"level":30,"msg":"ready"}', "ready"),
        ('{"event": "boot", "level": "info"}', "info: boot"),
        ('{"port": 80}', '{"port": 80}'),
        ("{not json}", "{not json}"),
        ("error: {}", "error: {}"),
        ('{"msg": ["a"]}', '{"msg": ["a"]}'),
        (
            'ts=2026-12-01T11:50:44.166Z caller=main.go:469 level=error msg="Error loading config" err="yaml: line 46: \\"-\\" is missing"',
            'error: Error loading config: yaml: line 46: \\"-\\" is missing',
        ),
        ('time="2026-12-01T11:50:44Z" level=fatal msg="no storage"', "fatal: no storage"),
        ("time=5 is up", "time=5 is up"),
        ("2026-12-01 12:04:03.937279+00:00 [critical] no start", "[critical] no start"),
        ("[2026-12-01 12:04:03 +0000] [8] [ERROR] no start", "[8] [ERROR] no start"),
        ("2026/12/01 12:04:03 [emerg] no start", "[emerg] no start"),
        ("2026-12-01 12:04:03 - no start", "2026-12-01 12:04:03 - no start"),
    ],
)
def test_a_line_of_json_or_of_pairs_is_said_in_words_and_without_its_time(line, words):
    assert in_words(line) == words


def test_a_line_of_json_that_is_nested_as_deeply_as_it_may_be_is_said_as_it_is():
    line = '{"msg":%s}' % ("[" * 990 + "]" * 990)
    assert in_words(line) == line


def test_what_was_said_before_it_was_last_stopped_is_of_another_run():
    lines = [
        "can't remove file /run/pound.pid: Permission denied",
        "Stopped pound.service - proxy.",
        "Starting pound.service - proxy...",
    ]
    assert that_say_why([*lines, "pound: /etc/pound.cfg:23.1-9: unrecognized keyword"]) == [
        "pound: /etc/pound.cfg:23.1-9: unrecognized keyword"
    ]
    assert that_say_why(lines) == lines[:1]
