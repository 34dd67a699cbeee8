# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of an undo."""

import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.steps import Step
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.undo import _undo, files_failed
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


def record(**more):
    return dict({"files": [], "undo": [], "undo_done": 0, "after_undo": [], "units": {}, "leave": {}}, **more)


def host_of(tmp_path, manager):
    """A folder that stands for a host with this service manager."""
    host = FakeHost(tmp_path)
    if manager == "systemd":
        os.makedirs(host.path("/run/systemd/system"))
    elif manager == "openrc":
        host.write("/run/openrc/softlevel", "default\n")
    elif manager == "sysvinit":
        host.write("/etc/init.d/nginx", "")
        host.program("/usr/sbin/service")
    return host


def test_commands_that_were_done_before_the_power_went_are_not_done_again():
    ran, done = [], []

    def run(argv):
        ran.append(argv)
        return 0, ""

    steps = _undo(Host(), "", record(undo=[["one"], ["two"], ["three"]], undo_done=2), done.append, run)
    assert ran == [["three"]] and done == [3]
    assert steps == [Step("run", "one", "same"), Step("run", "two", "same"), Step("run", "three", "done")]


@pytest.mark.parametrize(
    ("manager", "status", "start"),
    [
        ("systemd", "systemctl is-active --quiet nginx.service", "systemctl start nginx.service"),
        ("sysvinit", "service nginx status", "service nginx start"),
        ("openrc", "rc-service nginx status", "rc-service nginx start"),
    ],
)
def test_a_unit_is_started_by_the_manager_in_charge(tmp_path, manager, status, start):
    ran = []

    def run(argv):
        ran.append(" ".join(argv))
        return 3, "nginx is not running"

    steps = _undo(host_of(tmp_path, manager), "", record(units={"nginx.service": True}), print, run)
    assert steps == [Step("start", "nginx.service", "failed", "nginx is not running")]
    assert ran == [status, start]


def test_a_unit_that_runs_as_it_did_is_left_alone(tmp_path):
    steps = _undo(
        host_of(tmp_path, "systemd"),
        "",
        record(units={"a.service": False, "b.service": True}),
        print,
        lambda argv: (0 if argv[-1] == "b.service" else 3, ""),
    )
    assert [(step.text, step.outcome) for step in steps] == [("stop a.service", "same"), ("start b.service", "same")]


def test_a_unit_that_nobody_could_start_is_a_failed_step(tmp_path):
    steps = _undo(host_of(tmp_path, "none"), "", record(units={"nginx.service": True}), print, None)
    assert steps == [Step("start", "nginx.service", "failed", "no service manager is in charge of this host")]


@pytest.mark.parametrize(
    ("step", "failed"),
    [
        (Step("put back", "/etc/a", "failed", "x"), True),
        (Step("put back", "/etc/a", "done"), False),
        (Step("run", "put back /etc/a", "failed", "x"), False),
    ],
)
def test_only_files_that_failed_have_to_be_tried_again(step, failed):
    assert files_failed([Step("put back", "/etc/b", "done"), step]) is failed


def test_callers_see_a_step_as_text():
    assert Step("put back", "/etc/a", "failed", "x").shown() == {
        "step": "put back /etc/a",
        "outcome": "failed",
        "why": "x",
    }
