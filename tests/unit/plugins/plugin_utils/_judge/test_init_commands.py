# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advice for hosts without systemd names no program of systemd, and keeps all else as it is."""

from __future__ import annotations

import re
import subprocess

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import judge
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judgement import judgements
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import KINDS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.typed_advice import in_commands_of_hosts
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.by_hand import after_undo, by_hand
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.causes import facts as cases
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import fleet, host, proxy

FIRES = sorted(cases.CASES.glob("*/fires_*.yml"))
SYSLOG = "/var/log/syslog /var/log/messages"


def run_by(manager):
    return {"service_manager": manager, "family": "debian", "addresses": []}


def said(line, manager="sysvinit", on="web"):
    return in_commands_of_hosts([line], on, fleet(web=proxy("http://10.0.0.2", system=run_by(manager)), app=host()))


@pytest.mark.parametrize(
    ("line", "sysvinit", "openrc"),
    [
        (
            "nginx -t && systemctl reload nginx   # on web",
            "nginx -t && service nginx reload   # on web",
            "nginx -t && rc-service nginx reload   # on web",
        ),
        (
            "systemctl status php8.2-fpm.service --no-pager",
            "service php8.2-fpm status",
            "rc-service php8.2-fpm status",
        ),
        (
            "systemctl enable --now apache2   # on web",
            "update-rc.d apache2 enable && service apache2 start   # on web",
            "rc-update add apache2 default && rc-service apache2 start   # on web",
        ),
        (
            "systemctl daemon-reload; systemctl reset-failed app; systemctl restart app   # on web, after that",
            "service app restart   # on web, after that",
            "rc-service app restart   # on web, after that",
        ),
        (
            "systemctl show -p TasksMax,MemoryMax 'php8.2-fpm.service'; free -m   # on web: which is used up",
            "free -m   # on web: which is used up",
            "free -m   # on web: which is used up",
        ),
        (
            "systemctl status earlyoom systemd-oomd monit; crontab -l",
            "service earlyoom status; service monit status; crontab -l",
            "rc-service earlyoom status; rc-service monit status; crontab -l",
        ),
        (
            "# whitelist it in /etc/crowdsec, then: systemctl reload crowdsec",
            "# whitelist it in /etc/crowdsec, then: service crowdsec reload",
            "# whitelist it in /etc/crowdsec, then: rc-service crowdsec reload",
        ),
    ],
)
def test_a_service_is_asked_in_the_words_of_its_manager(line, sysvinit, openrc):
    assert said(line) == [sysvinit]
    assert said(line, "openrc") == [openrc]
    assert said(line, "systemd") == [line]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("journalctl -u app.service -n 30 --no-pager   # on web", "grep -hs app %s | tail -n 30   # on web" % SYSLOG),
        (
            "journalctl --no-pager -u app --since '2027-01-15 07:58:00 UTC' | tail -n 40",
            "grep -hs app %s | tail -n 50 | tail -n 40" % SYSLOG,
        ),
        (
            "journalctl -k -n 20 --no-pager --grep 'oom-kill|Out of memory'   # on web: who?",
            "dmesg -T | grep -iE 'oom-kill|Out of memory' | tail -n 20   # on web: who?",
        ),
        (
            "journalctl -k --since -1h | grep -i 'killed process'",
            "dmesg -T | tail -n 50 | grep -i 'killed process'",
        ),
    ],
)
def test_a_log_is_read_from_syslog_or_the_kernel(line, wanted):
    assert said(line) == [wanted]


@pytest.mark.parametrize(
    "line",
    [
        "systemctl edit app   # on web: a higher MemoryMax= below [Service]",
        "# systemctl edit nginx.service: [Service] LimitNOFILE=4096",
        "journalctl --vacuum-size=200M   # removes the oldest entries of the journal",
        "loginctl enable-linger bob   # on web",
    ],
)
def test_what_only_systemd_has_is_left_out(line):
    assert said(line) == []
    assert said(line, "systemd") == [line]


def test_a_line_is_for_the_host_that_it_names():
    line = "systemctl restart app   # on %s, after that"
    assert said(line % "app") == [line % "app"]
    assert said(line % "web", on="app") == ["service app restart   # on web, after that"]
    assert said(line % "elsewhere") == [line % "elsewhere"]


@pytest.mark.parametrize("manager", ["sysvinit", "openrc"])
def test_no_advice_of_any_case_names_systemd(manager):
    lines = []
    for path in FIRES:
        case = cases.load(path)
        hosts = cases.case_facts(case)
        found = judge(Fleet(hosts, case.get("backend_services")))
        for facts in hosts.values():
            facts["system"] = {**facts["system"], "service_manager": manager}
        for finding in found:
            advice = list(finding.advice)
            if finding.remedy:
                advice += [*by_hand(finding.remedy, finding.on), *after_undo(finding.remedy, finding.on)]
            lines += in_commands_of_hosts(advice, finding.on, Fleet(hosts))
    assert len(lines) > 500
    assert [line for line in lines if re.search(r"systemctl|journalctl", line)] == []
    checked = subprocess.run(["/bin/bash", "-n"], input="\n".join(lines), capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_judgement_has_it():
    case = cases.load(cases.CASES / "php_fpm_stopped" / "fires_disabled_without_systemd_as_advice.yml")
    advice = judgements(cases.case_facts(case), KINDS, "run", {}, {})["web"]["findings"][0]["advice"]
    assert advice[-1] == "rc-update add php8.2-fpm default && rc-service php8.2-fpm start"
