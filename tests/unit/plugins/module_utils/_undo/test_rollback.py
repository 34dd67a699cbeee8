# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.journal import Claim, Wanted
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.lease import Held
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.rollback import rolled_back
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.journal_host import (
    FolderHost,
    Power,
    PowerCut,
)

CLAIM = Claim()
CONF = "/etc/nginx/nginx.conf"
NEW = "/etc/nginx/conf.d/new.conf"
NEXT = "/etc/nginx/conf.d/next.conf"


@pytest.fixture(autouse=True)
def _no_disk(monkeypatch):
    """What is synced in which order is a test of its own (test__journal.py); the others need no disk."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def fresh(folder):
    os.makedirs(str(folder), exist_ok=True)
    host = FolderHost(folder)
    host.write(CONF, "one\n", 0o640)
    return host


@pytest.fixture(name="host")
def _host(tmp_path):
    return fresh(tmp_path)


def one_run(host, run, edits, units=()):
    """A run with one change for each (file, new text)."""
    host.journal().begun(run, CLAIM)
    for number, (path, text) in enumerate(edits):
        name = "c%d" % number
        wanted = Wanted(files=[path], undo=[["undo", run, name]], after_undo=[["nginx", "-t"]], units=units)
        host.journal().saved(run, name, wanted, CLAIM)
        host.write(path, text)
        host.active.update(dict.fromkeys(units, True))
        host.journal().kept(run, name, CLAIM)
    host.journal().closed(run, 20)


def roll_back(host, run=None, check=False, with_diff=False, **more):
    return rolled_back(host.journal(), run, check, with_diff, **more)


def outcomes(result):
    return {step["step"]: step["outcome"] for change in result["changes"] for step in change["steps"]}


def last_change(host):
    path = host.path("/var/lib/bad_gateway/last_change")
    return host.read("/var/lib/bad_gateway/last_change") if os.path.exists(path) else None


def test_two_runs_are_rolled_back_one_after_the_other(host):
    states = [host.snapshot()]
    changed = [last_change(host)]
    for run, edits in (("r1", [(CONF, "two\n"), (NEW, "new\n"), (CONF, "three\n")]), ("r2", [(CONF, "four\n")])):
        one_run(host, run, edits)
        states.append(host.snapshot())
        changed.append(last_change(host))
    host.commands.clear()
    for run in ("r2", "r1"):
        states.pop()
        changed.pop()
        result = roll_back(host)
        assert result["run"] == run
        assert all(change["state"] == "rolled_back" and change["complete"] for change in result["changes"])
        assert host.snapshot() == states[-1]
        assert last_change(host) == changed[-1]
    assert [line for line in host.commands if line.startswith("undo")] == [
        "undo r2 c0",
        "undo r1 c2",
        "undo r1 c1",
        "undo r1 c0",
    ]
    assert roll_back(host)["run"] is None


def test_units_are_as_they_were_before_the_run(host):
    host.start_sysvinit()
    one_run(host, "r1", [(CONF, "two\n")], units=["php-fpm"])
    assert outcomes(roll_back(host, check=True))["stop php-fpm"] == "planned"
    roll_back(host)
    assert host.active["php-fpm"] is False


def test_what_somebody_else_has_changed_is_left_alone_and_named(host):
    one_run(host, "r1", [(CONF, "two\n"), (NEW, "new\n")])
    host.write(CONF, "an admin's\n")
    for check in (True, False):
        changes = roll_back(host, check=check)["changes"]
        left = [step for change in changes for step in change["steps"] if step["outcome"] == "left_alone"]
        assert left == [{"step": "put back " + CONF, "outcome": "left_alone", "why": "changed since by somebody else"}]
    assert host.read(CONF) == "an admin's\n"
    assert not os.path.exists(host.path(NEW))


def test_another_mode_or_owner_counts_as_changed_another_time_does_not(host):
    one_run(host, "r1", [(CONF, "two\n"), (NEW, "new\n")])
    os.utime(host.path(NEW), ns=(1, 1))
    os.chmod(host.path(CONF), 0o600)
    assert outcomes(roll_back(host, check=True))["put back " + CONF] == "left_alone"
    assert outcomes(roll_back(host, check=True))["put back " + NEW] == "planned"


def test_a_run_below_a_later_one_names_the_later_one(host):
    one_run(host, "r1", [(CONF, "two\n"), (NEW, "new\n")])
    one_run(host, "r2", [(CONF, "three\n")])
    left = [
        step
        for change in roll_back(host, "r1")["changes"]
        for step in change["steps"]
        if step["outcome"] == "left_alone"
    ]
    assert [step["why"] for step in left] == ["changed since by run r2: roll that back first"]
    assert host.read(CONF) == "three\n" and not os.path.exists(host.path(NEW))


def test_a_file_changed_twice_in_a_run_and_then_by_an_admin_is_left_alone(host):
    one_run(host, "r1", [(CONF, "two\n"), (CONF, "three\n")])
    host.write(CONF, "an admin's\n")
    roll_back(host)
    assert host.read(CONF) == "an admin's\n"


def test_what_is_already_as_it_was_needs_nothing(host):
    one_run(host, "r1", [(NEW, "new\n")])
    os.unlink(host.path(NEW))
    assert outcomes(roll_back(host, check=True))["put back " + NEW] == "same"
    assert outcomes(roll_back(host))["put back " + NEW] == "same"


def test_a_path_that_cannot_be_looked_at_is_left_alone(host):
    one_run(host, "r1", [(NEW, "new\n")])
    os.rename(host.path("/etc/nginx/conf.d"), host.path("/etc/nginx/moved"))
    os.symlink("moved", host.path("/etc/nginx/conf.d"))
    os.lchown(host.path("/etc/nginx/conf.d"), 12345, 12345)
    step = roll_back(host)["changes"][0]["steps"][1]
    assert step["outcome"] == "left_alone" and "link" in step["why"]
    assert os.path.exists(host.path("/etc/nginx/moved/new.conf"))


def test_check_mode_changes_nothing_and_predicts(host):
    one_run(host, "r1", [(CONF, "two\n"), (CONF, "three\n"), (NEW, "new\n")], units=["php-fpm"])
    before = (host.snapshot(), host.snapshot("/var/lib"), dict(host.active))
    host.commands.clear()
    planned = roll_back(host, check=True)
    assert (host.snapshot(), host.snapshot("/var/lib"), dict(host.active)) == before
    assert [line for line in host.commands if not line.endswith("status")] == []
    done = roll_back(host)
    assert [(change["change"], [step["step"] for step in change["steps"]]) for change in planned["changes"]] == [
        (change["change"], [step["step"] for step in change["steps"]]) for change in done["changes"]
    ]


def test_a_diff_shows_each_file_once_from_now_to_the_oldest_and_only_when_asked_for(host):
    os.symlink("nginx.conf", host.path("/etc/nginx/link"))
    one_run(host, "r1", [(CONF, "two\n"), (CONF, "three\n"), (NEW, "new\n"), ("/etc/nginx/bin", "\0")])
    assert roll_back(host, check=True)["diff"] == []
    shown = {entry["before_header"].split(" ")[0]: entry for entry in roll_back(host, with_diff=True)["diff"]}
    assert (shown[CONF]["before"], shown[CONF]["after"]) == ("three\n", "one\n")
    assert (shown[NEW]["before"], shown[NEW]["after"]) == ("new\n", "")
    assert shown["/etc/nginx/bin"]["before"] == "(file, not shown)\n"
    assert "mode 0640" in shown[CONF]["after_header"]
    assert len(shown) == 3


def test_a_diff_of_a_link_shows_where_it_leads(host):
    host.journal().begun("r1", CLAIM)
    os.symlink("one", host.path("/etc/nginx/link"))
    host.journal().saved("r1", "c1", Wanted(files=["/etc/nginx/link"]), CLAIM)
    os.unlink(host.path("/etc/nginx/link"))
    os.symlink("two", host.path("/etc/nginx/link"))
    host.journal().kept("r1", "c1", CLAIM)
    (entry,) = roll_back(host, run="r1", with_diff=True)["diff"]
    assert (entry["before"], entry["after"]) == ("link to two\n", "link to one\n")


def test_hosts_without_a_journal_and_runs_without_one_are_fine(host):
    assert roll_back(host) == {"run": None, "changes": [], "found": [], "left_alone": [], "diff": []}
    one_run(host, "r1", [(CONF, "two\n")])
    assert roll_back(host, run="r0") == {"run": "r0", "changes": [], "found": [], "left_alone": [], "diff": []}
    assert host.read(CONF) == "two\n"
    with pytest.raises(Refused):
        roll_back(host, run="../r1")


def test_a_run_at_work_is_not_disturbed_unless_it_is_dead(host):
    one_run(host, "r1", [(CONF, "two\n")])
    host.journal().begun("r2", CLAIM)
    for check in (True, False):
        with pytest.raises(Held):
            roll_back(host, run="r1", check=check)
    assert roll_back(host, run="r1", take_over="r2")["changes"] != []
    assert host.read(CONF) == "one\n"


def test_what_was_never_finished_is_put_back_first(host):
    one_run(host, "r1", [(CONF, "two\n")])
    host.journal().begun("r2", CLAIM)
    host.journal().saved("r2", "c1", Wanted(files=[NEXT]), CLAIM)
    host.write(NEXT, "half\n")
    host.boot()
    planned = roll_back(host, check=True)
    assert planned["changes"][0]["change"] == "c1" and planned["changes"][0]["steps"][0]["outcome"] == "planned"
    assert os.path.exists(host.path(NEXT))
    result = roll_back(host)
    assert [change["run"] for change in result["found"]] == ["r2"]
    assert result["run"] == "r1"
    assert not os.path.exists(host.path(NEXT)) and host.read(CONF) == "one\n"


def test_a_change_can_be_undone_by_name_after_it_was_kept(host):
    one_run(host, "r1", [(CONF, "two\n")])
    assert host.journal().undone("r1", "c0", CLAIM)["undone"]["state"] == "undone"
    assert host.read(CONF) == "one\n"
    assert roll_back(host)["run"] is None
    assert last_change(host) is None


def test_but_not_while_another_run_is_at_work(host):
    one_run(host, "r1", [(CONF, "two\n")])
    host.journal().begun("r2", CLAIM)
    with pytest.raises(Held):
        host.journal().undone("r1", "c0", CLAIM)
    assert host.read(CONF) == "two\n"


def test_whenever_the_power_goes_during_a_rollback_the_next_call_finishes_it(tmp_path):
    edits = [(CONF, "two\n"), (NEW, "new\n")]
    model = fresh(tmp_path / "model")
    before = model.snapshot()
    one_run(model, "r1", edits)
    with pytest.MonkeyPatch.context() as patch:
        power = Power(patch)
        roll_back(model, "r1")
    assert power.writes > 20
    for at in range(1, power.writes + 1):
        host = fresh(tmp_path / ("cut-%d" % at))
        os.utime(host.path(CONF), ns=(before["etc/nginx/nginx.conf"][3],) * 2)
        one_run(host, "r1", edits)
        with pytest.MonkeyPatch.context() as patch, pytest.raises(PowerCut):
            Power(patch, at)
            roll_back(host, "r1")
        host.boot()
        roll_back(host, "r1")
        assert host.snapshot() == before, at
        assert roll_back(host)["run"] is None
        host.journal().begun("r2", CLAIM)
        assert host.leftovers() == []
