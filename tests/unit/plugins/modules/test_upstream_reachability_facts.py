# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module upstream_reachability_facts."""

import os
import pwd

import pytest

from ansible_collections.webops.bad_gateway.plugins.modules import upstream_reachability_facts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.net import says, silent
from ansible_collections.webops.bad_gateway.tests.unit.plugins.modules.run_module import run_module


@pytest.mark.parametrize("check", [False, True])
def test_facts_and_nothing_else_the_same_in_check_mode(monkeypatch, peer, closed_port, check):
    good, bad = peer(says(b"HTTP/1.1 200 OK\r\n\r\n")).address, "tcp:127.0.0.1:%d" % closed_port
    args = {
        "upstreams": [{"id": "app", "address": good, "family": "proxy", "request": {"method": "HEAD"}}],
        "addresses": [bad],
    }
    result = run_module(monkeypatch, upstream_reachability_facts, args, check=check)
    assert not result.get("changed")
    first, second = result["ansible_facts"]["upstream_reachability"]
    assert (first["id"], first["connected"], first["reply"]["status"]) == ("app", True, 200)
    assert (second["id"], second["connected"], second["reply"]) == (bad, False, None)
    assert "warnings" not in result


@pytest.mark.parametrize(
    ("args", "why"),
    [
        ({"timeout": 0}, "timeout is 0: give between 0.1 and 60 seconds"),
        ({"deadline": 601}, "deadline is 601: give between 1 and 600 seconds"),
        ({"user": "no-such-account", "addresses": ["unix:/x"]}, "there is no account no-such-account"),
        ({"worker": 2000000000, "addresses": ["unix:/x"]}, "worker 2000000000: No such file or directory"),
        ({"upstreams": [{"address": "unix:/x", "family": "ajp"}]}, "value of family must be one of"),
        ({"upstreams": [{"address": "unix:/x", "request": {"method": "POST"}}]}, "value of method must be one of"),
    ],
)
def test_what_is_asked_wrongly_is_told_in_one_line(monkeypatch, args, why):
    result = run_module(monkeypatch, upstream_reachability_facts, args)
    assert result["failed"] is True
    assert why in result["msg"] and "\n" not in result["msg"]


def test_it_warns_where_it_cannot_be_the_account(monkeypatch, peer):
    warned = []
    monkeypatch.setattr(
        upstream_reachability_facts.AnsibleModule, "warn", lambda _self, text, **_how: warned.append(text)
    )
    monkeypatch.setattr(
        upstream_reachability_facts.look_reach, "cannot_become", lambda _identity: "connected as uid 1000"
    )
    run_module(
        monkeypatch,
        upstream_reachability_facts,
        {"addresses": [peer(silent).address], "user": pwd.getpwuid(os.getuid()).pw_name},
    )
    assert "connected as uid 1000" in warned
