# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every cause has a case that fires and one that stays silent; a case that fires names its cause and no other."""

from __future__ import annotations

import functools
import importlib.util
import pathlib
import re
import subprocess

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import judge, known_causes

_spec = importlib.util.spec_from_file_location("causes_facts", pathlib.Path(__file__).parent / "facts.py")
facts = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(facts)

FIRES = sorted(facts.CASES.glob("*/fires_*.yml"))
SILENT = sorted(facts.CASES.glob("*/silent_*.yml"))

#: Programs that a line of advice may begin with.
PROGRAMS = r"""
a2dismod apachectl apk apparmor_parser apt-get auditctl ausearch
cat cd cgi-fcgi chmod command conntrack coredumpctl cscli csf curl
date df dig dnf docker docker-compose dotnet dpkg du
echo env
fail2ban-client ferm find firewall-cmd free
getent gitlab-ctl grep groupadd head
icinga2 imunify360-agent install ip ip6?tables
java journalctl jstack
kill kubectl
ldd loginctl ls
mkdir mount mv
namei nc nerdctl nft nginx nsenter
openssl
ping plesk podman printf ps py-spy
rabbitmq-plugins resolvectl rm
sed semanage semodule setfacl setsebool shorewall6? ss ssh stat su sudo supervisorctl sv sysctl systemctl systemd-tmpfiles
tail tailscale tcpdump timeout
ufw unshare update-crypto-policies useradd usermod
virsh
wg
yum
/usr/local/cpanel/\S+ /usr/local/hestia/bin/\S+ \S*/php-fpm\S* php[0-9.]*
"""
#: How a line of advice begins: as a remark, or with one of these programs.
PASTED = r"# \S|(?:[A-Z_]+=\S+ )*(?:%s)(?:\s|$)" % "|".join(PROGRAMS.split())


def name_of(path: pathlib.Path) -> str:
    return "%s/%s" % (path.parent.name, path.stem)


@functools.cache
def findings_of(path: pathlib.Path):
    case = facts.load(path)
    return case, judge(Fleet(facts.case_facts(case), case.get("backend_services")))


@pytest.mark.parametrize("cause", known_causes(), ids=lambda cause: cause.name)
def test_each_cause_has_both_cases(cause):
    folder = facts.CASES / cause.name
    assert list(folder.glob("fires_*.yml")), "no case in which %s fires" % cause.name
    assert list(folder.glob("silent_*.yml")), "no case in which %s stays silent" % cause.name


def test_no_case_of_an_unknown_cause():
    assert {folder.name for folder in facts.CASES.iterdir()} == {cause.name for cause in known_causes()}


@pytest.mark.parametrize("path", FIRES, ids=name_of)
def test_names_its_cause_and_no_other(path):
    case, findings = findings_of(path)
    assert [finding.cause for finding in findings] == case.get("causes", [path.parent.name])
    finding = findings[0]
    assert finding.on == case["host"]
    assert (finding.remedy.role if finding.remedy else None) == case["remedy"]
    assert finding.confidence >= case.get("confidence", 0.8)
    for key, value in (case.get("parameters") or {}).items():
        assert finding.remedy.parameters[key] == value
    evidence = "\n".join(item.text for item in finding.evidence)
    for text in case.get("evidence") or []:
        assert text in evidence
    assert case.get("why", "") in finding.why
    assert case.get("says", "") in finding.says
    assert case.get("note", "") in (finding.remedy.note if finding.remedy else "")
    assert case.get("fades", "") in (finding.remedy.fades if finding.remedy else "")
    for text in case.get("advice") or []:
        assert text in "\n".join(finding.advice)
    assert finding.remedy or finding.why or finding.advice, "advice says why nothing is changed"


def test_advice_can_be_pasted_into_a_shell():
    """Each line is a command, or a remark that a shell leaves alone."""
    lines = sorted({line for path in FIRES for finding in findings_of(path)[1] for line in finding.advice})
    unknown = [line for line in lines if not re.match(PASTED, line)]
    assert unknown == []
    checked = subprocess.run(["/bin/bash", "-n"], input="\n".join(lines), capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_command_names_its_host_where_a_finding_has_two():
    """Whoever reads it stands at the proxy or at the host to change, and a service that is stopped at the wrong one is a second outage."""
    found = [one for path in FIRES for one in findings_of(path)[1] if one.on != one.seen_from]
    commands = {line for one in found for line in one.advice if not line.startswith("# ")}
    assert sorted(line for line in commands if "   # on " not in line) == []


@pytest.mark.parametrize("path", SILENT, ids=name_of)
def test_stays_silent(path):
    case, findings = findings_of(path)
    assert path.parent.name not in [finding.cause for finding in findings]
    if "causes" in case:
        assert [finding.cause for finding in findings] == case["causes"]


@pytest.mark.parametrize("base", sorted(path.stem for path in (facts.HERE / "base").glob("*.yml")))
def test_a_fleet_that_is_well_has_no_finding(base):
    assert judge(Fleet(facts.case_facts({"base": base}))) == []
