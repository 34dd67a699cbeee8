# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advice for FreeBSD is typed in FreeBSD's commands, and names no program that Linux alone has."""

from __future__ import annotations

import re
import subprocess

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import judge
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.typed_advice import in_commands_of_hosts
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.by_hand import after_undo, by_hand
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.causes import facts as cases
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import fleet, host, proxy

FIRES = sorted(cases.CASES.glob("*/fires_*.yml"))
FREEBSD = {"os": "freebsd", "family": "freebsd", "service_manager": "none", "addresses": []}


def said(line, on="web"):
    return in_commands_of_hosts([line], on, fleet(web=proxy("http://10.0.0.2", system=FREEBSD), app=host()))


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("systemctl start php-fpm   # on web", "service php-fpm start   # on web"),
        ("nginx -t && systemctl reload nginx   # on web", "nginx -t && service nginx reload   # on web"),
        (
            "systemctl enable --now php_fpm.service   # on web",
            "service php_fpm enable; service php_fpm start   # on web",
        ),
        ("systemctl daemon-reload; systemctl restart app   # on web", "service app restart   # on web"),
        ("ss -ltnp 'sport = :9000'   # on web", "sockstat -46l -p 9000   # on web"),
        ("ss -lxp src '/run/php/*'   # on web", "sockstat -ul | grep -F '/run/php/'   # on web"),
        ("journalctl -u php-fpm.service -n 50   # on web", "grep php-fpm /var/log/messages   # on web"),
        ("journalctl -k -n 20", "dmesg"),
        ("ip -brief address; free -m", "ifconfig; vmstat -h"),
        ("install -d -o root -g root -m 0755 /run/php", "install -d -o root -g wheel -m 0755 /run/php"),
        ("sed -i s/a/b/ /usr/local/etc/php-fpm.conf", "sed -i '' s/a/b/ /usr/local/etc/php-fpm.conf"),
        ("ldd /usr/local/sbin/php-fpm", "ldd /usr/local/sbin/php-fpm"),
        ("tail -n 20 /var/log/nginx/error.log", "tail -n 20 /var/log/nginx/error.log"),
        ("# look at it first", "# look at it first"),
    ],
)
def test_a_line_in_freebsds_words(line, typed):
    assert said(line) == [typed]


@pytest.mark.parametrize(
    "line",
    [
        "setfacl -m u:www-data:x /srv",
        "# systemctl cat nginx shows it",
        "systemctl show -p TasksMax x | head",
        "nft list ruleset | while read -r x; do echo $x; done; firewall-cmd --reload",
    ],
)
def test_what_freebsd_has_not_is_left_out(line):
    assert said(line) == []


def test_lines_for_other_hosts_stay_as_they_are():
    assert said("systemctl start app   # on app") == ["systemctl start app   # on app"]


def test_no_advice_of_any_case_names_a_program_of_linux_alone():
    lines = []
    for path in FIRES:
        case = cases.load(path)
        hosts = cases.case_facts(case)
        found = judge(Fleet(hosts, case.get("backend_services")))
        for facts in hosts.values():
            facts["system"] = {**facts["system"], **FREEBSD}
        for finding in found:
            advice = list(finding.advice)
            if finding.remedy:
                advice += [*by_hand(finding.remedy, finding.on), *after_undo(finding.remedy, finding.on)]
            lines += in_commands_of_hosts(advice, finding.on, Fleet(hosts))
    # A line may be for a host that is none of these.
    lines = [line for line in lines if "   # on 192.0.2.7: " not in line]
    assert len(lines) > 500
    assert [line for line in lines if re.search(r"systemctl|journalctl|^ss |^ip ", line)] == []
    checked = subprocess.run(["/bin/bash", "-n"], input="\n".join(lines), capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
