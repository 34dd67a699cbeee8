# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd, sudo, cron and Ansible say in the journal, as Debian 11 to 13 and RHEL 8 and 9 write it; and what others write to look like them."""

import datetime
import json

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Span
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.unit_events import memory_kills, unit_events
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Ran
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.system_log import Entry
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

FPM = "php8.2-fpm.service"
AT = 1795918385


def line(after, message, **fields):
    return json.dumps(dict(fields, MESSAGE=message, __REALTIME_TIMESTAMP=str(int((AT + after) * 1e6))))


def systemd(after, message, unit=FPM):
    return line(after, message, UNIT=unit, _PID="1", _UID="0", SYSLOG_IDENTIFIER="systemd")


def sudo(after, message, **fields):
    return line(
        after, message, **dict({"SYSLOG_IDENTIFIER": "sudo", "_EXE": "/usr/bin/sudo", "_UID": "1000"}, **fields)
    )


def found(tmp_path, *lines):
    """What is found in these lines, which journalctl gives with the newest first."""
    host = FakeHost(tmp_path, {"journalctl": "\n".join(reversed(lines)) + "\n"})
    return [(one["what"], one["by"]) for one in unit_events(host, Span(AT - 3600.0, AT + 3600.0), [FPM])]


@pytest.mark.parametrize(
    "message, what",
    [
        ("Stopping php8.2-fpm.service - The PHP 8.2 FastCGI Process Manager...", "stopping"),
        ("Stopping The PHP 7.4 FastCGI Process Manager...", "stopping"),
        ("Stopped php8.2-fpm.service - The PHP 8.2 FastCGI Process Manager.", "stopped"),
        ("Started The PHP FastCGI Process Manager.", "started"),
        ("Starting php8.2-fpm.service - The PHP 8.2 FastCGI Process Manager...", "starting"),
        ("Reloading php8.2-fpm.service - The PHP 8.2 FastCGI Process Manager...", "reloading"),
        ("Reloaded The PHP 7.4 FastCGI Process Manager.", "reloaded"),
        ("Failed to start php8.2-fpm.service - The PHP 8.2 FastCGI Process Manager.", "start failed"),
        ("Dependency failed for shop.service - The shop.", "dependency failed"),
        ("php8.2-fpm.service: Main process exited, code=killed, status=9/KILL", "process ended: killed, 9/KILL"),
        ("php8.2-fpm.service: Main process exited, code=exited, status=78/CONFIG", "process ended: exited, 78/CONFIG"),
        ("nginx.service: Control process exited, code=exited status=1", "process ended: exited, 1"),
        ("php8.2-fpm.service: A process of this unit has been killed by the OOM killer.", "out of memory"),
        ("php8.2-fpm.service: Start request repeated too quickly.", "start limit"),
        ("php8.2-fpm.service: Failed with result 'oom-kill'.", "failed: oom-kill"),
        ("php8.2-fpm.service: Deactivated successfully.", "ended"),
        ("php7.4-fpm.service: Succeeded.", "ended"),
    ],
)
def test_what_systemd_says(tmp_path, message, what):
    assert found(tmp_path, systemd(0, message)) == [(what, None)]


def test_what_says_nothing(tmp_path):
    assert (
        found(
            tmp_path,
            systemd(1, "php8.2-fpm.service: Consumed 1.2s CPU time."),
            systemd(2, "Stopping another.service - Another...", unit="another.service"),
            "not json",
            json.dumps({"MESSAGE": None, "__REALTIME_TIMESTAMP": "1"}),
        )
        == []
    )


STOPPING = systemd(0, "Stopping php8.2-fpm.service - The PHP 8.2 FastCGI Process Manager...")
STOP = "alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/systemctl stop php8.2-fpm"


@pytest.mark.parametrize(
    "before, by",
    [
        (sudo(-1, STOP), "alice, by sudo: /usr/bin/systemctl stop php8.2-fpm"),
        (sudo(-60, STOP), None),
        (sudo(-1, STOP.replace("8.2-fpm", "8.2-fpm-other")), None),
        (sudo(-1, STOP.replace("TTY", "command not allowed ; TTY")), None),
        (sudo(-1, STOP, _EXE="/home/alice/sudo"), None),
        (line(-1, STOP, SYSLOG_IDENTIFIER="sudo", _UID="1000"), None),
        (
            line(
                -40, "(root) CMD (/usr/local/bin/nightly --password=x php8.2-fpm)", SYSLOG_IDENTIFIER="CRON", _UID="0"
            ),
            "cron, for root: nightly",
        ),
        (line(-1, "(root) CMD (systemctl stop php8.2-fpm)", SYSLOG_IDENTIFIER="CRON", _UID="33"), None),
        (
            line(
                -2,
                "Invoked with name=php8.2-fpm state=stopped",
                SYSLOG_IDENTIFIER="ansible-ansible.legacy.systemd",
                _UID="0",
            ),
            "Ansible (systemd)",
        ),
        (
            systemd(-30, "Starting certbot.service - Certbot...", unit="certbot.service"),
            "certbot.service, which ran then",
        ),
    ],
)
def test_who_asked(tmp_path, before, by):
    assert ("stopping", by) in found(tmp_path, before, STOPPING)


SCRIPT = "#!/bin/sh\n# systemctl stop php8.2-fpm\n%s\n"
CRON = line(-40, "(root) CMD (/usr/local/sbin/nightly)", SYSLOG_IDENTIFIER="CRON", _UID="0")
HOURLY = line(-40, "(root) CMD (cd / && run-parts --report /etc/cron.hourly)", SYSLOG_IDENTIFIER="CRON", _UID="0")
ROTATES = systemd(-40, "Starting logrotate.service - Rotate log files...", unit="logrotate.service")
DAILY = line(-40, "Job `cron.daily' started", SYSLOG_IDENTIFIER="anacron", _UID="0")
KILLED_BY_9 = systemd(0, "php8.2-fpm.service: Main process exited, code=killed, status=9/KILL")
RELOADING = systemd(0, "Reloading php8.2-fpm.service - The PHP 8.2 FastCGI Process Manager...")
CRONTAB = {"/etc/cron.d/nightly": "# m h\n1 2 * * * root /usr/local/sbin/nightly\n"}
ROTATED = "/var/log/shop.log {\n\trotate 7\n\tpostrotate\n\t\t%s\n\tendscript\n}\n"


@pytest.mark.parametrize(
    "before, files, event, by",
    [
        (
            CRON,
            {"/usr/local/sbin/nightly": SCRIPT % "systemctl stop php8.2-fpm", **CRONTAB},
            STOPPING,
            "cron, for root: nightly of /etc/cron.d/nightly",
        ),
        (CRON, {"/usr/local/sbin/nightly": SCRIPT % "pkill -9 php-fpm8.2"}, KILLED_BY_9, "cron, for root: nightly"),
        (
            HOURLY,
            {"/etc/cron.hourly/tidy": SCRIPT % "service php8.2-fpm restart"},
            STOPPING,
            "cron, for root: /etc/cron.hourly/tidy",
        ),
        (
            DAILY,
            {"/etc/cron.daily/tidy": SCRIPT % "killall php-fpm"},
            KILLED_BY_9,
            "cron, for root: /etc/cron.daily/tidy",
        ),
        (
            ROTATES,
            {"/etc/logrotate.d/shop": ROTATED % "systemctl restart php8.2-fpm"},
            STOPPING,
            "logrotate: /etc/logrotate.d/shop",
        ),
        (
            ROTATES,
            {"/etc/logrotate.d/shop": ROTATED % "kill -9 $(cat /run/php/php8.2-fpm.pid)"},
            KILLED_BY_9,
            "logrotate: /etc/logrotate.d/shop",
        ),
        (
            ROTATES,
            {"/etc/logrotate.d/shop": ROTATED % "systemctl reload php8.2-fpm"},
            RELOADING,
            "logrotate: /etc/logrotate.d/shop",
        ),
        (
            DAILY,
            {
                "/etc/cron.daily/logrotate": "/usr/sbin/logrotate /etc/logrotate.conf",
                "/etc/logrotate.d/shop": ROTATED % "service php8.2-fpm stop",
            },
            STOPPING,
            "logrotate: /etc/logrotate.d/shop",
        ),
        # the same minute, and another subject or no end
        (CRON, {"/usr/local/sbin/nightly": SCRIPT % "systemctl stop php8.3-fpm"}, STOPPING, None),
        (
            CRON,
            {"/usr/local/sbin/nightly": SCRIPT % "tar cf /srv/php8.2-fpm.tar /etc/php\nsystemctl stop shop"},
            STOPPING,
            None,
        ),
        (CRON, {"/usr/local/sbin/nightly": SCRIPT % "systemctl reload php8.2-fpm"}, STOPPING, None),
        (CRON, {"/usr/local/sbin/nightly": "x" * 70000 + "\nsystemctl stop php8.2-fpm"}, STOPPING, None),
        (ROTATES, {"/etc/logrotate.d/nginx": ROTATED % "invoke-rc.d nginx rotate"}, STOPPING, None),
        (
            ROTATES,
            {"/etc/logrotate.d/php-fpm": ROTATED % "/bin/kill -SIGUSR1 `cat /run/php-fpm/php-fpm.pid`"},
            KILLED_BY_9,
            None,
        ),
        (HOURLY, {"/etc/cron.hourly/tidy": SCRIPT % "find /tmp -delete"}, STOPPING, None),
        (
            line(-40, "(root) CMD (/usr/local/sbin/nightly)", SYSLOG_IDENTIFIER="CRON", _UID="33"),
            {"/usr/local/sbin/nightly": SCRIPT % "systemctl stop php8.2-fpm"},
            STOPPING,
            None,
        ),
    ],
)
def test_what_cron_and_logrotate_ran(tmp_path, before, files, event, by):
    host = FakeHost(tmp_path, {"journalctl": event + "\n" + before + "\n"})
    for path, text in files.items():
        host.write(path, text)
    units = [one for one in unit_events(host, Span(AT - 3600.0, AT + 3600.0), [FPM]) if one["kind"] == "unit"]
    assert [one["by"] for one in units] == [by]


def test_what_was_given_by_sudo_is_a_change_of_its_own_and_keeps_secrets(tmp_path):
    assert found(tmp_path, sudo(0, STOP.replace("/usr/bin/systemctl stop", "/usr/bin/mysql -psecret"))) == [
        ("was run", "alice, by sudo")
    ]
    host = FakeHost(
        tmp_path, {"journalctl": sudo(0, STOP.replace("/usr/bin/systemctl stop", "/usr/bin/mysql -psecret"))}
    )
    assert [one["subject"] for one in unit_events(host, Span(0.0, 2e9), [])] == ["mysql"]


def test_a_journal_that_cannot_be_read_is_unseen(tmp_path):
    host = FakeHost(
        tmp_path, {"journalctl": Ran(1, "", "No journal files were opened due to insufficient permissions.\n", None)}
    )
    assert unit_events(host, Span(0.0, 1.0), [FPM]) == []
    assert host.unknown == [
        {"missing": "what became of units", "why": "No journal files were opened due to insufficient permissions."}
    ]


def scripted(tmp_path, **logs):
    """A host that OpenRC starts, with these files of /var/log, and what is found there."""
    host = FakeHost(tmp_path, {"journalctl": STOPPING})
    host.write("/run/openrc/softlevel", "default")
    for name, text in logs.items():
        host.write("/var/log/" + name.replace("__", "-").replace("_", "."), text)
    found = unit_events(host, Span(0.0, 2e9), ["php8.2-fpm"])
    assert host.unknown == [
        {
            "missing": "what became of units",
            "why": "systemd alone writes that down, and it does not start this host's services",
        }
    ]
    return [(one["kind"], one["subject"], one["what"], one["by"], one["of"]) for one in found]


WHEN = datetime.datetime.fromtimestamp(AT)
ZONED = "%s.900000+00:00 web " % datetime.datetime.fromtimestamp(AT, datetime.timezone.utc).strftime(
    "%Y-%m-%dT%H:%M:%S"
)
BY_SUDO = "sudo:    alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/sbin/service php8.2-fpm stop\n"


def test_without_systemd_nothing_else_has_written_it_down(tmp_path):
    assert scripted(tmp_path) == []


def test_without_systemd_the_daemon_s_log_and_syslog_tell(tmp_path):
    fpm = WHEN.strftime("[%d-%b-%Y %H:%M:%S] NOTICE: ") + "Terminating ...\n"
    by = "alice, by sudo: /usr/sbin/service php8.2-fpm stop"
    assert scripted(tmp_path, php8_2__fpm_log=fpm, auth_log=ZONED + BY_SUDO) == [
        ("unit", "php8.2-fpm", "stopping", by, None),
        (
            "command",
            "/usr/sbin/service php8.2-fpm stop",
            "was run, says /var/log/auth.log",
            "alice, by sudo",
            "php8.2-fpm",
        ),
    ]


@pytest.mark.parametrize(
    "line, told",
    [
        ("CRON[7]: (root) CMD (service php8.2-fpm stop)", ("service php8.2-fpm stop", "cron, for root", "php8.2-fpm")),
        ("CRON[7]: (root) CMD (service php8.2-fpm start)", None),
        ("CRON[7]: (root) CMD (service nginx stop)", None),
        (
            "ansible-ansible.legacy.service: Invoked with name=php8.2-fpm state=stopped",
            ("a task for php8.2-fpm", "Ansible (service)", "php8.2-fpm"),
        ),
        ("ansible-ansible.legacy.service: Invoked with name=php8.2-fpm state=started", None),
        ("sudo:    bob : TTY=pts/0 ; USER=root ; COMMAND=/usr/bin/ls", ("ls", "bob, by sudo", None)),
        ("another[7]: (root) CMD (service php8.2-fpm stop)", None),
    ],
)
@pytest.mark.parametrize(
    "stamp", [ZONED, WHEN.strftime("%b %d %H:%M:%S web "), "Feb 31 00:00:00 web ", "2026-02-31T00:00:00Z web "]
)
def test_commands_that_surely_ended_it(tmp_path, line, told, stamp):
    found = scripted(tmp_path, syslog=stamp + line + "\n", cron_log=stamp + line + "\n")
    wanted = [told] if told and "31 00" not in stamp and "31T" not in stamp else []
    assert [(subject, by, of) for _kind, subject, _what, by, of in found] == wanted


KILLED = "Memory cgroup out of memory: Killed process 4711 (php-fpm8.2) total-vm:300kB, anon-rss:200kB, file-rss:1kB, shmem-rss:0kB, UID:33"


@pytest.mark.parametrize(
    "before, killed, words",
    [
        (
            "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/system.slice/shop.service,"
            "task_memcg=/system.slice/shop.service,task=php-fpm8.2,pid=4711,uid=33",
            KILLED,
            "the memory limit of shop.service was reached",
        ),
        (
            "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=docker-4711,mems_allowed=0,oom_memcg=/docker/x,"
            "task_memcg=/system.slice/docker-%s.scope,task=php-fpm8.2,pid=4711,uid=33" % ("0123456789ab" + 52 * "c"),
            KILLED,
            "the memory limit of docker-0123456789ab.scope was reached",
        ),
        (
            "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/system.slice/shop.service,task=x,pid=1",
            KILLED.replace("Memory cgroup out", "Out"),
            "the memory of the host was full",
        ),
        (
            "nothing of the kind",
            "Out of memory: Kill process 4711 (php-fpm8.2) score 9 or sacrifice child",
            "the memory of the host was full",
        ),
    ],
)
def test_kills_for_memory(tmp_path, before, killed, words):
    lines = [Entry(10.0, "kernel", before), Entry(11.0, "kernel", killed), Entry(99.0, "kernel", killed)]
    (kill,) = memory_kills(FakeHost(tmp_path), Span(0.0, 50.0), lines)
    assert kill["of"] == ("shop.service" if "shop.service" in before else None)
    assert (kill["at"], kill["subject"], kill["what"]) == (11.0, "php-fpm8.2", "was killed by the kernel, as " + words)
