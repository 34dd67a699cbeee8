# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files the boot loads rules from, and what each of them makes alone."""

import json
import os
import subprocess

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import boot, iptables, nftables
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.tools import TOOLS
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Ran
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

ALONE = "unshare -n sh -c"
CHAINS = {
    "nftables": [{"metainfo": {}}, {"chain": {"family": "inet", "table": "filter", "name": "input", "hook": "input"}}]
}
SAVED = "*filter\n:INPUT DROP [0:0]\n:web - [0:0]\n-A INPUT -j web\nCOMMIT\n"


@pytest.fixture
def host(tmp_path):
    made = FakeHost(tmp_path, {ALONE: json.dumps(CHAINS)})
    os.makedirs(made.path("/run/systemd/system"))
    return made


def script(host, path, text):
    """A file that may be run."""
    host.write(path, text)
    os.chmod(host.path(path), 0o700)


def enabled(host, name, start, **dropins):
    host.write(
        "/etc/systemd/system/multi-user.target.wants/" + name, "[Service]\nExecStart=%s\nExecStop=/bin/true\n" % start
    )
    for file, text in dropins.items():
        host.write("/etc/systemd/system/%s.d/%s.conf" % (name, file), text)


def loaded(found):
    return [(one["file"], one["unit"]) for one in found]


class TestNftables:
    @pytest.mark.parametrize(
        "start",
        [
            "/usr/sbin/nft -f /etc/fw.nft",
            "-/sbin/nft -o -f /etc/fw.nft",
            "/bin/sh -c 'nft -f /etc/fw.nft'",
            "/etc/fw.nft",
        ],
    )
    def test_whoever_loads_a_file_is_found(self, host, start):
        host.write("/etc/fw.nft", "#!/usr/sbin/nft -f\n")
        enabled(host, "shop-firewall.service", start)
        assert nftables.boot(host) == [
            {
                "file": "/etc/fw.nft",
                "unit": "shop-firewall.service",
                "chains": ["inet filter input"],
                "error": None,
                "line": None,
            }
        ]
        assert host.commands[0][:4] == ["unshare", "-n", "sh", "-c"]
        assert host.commands[0][5:] == ["sh", "/etc/fw.nft"]

    def test_the_usual_file_that_no_unit_loads_is_told(self, host):
        host.write("/etc/nftables.conf", "flush ruleset\n")
        enabled(host, "app.service", "/usr/local/bin/app -f /etc/nftables.conf")
        assert nftables.boot(host) == [
            {"file": "/etc/nftables.conf", "unit": None, "chains": [], "error": None, "line": None}
        ]
        assert host.commands == []

    def test_what_a_drop_in_takes_back_counts_no_more(self, host):
        for path in ("/etc/nftables.conf", "/etc/own.nft"):
            host.write(path, "")
        enabled(
            host,
            "nftables.service",
            "/usr/sbin/nft -f /etc/nftables.conf",
            own="[Service]\nExecStart=\nExecStart=/usr/sbin/nft -f /etc/own.nft\n",
        )
        assert loaded(nftables.boot(host)) == [("/etc/own.nft", "nftables.service"), ("/etc/nftables.conf", None)]

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (
                Ran(1, "", "/etc/nftables.conf:3:1-9: Error: No such file or directory\nmore", None),
                "line 3:1-9: Error: No such file or directory",
            ),
            (Ran(None, "", "", "unshare: No such file or directory"), "unshare: No such file or directory"),
            (Ran(1, "", "", None), "exit code 1"),
        ],
    )
    def test_one_that_cannot_be_loaded_alone_says_why(self, host, answer, error):
        host.answers[ALONE] = answer
        host.write("/etc/nftables.conf", "")
        enabled(host, "nftables.service", "/usr/sbin/nft -f /etc/nftables.conf")
        (found,) = nftables.boot(host)
        assert (found["chains"], found["error"]) == ([], error)

    def test_without_systemd_nothing_is_said(self, tmp_path):
        assert nftables.boot(FakeHost(tmp_path)) is None


class TestIptables:
    def test_the_services_of_distributions_have_their_files(self, host):
        host.answers[ALONE] = SAVED
        for path in ("/etc/iptables/rules.v4", "/etc/iptables/rules.v6", "/etc/sysconfig/iptables"):
            host.write(path, SAVED)
        enabled(host, "netfilter-persistent.service", "/usr/sbin/netfilter-persistent start")
        enabled(host, "iptables.service", "/usr/libexec/iptables/iptables.init start")
        found = iptables.boot(host)
        assert loaded(found) == [
            ("/etc/sysconfig/iptables", "iptables.service"),
            ("/etc/iptables/rules.v4", "netfilter-persistent.service"),
            ("/etc/iptables/rules.v6", "netfilter-persistent.service"),
        ]
        assert [one["chains"][0] for one in found] == ["ip filter INPUT", "ip filter INPUT", "ip6 filter INPUT"]
        assert ["ip6tables-restore" in argv[4] for argv in host.commands] == [False, False, True]

    @pytest.mark.parametrize(
        "start", ["/usr/sbin/iptables-restore /etc/fw.rules", "/bin/sh -c 'iptables-restore -w </etc/fw.rules'"]
    )
    def test_a_unit_of_an_administrators_own(self, host, start):
        host.answers[ALONE] = SAVED
        host.write("/etc/fw.rules", SAVED)
        enabled(host, "fw.service", start)
        assert loaded(iptables.boot(host)) == [("/etc/fw.rules", "fw.service")]

    @pytest.mark.parametrize(
        ("start", "chain"),
        [
            ("/usr/sbin/iptables-restore /etc/web-2026.rules", "ip filter INPUT"),
            ("/usr/sbin/ip6tables-restore </etc/all.rules", "ip6 filter INPUT"),
            ("/sbin/ip6tables-nft-restore /etc/all.rules", "ip6 filter INPUT"),
        ],
    )
    def test_which_tool_loads_a_file_says_of_what_its_rules_are(self, host, start, chain):
        host.answers[ALONE] = SAVED
        host.write("/etc/" + start.rpartition("/")[2], SAVED)
        enabled(host, "fw.service", start)
        (found,) = iptables.boot(host)
        assert found["chains"][0] == chain
        assert ("ip6tables-restore" in host.commands[0][4]) is chain.startswith("ip6")

    def test_a_host_that_keeps_no_rules_has_no_file(self, host):
        assert iptables.boot(host) == []


@pytest.mark.parametrize("tool", ["firewalld", "ufw"])
def test_what_loads_its_rules_by_itself_has_no_file(tool, host):
    assert TOOLS[tool].boot(host) is None


@pytest.mark.parametrize(("passes", "tries", "code"), [(1, 1, 0), (2, 2, 0), (3, 2, 1)])
def test_names_of_interfaces_are_given_only_where_the_file_does_not_load_without(tmp_path, passes, tries, code):
    """The shell text does what it says, with programs that note how they are called."""
    calls = tmp_path / "calls"
    for name, text in (
        ("unshare", 'shift; exec "$@"'),
        ("ip", "echo ip >>%s" % calls),
        ("load", 'echo load >>%s; [ "$1" = /etc/fw ] && [ $(grep -c load %s) -ge %d ]' % (calls, calls, passes)),
        ("show", "echo shown"),
    ):
        (tmp_path / name).write_text("#!/bin/sh\n%s\n" % text)
        (tmp_path / name).chmod(0o700)
    ran = subprocess.run(
        [*boot.alone('load "$1"', "show"), "/etc/fw"],
        env={"PATH": "%s:/usr/bin:/bin" % tmp_path},
        stdout=subprocess.PIPE,
        universal_newlines=True,
        check=False,
    )
    called = calls.read_text().splitlines()
    assert (called.count("load"), "ip" in called, ran.returncode) == (tries, tries == 2, code)
    assert ran.stdout == ("" if code else "shown\n")


class TestScripts:
    """Rules that a script adds one by one: its file, who runs it, and its last line that adds one."""

    RULES = "#!/bin/sh\n# iptables -A INPUT -j DROP\nIPT=/sbin/iptables\n$IPT -F\n$IPT -P INPUT DROP\n%s -A INPUT -s 10.9.0.0/16 -j ACCEPT\nexit 0\n"

    def told(self, found):
        return [(one["file"], one["unit"], one["line"], one["chains"]) for one in found]

    @pytest.mark.parametrize("command", ["iptables", "/usr/sbin/iptables", "$IPT", "iptables-legacy -w"])
    def test_of_a_unit(self, host, command):
        host.write("/usr/local/sbin/fw.sh", self.RULES % command)
        enabled(host, "fw.service", "/bin/bash /usr/local/sbin/fw.sh start")
        assert self.told(iptables.boot(host)) == [("/usr/local/sbin/fw.sh", "fw.service", 6, [])]

    @pytest.mark.parametrize(
        "path", ["/etc/rc.local", "/etc/network/if-up.d/firewall", "/etc/NetworkManager/dispatcher.d/50-fw"]
    )
    def test_that_runs_with_the_boot_or_the_network(self, host, path):
        script(host, path, self.RULES % "iptables")
        assert self.told(iptables.boot(host)) == [(path, path, 6, [])]

    @pytest.mark.parametrize("path", ["/etc/rc.local", "/etc/network/if-up.d/firewall"])
    def test_that_may_not_be_run_is_not_run(self, host, path):
        host.write(path, self.RULES % "iptables")
        assert iptables.boot(host) == []

    def test_that_is_read_by_others_needs_no_bit(self, host):
        host.write("/etc/network/interfaces.d/eth0", "iface eth0 inet dhcp\n  up iptables -A INPUT -j DROP\n")
        assert [one["file"] for one in iptables.boot(host)] == ["/etc/network/interfaces.d/eth0"]

    def test_that_another_one_or_cron_calls(self, host):
        host.write("/opt/fw/up", self.RULES % "iptables")
        host.write("/etc/cron.d/fw", "@reboot root /opt/fw/up\n* * * * * root /root/other.sh\n")
        host.write("/root/other.sh", self.RULES % "iptables")
        assert self.told(iptables.boot(host)) == [("/opt/fw/up", "/etc/cron.d/fw", 6, [])]

    def test_a_file_that_a_script_restores_keeps_rules(self, host):
        host.answers[ALONE] = SAVED
        host.write("/etc/iptables.up.rules", SAVED)
        script(
            host, "/etc/network/if-pre-up.d/iptables", "#!/bin/sh\n/sbin/iptables-restore < /etc/iptables.up.rules\n"
        )
        (found,) = iptables.boot(host)
        assert (found["file"], found["unit"], found["line"]) == (
            "/etc/iptables.up.rules",
            "/etc/network/if-pre-up.d/iptables",
            None,
        )
        assert found["chains"][0] == "ip filter INPUT"

    @pytest.mark.parametrize(
        "text", ["iptables -L -n", "iptables-save > /root/x", "# iptables -A INPUT -j DROP", "echo hi"]
    )
    def test_a_script_that_adds_none_is_none(self, host, text):
        script(host, "/etc/rc.local", "#!/bin/sh\n%s\n" % text)
        assert iptables.boot(host) == []

    def test_of_nft(self, host):
        script(
            host, "/etc/rc.local", "#!/bin/sh\nnft add table inet f\nnft add rule inet f input tcp dport 22 accept\n"
        )
        assert self.told(nftables.boot(host)) == [("/etc/rc.local", "/etc/rc.local", 3, [])]
