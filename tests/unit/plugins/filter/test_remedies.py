# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of the remedy roles: what they pass on, and what they say to what they can't use."""

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.filter.change_failure import FilterModule as ChangeFailure
from ansible_collections.webops.bad_gateway.plugins.filter.failure_reason import FilterModule as FailureReason
from ansible_collections.webops.bad_gateway.plugins.filter.firewall_openings import FilterModule as FirewallOpenings
from ansible_collections.webops.bad_gateway.plugins.filter.selinux_settings import FilterModule as SelinuxSettings

change_failure = ChangeFailure().filters()["change_failure"]
failure_reason = FailureReason().filters()["failure_reason"]
firewall_openings = FirewallOpenings().filters()["firewall_openings"]
selinux_settings = SelinuxSettings().filters()["selinux_settings"]


def test_failure_reason():
    assert failure_reason({"msg": "refused"}) == "refused"
    with pytest.raises(AnsibleFilterError, match="failure_reason takes the result of a task, not str"):
        failure_reason("refused")


def test_change_failure():
    undone = {"changes": [{"steps": [], "complete": True, "problems": []}]}
    assert change_failure({"msg": "refused"}, "The opening of port 7080", {}, undone) == (
        "The opening of port 7080 failed: refused"
    )
    with pytest.raises(AnsibleFilterError, match="change_failure takes the results of three tasks"):
        change_failure({"msg": "refused"}, "X", None, undone)


class TestFirewallOpenings:
    def test_one_source_may_come_alone_and_a_port_as_text(self):
        assert firewall_openings("192.0.2.10", "ufw", "7080")["rules"] == [
            "allow proto tcp from 192.0.2.10 to any port 7080"
        ]

    def test_what_is_missing_is_said_once_it_was_read(self):
        place = {"chain": "INPUT"}
        found = {"files": [], "reads": [{"rc": 0}]}
        missing = firewall_openings(["192.0.2.10"], "iptables", 7080, place, found)
        assert (missing["files"], missing["edits"], missing["commands"]) == ([], [], [])

    @pytest.mark.parametrize(
        "arguments",
        [
            (["any"], "ufw", 7080),
            (["192.0.2.10"], "pf", 7080),
            (["192.0.2.10"], "ufw", "https"),
            (["192.0.2.10"], "ufw", None),
            (["192.0.2.10"], "iptables", 7080, {"chain": "a;b"}),
            (["192.0.2.10"], "iptables", 7080, {"chain": "INPUT"}, {}),
        ],
    )
    def test_what_can_not_be_opened_is_one_sentence(self, arguments):
        with pytest.raises(AnsibleFilterError, match="^firewall_openings: [^\n]+$"):
            firewall_openings(*arguments)


class TestSelinuxSettings:
    def test_what_was_not_asked_may_be_left_out(self):
        assert selinux_settings({"aliases": "/run /var/run"}, path="/run/app")["fcontext"] == "/var/run/app(/.*)?"
        assert selinux_settings({}, port="7080")["undo"] == [["semanage", "port", "-d", "-p", "tcp", "7080"]]

    @pytest.mark.parametrize(("listings", "port"), [("text", 0), ({"users": ""}, 0), (None, 0), ({}, "http")], ids=str)
    def test_what_it_can_not_use(self, listings, port):
        with pytest.raises(AnsibleFilterError, match="^selinux_settings"):
            selinux_settings(listings, port=port)
