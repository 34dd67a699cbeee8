# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When findings began and why: staged triggers that are named, and what happened beside them that is not."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge import because
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.because_words import ago

BEGAN = 1795918387
SIGNATURE, UPSTREAM = "socket_missing", "unix:/run/php/php8.2-fpm.sock"
FPM = "php8.2-fpm.service"
SUBJECTS = [
    {"aspect": "route" if "nginx" in name else "backend", "host": "web", "kind": kind, "name": name}
    for kind, name in (
        ("boot", "the host"),
        ("unit", FPM),
        ("program", "php-fpm8.2"),
        ("program", "ufw"),
        ("package", "php8.2"),
        ("package", "php8.2-*"),
        ("path", "/etc/php/8.2/fpm/pool.d/"),
        ("path", "/etc/nginx/sites-enabled/shop"),
    )
]


def change(before, kind, subject, what="", by=None, of=None):
    """A change, so many seconds before the first failing line."""
    return {"at": BEGAN - before, "kind": kind, "subject": subject, "what": what, "by": by, "of": of}


def failing(*minutes, signature=SIGNATURE, upstream=UPSTREAM):
    lines = [[BEGAN + after, count] for after, count in minutes]
    times = [first for first, _count in lines]
    return {
        "signature": signature,
        "upstream": upstream,
        "count": sum(count for _first, count in lines),
        "first": float(min(times)),
        "last": float(max(times)),
        "minutes": lines,
    }


def trigger(**more):
    return {
        "signatures": [SIGNATURE],
        "upstreams": [UPSTREAM],
        "first": BEGAN + 3000.0,
        "count": 1,
        "since": 0.0,
        "daemon": "runs",
        "subjects": SUBJECTS,
        **more,
    }


def onset(*changes, lines=((0, 1), (600, 2)), host="web", **more):
    history = {
        "changes": sorted(changes, key=lambda one: one["at"]),
        "failing": [failing(*lines)],
        "since": 0.0,
        "unknown": [],
    }
    return because.onset_of("web", "web", trigger(**more), {host: history})


UPGRADE = change(4, "package", "php8.2-fpm", "upgraded 8.2.20 -> 8.2.24", "unattended-upgrades")
STOPPING = change(2, "unit", FPM, "stopping", "alice, by sudo: systemctl stop php8.2-fpm")
STOPPED = change(1, "unit", FPM, "stopped")


@pytest.mark.parametrize(
    "changes, first",
    [
        ([UPGRADE], "4 s after unattended-upgrades upgraded php8.2-fpm 8.2.20 -> 8.2.24"),
        ([change(0, "package", "php8.2-redis", "removed 6.0")], "less than 1 s after php8.2-redis was removed 6.0"),
        ([STOPPING], "2 s after php8.2-fpm.service was stopped (alice, by sudo: systemctl stop php8.2-fpm)"),
        (
            [change(9, "unit", FPM, "reloading", "logrotate.service, which ran then")],
            "9 s after php8.2-fpm.service was reloaded (logrotate.service, which ran then)",
        ),
        (
            [change(65, "file", "/etc/php/8.2/fpm/pool.d/www.conf", "was written", "root")],
            "65 s after /etc/php/8.2/fpm/pool.d/www.conf was written; owner root",
        ),
        (
            [change(65, "file", "/etc/nginx/sites-enabled/shop", "was linked", "run r1 of webops.bad_gateway")],
            "65 s after run r1 of webops.bad_gateway wrote /etc/nginx/sites-enabled/shop",
        ),
        (
            [change(300, "file", "/etc/default/shop", "was written", "deploy", FPM)],
            "5 min after /etc/default/shop (of php8.2-fpm.service) was written; owner deploy",
        ),
        (
            [change(3, "command", "/usr/sbin/ufw deny 7080", "was run", "alice, by sudo")],
            "3 s after alice (sudo) ran /usr/sbin/ufw deny 7080",
        ),
        (
            [change(3, "oom", "php-fpm8.2", "was killed by the kernel, as it was full")],
            "3 s after php-fpm8.2 was killed by the kernel, as it was full",
        ),
        (
            [change(3, "oom", "worker", "was killed by the kernel, as it was full", None, FPM)],
            "3 s after worker was killed by the kernel, as it was full",
        ),
        ([change(30, "boot", "the host", "was booted")], "30 s after the host was booted"),
    ],
)
def test_what_explains_it_is_named(changes, first):
    result = onset(*changes)
    assert (result["began"], result["rhythm"]) == (float(BEGAN), "3 times, in 2 bursts")
    assert result["because"] == [first]


NOTHING = ["nothing that changed on web in the 10 minutes before explains it"]


@pytest.mark.parametrize(
    "unrelated",
    [
        change(60, "package", "tzdata", "upgraded 1 -> 2"),
        change(60, "package", "php8.3-fpm", "upgraded 1 -> 2"),
        change(60, "package", "php8.20", "installed 1"),
        change(60, "file", "/etc/nginx/sites-enabled/another", "was written", "root"),
        change(60, "file", "/etc/php/8.3/fpm/pool.d/www.conf", "was written", "root"),
        change(60, "file", "/etc/default/cron", "was written", "root", "cron.service"),
        change(60, "unit", "cron.service", "stopping"),
        change(60, "command", "/usr/sbin/useradd php8.2-fpm.service", "was run", "alice, by sudo"),
        change(60, "oom", "mariadbd", "was killed by the kernel, as it was full"),
        change(601, "package", "php8.2-fpm", "upgraded 1 -> 2"),
        change(-2, "package", "php8.2-fpm", "upgraded 1 -> 2"),
        change(5, "unit", FPM, "starting"),
    ],
)
@pytest.mark.parametrize("daemon", ["runs", "stopped"])
def test_a_coincidence_is_no_cause(unrelated, daemon):
    assert onset(unrelated, daemon=daemon)["because"] == NOTHING


def test_the_same_on_another_host_is_none():
    assert onset(UPGRADE, host="app")["because"] == [], "and nothing is said of a host that was not asked"


def test_a_stop_explains_however_long_ago_it_was():
    old = [{**one, "at": one["at"] - 7200} for one in (UPGRADE, STOPPING, STOPPED)]
    assert onset(*old, daemon="stopped")["because"] == [
        "2 h after unattended-upgrades upgraded php8.2-fpm 8.2.20 -> 8.2.24",
        "2 h after php8.2-fpm.service was stopped (alice, by sudo: systemctl stop php8.2-fpm)",
    ]
    assert onset(*old)["because"] == NOTHING, "what is not down was started again"


def test_what_became_of_its_starts_follows():
    fails = [
        change(1, "unit", FPM, "starting"),
        change(1, "unit", FPM, "process ended: exited, 78"),
        change(1, "unit", FPM, "failed: exit-code"),
    ]
    assert onset(STOPPING, *fails, daemon="stopped")["because"] == [
        "2 s after php8.2-fpm.service was stopped (alice, by sudo: systemctl stop php8.2-fpm)",
        "php8.2-fpm.service: its start after that failed: it ended by itself, with exit status 78",
    ]


@pytest.mark.parametrize(
    "word, count", [("stopping", 1), ("process ended: killed, 9/KILL", 1), ("process ended: exited, 78/CONFIG", 2)]
)
def test_a_file_stops_no_unit_that_somebody_else_has_stopped(word, count):
    saved = change(30, "file", "/etc/php/8.2/fpm/pool.d/www.conf", "was written", "root")
    assert len(onset(saved, change(2, "unit", FPM, word), daemon="stopped")["because"]) == count


def test_a_command_that_is_named_as_who_asked_is_not_named_twice():
    ran = change(2, "command", "systemctl stop php8.2-fpm php-fpm8.2", "was run", "alice, by sudo")
    stopping = {**STOPPING, "by": "alice, by sudo: systemctl stop php8.2-fpm php-fpm8.2"}
    assert len(onset(ran, stopping, daemon="stopped")["because"]) == 1
    assert len(onset(ran, STOPPING, daemon="stopped")["because"]) == 2


def test_who_stopped_it_may_not_be_known():
    assert onset(UPGRADE, STOPPED, daemon="stopped")["because"] == [
        "4 s after unattended-upgrades upgraded php8.2-fpm 8.2.20 -> 8.2.24",
        "1 s after php8.2-fpm.service was stopped (by the scripts of that package, it seems)",
    ]
    assert onset(STOPPED, daemon="stopped")["because"] == [
        "1 s after php8.2-fpm.service was stopped; the journal does not say by whom"
    ]


def test_a_stop_and_a_start_are_a_restart():
    result = onset(STOPPING, STOPPED, change(1, "unit", FPM, "starting"), change(0, "unit", FPM, "started"))
    assert result["because"] == [
        "less than 1 s after php8.2-fpm.service was restarted (alice, by sudo: systemctl stop php8.2-fpm)"
    ]


def test_files_that_a_package_brought_are_no_reason_of_their_own():
    brought = change(3, "file", "/etc/php/8.2/fpm/pool.d/www.conf", "was written", "root")
    assert onset(UPGRADE, brought)["because"] == ["4 s after unattended-upgrades upgraded php8.2-fpm 8.2.20 -> 8.2.24"]


def test_lines_from_before_the_last_start_are_of_another_time():
    started = change(-300, "unit", FPM, "started")
    stopped = change(-550, "unit", FPM, "stopping")
    assert onset(started, stopped, daemon="stopped")["began"] == BEGAN + 600
    assert onset(started, stopped)["began"] == BEGAN


def test_lines_from_before_our_last_change_are_so_too():
    assert onset(since=BEGAN + 100.0)["began"] == BEGAN + 600


@pytest.mark.parametrize("lines", [{"signature": "another"}, {"upstream": "tcp:10.0.0.9:80"}])
def test_only_lines_of_the_finding_count(lines):
    history = {"changes": [], "failing": [failing((0, 5), **lines)], "since": 0.0, "unknown": []}
    assert because.onset_of("web", "web", trigger(), {"web": history})["began"] == BEGAN + 3000, "the look's own"


def test_where_no_line_speaks_it_began_at_no_time():
    history = {"changes": [UPGRADE], "failing": [], "since": 0.0, "unknown": []}
    assert because.onset_of("web", "web", trigger(first=None), {"web": history}) == {
        "began": None,
        "rhythm": "",
        "because": [],
    }
    history["changes"] = [STOPPING]
    assert because.onset_of("web", "web", trigger(first=None, daemon="stopped"), {"web": history})["because"] == [
        "2026-11-29 02:13:05 UTC, php8.2-fpm.service was stopped (alice, by sudo: systemctl stop php8.2-fpm)"
    ]


@pytest.mark.parametrize("seconds, words", [(-0.4, "less than 1 s"), (119, "119 s"), (300, "5 min"), (7201, "2 h")])
def test_times(seconds, words):
    assert ago(seconds) == words


FINDING = {"on": "web", "seen_from": "web", "trigger": trigger()}
HISTORY = {"changes": [UPGRADE], "failing": [failing((0, 1))], "since": 0.0, "unknown": [{"missing": "m", "why": "w"}]}


def test_a_judgement_gets_the_onset_and_what_could_not_be_read():
    histories, unknown = because.read_histories(
        {
            "web": HISTORY,
            "app": {"skipped": True},
            "db": None,
            "old": {"failed": True, "msg": "no Python\nat all"},
            "off": {"unreachable": True},
        }
    )
    assert (list(histories), unknown) == (
        ["web"],
        {
            "web": [{"missing": "m", "why": "w"}],
            "old": [{"missing": "what happened before it", "why": "no Python"}],
            "off": [{"missing": "what happened before it", "why": "no reason given"}],
        },
    )
    shown = because.with_onset(
        {"findings": [FINDING], "unknown": [{"missing": "m", "why": "w"}]}, histories, unknown["web"]
    )
    assert shown["findings"][0]["onset"]["because"] == [
        "4 s after unattended-upgrades upgraded php8.2-fpm 8.2.20 -> 8.2.24"
    ]
    assert shown["unknown"] == [{"missing": "m", "why": "w"}]
    assert because.with_onset({"failure": "no nginx"}, histories, []) == {"failure": "no nginx"}


FORGETS = {"missing": "what became of units", "why": "systemd alone writes that down"}
SITE_SAVED = change(30, "file", "/etc/nginx/sites-enabled/shop", "was written", "root")
POOL_SAVED = change(40, "file", "/etc/php/8.2/fpm/pool.d/www.conf", "was written", "root")
POOL_WORDS = "40 s after /etc/php/8.2/fpm/pool.d/www.conf was written; owner root"


@pytest.mark.parametrize(
    "daemon, unknown, saved, reasons",
    [
        ("stopped", [FORGETS], [SITE_SAVED], NOTHING),
        ("stopped", [FORGETS], [SITE_SAVED, POOL_SAVED], [POOL_WORDS]),
        (
            "stopped",
            [FORGETS],
            [SITE_SAVED, UPGRADE],
            ["4 s after unattended-upgrades upgraded php8.2-fpm 8.2.20 -> 8.2.24"],
        ),
        # where a stop would be known, the site may be new and its daemon never have run
        ("stopped", [], [SITE_SAVED], ["30 s after /etc/nginx/sites-enabled/shop was written; owner root"]),
        ("hindered", [FORGETS], [SITE_SAVED], ["30 s after /etc/nginx/sites-enabled/shop was written; owner root"]),
        ("runs", [FORGETS], [SITE_SAVED], ["30 s after /etc/nginx/sites-enabled/shop was written; owner root"]),
    ],
)
def test_where_nothing_tells_of_units_a_stopped_daemon_is_explained_by_what_is_its_own(daemon, unknown, saved, reasons):
    history = {"changes": saved, "failing": [failing((0, 1))], "since": 0.0, "unknown": unknown}
    assert because.onset_of("web", "web", trigger(daemon=daemon), {"web": history})["because"] == reasons


def test_the_file_of_another_host_s_nginx_closes_no_port():
    web = {"changes": [SITE_SAVED], "failing": [failing((0, 1))], "since": 0.0, "unknown": []}
    app = {"changes": [], "failing": [], "since": 0.0, "unknown": [FORGETS]}
    asked = trigger(daemon="stopped")
    shown = because.onset_of("app", "web", asked, {"web": web, "app": app})["because"]
    assert shown == ["nothing that changed on web and app in the 10 minutes before explains it"]
    shown = because.onset_of("10.0.0.9", "web", asked, {"web": web})["because"]
    assert shown == ["30 s after /etc/nginx/sites-enabled/shop was written; owner root"], "of a host that nobody asks"


def test_by_whom_a_daemon_was_stopped_its_own_log_does_not_say():
    history = {
        "changes": [{**STOPPED, "what": "stopping"}],
        "failing": [failing((0, 1))],
        "since": 0.0,
        "unknown": [FORGETS],
    }
    shown = because.onset_of("web", "web", trigger(daemon="stopped"), {"web": history})["because"]
    assert shown == ["1 s after php8.2-fpm.service was stopped; nothing on the host says by whom"]


@pytest.mark.parametrize("by, count", [(None, 2), ("cron, for root: nightly", 1)])
def test_an_end_without_an_error_is_its_own_or_that_of_whoever_ended_it(by, count):
    ended = {**change(2, "unit", FPM, "ended"), "by": by}
    shown = onset(
        change(30, "file", "/etc/php/8.2/fpm/pool.d/www.conf", "was written", "root"), ended, daemon="stopped"
    )
    words = "2 s after php8.2-fpm.service ended without an error, though systemd had not stopped it"
    assert [one for one in shown["because"] if one.startswith(words)] == shown["because"][:1]
    assert len(shown["because"]) == count


def test_a_command_that_surely_ended_a_unit_is_named_with_the_log_that_says_so():
    ran = change(3, "command", "/etc/cron.hourly/tidy", "was run, says /var/log/syslog", "cron, for root", FPM)
    assert onset(ran, daemon="stopped")["because"] == [
        "3 s after cron (for root) ran /etc/cron.hourly/tidy, says /var/log/syslog"
    ]
