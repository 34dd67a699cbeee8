# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Openings as the role asks for them."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.tools import TOOLS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.firewall_openings import openings

PLACE = {"family": "inet", "table": "filter", "chain": "input"}
SOURCE = "192.0.2.10"
LISTED = {"files": ["/etc/nftables.conf"], "reads": [{"rc": 0, "stdout": "", "stderr": ""}]}


def test_before_anything_is_read_it_says_what_to_read():
    assert openings("nftables", [SOURCE], 7080, PLACE) == {
        "rules": ['ip saddr 192.0.2.10 tcp dport 7080 accept comment "webops.bad_gateway"'],
        "boot_files": ["/etc/nftables.conf", "/etc/sysconfig/nftables.conf"],
        "reads": [["nft", "list", "chain", "inet", "filter", "input"]],
        "undo": openings("nftables", [SOURCE], 7080, PLACE, LISTED)["undo"],
    }


def test_what_was_read_says_what_is_missing():
    missing = openings("nftables", [SOURCE], 7080, PLACE, LISTED)
    assert missing["files"] == ["/etc/nftables.conf"]
    assert [sorted(edit) for edit in missing["edits"]] == [["path", "regexp", "replace", "validate"]]
    assert [argv[:3] for argv in missing["commands"]] == [["nft", "insert", "rule"]]


def test_sources_are_used_in_their_canonical_form():
    assert openings("ufw", ["192.0.2.10/32", " 192.0.2.10", "2001:DB8::7"], 80, {})["rules"] == [
        "allow proto tcp from 192.0.2.10 to any port 80",
        "allow proto tcp from 2001:db8::7 to any port 80",
    ]


def test_a_priority_may_come_as_text():
    (rule,) = openings("firewalld", [SOURCE], 80, {"zone": "public", "priority": "-1"})["rules"]
    assert rule.startswith('rule priority="-1" family="ipv4"')


@pytest.mark.parametrize(
    ("read", "why"),
    [
        ({"rc": 1, "stdout": "", "stderr": "Error: No such file\n"}, "Error: No such file"),
        ({"rc": 2, "msg": "[Errno 2] No such file or directory: b'nft'"}, "No such file or directory: b'nft'"),
        ({"msg": "no reason"}, "no reason"),
    ],
)
def test_a_read_that_failed_is_said(read, why):
    with pytest.raises(ValueError, match=why):
        openings("nftables", [SOURCE], 7080, PLACE, {"files": ["/etc/nftables.conf"], "reads": [read]})


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_what_is_no_port(port):
    with pytest.raises(ValueError, match="is no port"):
        openings("ufw", [SOURCE], port, {})


@pytest.mark.parametrize("sources", [[], ["0.0.0.0/0"], ["::/0"], ["any"], ["web1"], [SOURCE, "0.0.0.0/0"]])
def test_everybody_is_refused(sources):
    with pytest.raises(ValueError, match="source|address|everybody"):
        openings("ufw", sources, 7080, {})


def test_a_tool_and_a_place_have_to_be_known():
    with pytest.raises(ValueError, match="pf is no tool that is known: choose from %s" % ", ".join(TOOLS)):
        openings("pf", [SOURCE], 7080, {})
    with pytest.raises(ValueError, match="a place has no anchor"):
        openings("ufw", [SOURCE], 7080, {"anchor": "x"})
