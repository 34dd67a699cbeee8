# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that a report names are those of the user, without what may be secret."""

import shlex

import pytest
from ansible.parsing.splitter import parse_kv

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.commands import called, rollback

OPTIONS = {
    "args": ("fix_502.yml",),
    "inventory": ("my hosts", "b"),
    "subset": "web1",
    "remote_user": "ada",
    "become": True,
    "become_ask_pass": True,
    "check": True,
}


def test_a_dry_run_is_carried_out_with_the_same_options():
    assert (
        called(OPTIONS) == "ansible-playbook fix_502.yml -i 'my hosts' -i b -l web1 -u ada --become --ask-become-pass"
    )
    assert called({}) is None


@pytest.mark.parametrize(("connection", "expected"), [("ssh", ""), ("smart", ""), (None, ""), ("local", " -c local")])
def test_the_connection_is_named_where_it_is_not_the_usual_one(connection, expected):
    options = {"args": ["p.yml"], "inventory": ("localhost,",), "connection": connection}
    assert called(options) == "ansible-playbook p.yml -i localhost," + expected
    assert expected in rollback(options, "r1")


def test_a_dry_run_with_a_report_is_carried_out_as_it_was_planned():
    given = {"args": ["p.yml"], "extra_vars": ("fix_502_rounds=1 fix_502_plan=old.json", "fix_502_plan=older.json")}
    assert (
        called(given, "/r/report.json") == "ansible-playbook p.yml -e fix_502_rounds=1 -e fix_502_plan=/r/report.json"
    )
    (pair,) = shlex.split(called({"args": ["p.yml"]}, "/my reports/report.json"))[3:]
    assert parse_kv(pair) == {"fix_502_plan": "/my reports/report.json"}
    assert called(given).endswith("-e fix_502_rounds=1 -e fix_502_plan=old.json -e fix_502_plan=older.json")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("@vars.yml", " -e @vars.yml"),
        ("fix_502_rounds=1 db_password=x", " -e fix_502_rounds=1"),
        ("db_password=x", ""),
        ('{"fix_502_allow": ["start"]}', ' -e \'{"fix_502_allow": ["start"]}\''),
        ('{"fix_502_rounds": 1, "password": "x"}', ""),
        ("fix_502_x='", ""),
    ],
)
def test_variables_that_are_not_ours_are_left_out(given, expected):
    assert called({"args": ["p.yml"], "extra_vars": (given,)}) == "ansible-playbook p.yml" + expected


def test_a_run_is_undone_by_its_name_on_the_same_hosts():
    assert (
        rollback({"inventory": ("hosts",)}, "r1")
        == "ansible-playbook webops.bad_gateway.rollback_502 -i hosts -e rollback_502_run=r1"
    )
