# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import os
import pwd
import time

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import run_as
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.run_as import Identity

STATUS = "Name:\tnginx\nUid:\t0\t33\t33\t33\nGid:\t0\t33\t33\t33\nGroups:\t33 101 \n"


@pytest.fixture(name="proc")
def _proc(tmp_path):
    for name, status, namespace in (
        ("self", "", "a"),
        ("71", STATUS, "a"),
        ("72", STATUS, "b"),
        ("73", "Name:\tx\n", "a"),
    ):
        (tmp_path / name / "ns").mkdir(parents=True)
        (tmp_path / name / "status").write_text(status)
        (tmp_path / namespace).touch()
        os.link(tmp_path / namespace, tmp_path / name / "ns" / "mnt")
    return str(tmp_path)


def test_a_worker_s_ids_are_those_of_the_process(proc):
    assert run_as.of_process(71, proc) == Identity(33, 33, (33, 101), None)


def test_a_worker_with_mounts_of_its_own(proc):
    assert run_as.of_process(72, proc).mounts == proc + "/72/ns/mnt"


def test_a_worker_that_is_gone_or_unreadable(proc):
    with pytest.raises(OSError):
        run_as.of_process(99, proc)
    with pytest.raises(ValueError, match="has no ids"):
        run_as.of_process(73, proc)


def test_an_account_has_its_own_group_and_those_that_name_it(monkeypatch):
    group = type("Group", (), {})
    named, other = group(), group()
    named.gr_gid, named.gr_mem = 101, ["www-data"]
    other.gr_gid, other.gr_mem = 102, ["www-data2"]
    account = type("Account", (), {"pw_uid": 33, "pw_gid": 33})
    monkeypatch.setattr(run_as.pwd, "getpwnam", lambda _name: account)
    monkeypatch.setattr(run_as.grp, "getgrall", lambda: [named, other])
    assert run_as.of_user("www-data") == Identity(33, 33, (33, 101))


def test_groups_go_before_the_user_does(monkeypatch):
    done = []
    monkeypatch.setattr(run_as.os, "geteuid", lambda: 0)
    for call in ("setgroups", "setgid", "setuid"):
        monkeypatch.setattr(run_as.os, call, lambda value, call=call: done.append((call, value)))
    run_as.become(Identity(33, 34, (34, 101)))
    assert done == [("setgroups", [34, 101]), ("setgid", 34), ("setuid", 33)]


def test_without_root_nothing_is_taken_on(monkeypatch):
    monkeypatch.setattr(run_as.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(run_as.os, "setuid", lambda _uid: pytest.fail("must not be called"))
    run_as.become(Identity(33, 33, (33,)))


def test_what_the_child_reports_comes_in_order():
    def work(report):
        report({"uid": os.getuid()})
        report("x" * 300000)

    uid = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.getuid()
    assert run_as.reported_by_child(Identity(uid, os.getgid(), ()), work, Deadline(30)) == [{"uid": uid}, "x" * 300000]


def test_a_child_that_fails_says_so():
    def work(report):
        report(1)
        raise RuntimeError("broken")

    assert run_as.reported_by_child(None, work, Deadline(30)) == [1, {"failed": "RuntimeError: broken"}]


def test_a_child_that_is_late_is_killed_and_what_it_reported_is_kept():
    def work(report):
        report(os.getpid())
        time.sleep(60)

    (pid,) = run_as.reported_by_child(None, work, Deadline(2))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_child_that_reports_without_end_is_killed(monkeypatch):
    def work(report):
        while True:
            report("x" * 1000)

    monkeypatch.setattr(run_as, "REPORT_LIMIT", 100000)
    started = time.monotonic()
    reported = run_as.reported_by_child(None, work, Deadline(20))
    assert time.monotonic() - started < 10
    assert 0 < len(reported) < 100 and set(reported) == {"x" * 1000}


def test_a_namespace_that_cannot_be_entered_is_reported(tmp_path):
    reported = run_as.reported_by_child(
        Identity(os.getuid(), os.getgid(), (), str(tmp_path / "none")), lambda report: report(1), Deadline(30)
    )
    assert "No such file" in reported[0]["failed"]
