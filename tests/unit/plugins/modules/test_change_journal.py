# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.journal import Journal
from ansible_collections.webops.bad_gateway.plugins.modules import change_journal
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.journal_host import FolderHost

CONF = "/etc/nginx/nginx.conf"
DEFAULTS = {name: option.get("default") for name, option in change_journal.ARGUMENTS.items()}


class Ended(Exception):
    """What the module ended with."""


class Module:
    """The little of AnsibleModule that is used; which arguments are accepted is Ansible's to test."""

    def __init__(self, params, check_mode=False, diff=False):
        self.params = dict(DEFAULTS, **params)
        self.check_mode = check_mode
        self._diff = diff
        self.warnings = []

    def __call__(self, argument_spec, required_if, supports_check_mode):
        assert supports_check_mode
        for state, wanted, names in ((rule[1], rule[0], rule[2]) for rule in required_if):
            if self.params[wanted] == state:
                assert all(self.params[name] for name in names)
        return self

    def warn(self, text):
        self.warnings.append(text)

    def exit_json(self, **result):
        raise Ended(dict(result, failed=False))

    def fail_json(self, **result):
        raise Ended(dict(result, failed=True))


@pytest.fixture(name="host")
def _host(tmp_path, monkeypatch):
    host = FolderHost(tmp_path)
    host.write(CONF, "old s3cr3t\n")
    monkeypatch.setattr(change_journal, "Host", lambda: Host(host.root))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return host


@pytest.fixture(name="call")
def _call(host, monkeypatch):
    def call(check_mode=False, diff=False, warnings=None, **params):
        module = Module(params, check_mode, diff)
        monkeypatch.setattr(change_journal, "AnsibleModule", module)
        with pytest.raises(Ended) as caught:
            change_journal.main()
        if warnings is not None:
            warnings += module.warnings
        return caught.value.args[0]

    return call


def save(call, host, **more):
    saved = call(run="r1", change="c1", state="saved", files=[CONF], **more)
    assert not saved["failed"], saved
    host.write(CONF, "new s3cr3t\n")
    return saved


def test_a_change_that_is_kept_and_then_rolled_back(call, host):
    assert call(run="r1", state="begun") == {
        "failed": False,
        "changed": False,
        "found": [],
        "msg": "the host is taken by run r1",
    }
    assert save(call, host) == {
        "failed": False,
        "changed": False,
        "found": [],
        "files": [CONF],
        "armed": None,
        "msg": "saved what change c1 is about to touch",
    }
    kept = call(run="r1", change="c1", state="kept", diffs=True)
    (diff,) = kept.pop("diffs")
    assert (diff["path"], diff["diff"].splitlines()[2:4]) == (CONF, ["@@ -1 +1 @@", "-old s3cr3t"])
    assert kept == {"failed": False, "changed": False, "msg": "change c1 is kept"}
    assert call(run="r1", state="closed") == {
        "failed": False,
        "changed": False,
        "found": [],
        "pruned": [],
        "msg": "run r1 has ended",
    }
    planned = call(state="rolled_back", check_mode=True)
    assert planned["changed"] and planned["msg"] == "run r1 would be rolled back" and host.read(CONF) == "new s3cr3t\n"
    done = call(state="rolled_back")
    assert done["changed"] and done["msg"] == "run r1 was rolled back" and done["left_alone"] == []
    assert host.read(CONF) == "old s3cr3t\n"
    again = call(state="rolled_back")
    assert not again["changed"] and again["msg"] == "no run has left anything on this host that could be rolled back"
    assert call(state="rolled_back", run="r1")["msg"] == "nothing of run r1 is left on this host"


def test_a_change_that_is_undone(call, host):
    save(call, host)
    undone = call(run="r1", change="c1", state="undone")
    assert undone["changed"] and undone["msg"] == "change c1 was undone"
    assert undone["changes"][0]["steps"] == [{"step": "put back " + CONF, "outcome": "done", "why": None}]
    again = call(run="r1", change="c1", state="undone")
    assert not again["changed"] and again["msg"] == "change c1 had been undone before"
    never = call(run="r1", change="c2", state="undone")
    assert never == {
        "failed": False,
        "changed": False,
        "changes": [],
        "msg": "change c2 had saved nothing, so there is nothing to undo",
    }


def test_what_failed_is_warned_of_and_said(call, host):
    warnings = []
    save(call, host, after_undo=[["false"]])
    undone = call(run="r1", change="c1", state="undone", warnings=warnings)
    assert not undone["failed"]
    assert undone["msg"] == "change c1 was undone; run false: ended with 1"
    assert warnings == ["run r1, change c1: run false: ended with 1"]


def in_the_way(host):
    os.unlink(host.path(CONF))
    os.mkdir(host.path(CONF))


def test_an_undo_that_is_not_complete_says_so_without_hiding_what_the_daemon_said(call, host):
    save(call, host)
    in_the_way(host)
    undone = call(run="r1", change="c1", state="undone")
    assert not undone["failed"] and undone["msg"].startswith(
        "change c1 could not be undone completely; put back " + CONF
    )


def test_a_rollback_whose_files_do_not_go_back_fails(call, host, monkeypatch):
    save(call, host)
    call(run="r1", change="c1", state="kept")

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ansible_collections.webops.bad_gateway.plugins.module_utils._undo.put_back.put_back", full)
    result = call(state="rolled_back")
    assert result["failed"] and result["msg"] == "run r1 could not be rolled back completely"
    assert "No space left on device" in result["changes"][0]["problems"][0]


def test_files_that_are_left_alone_are_listed(call, host):
    save(call, host)
    call(run="r1", change="c1", state="kept")
    host.write(CONF, "an admin's\n")
    assert call(state="rolled_back")["left_alone"] == [{"path": CONF, "why": "changed since by somebody else"}]


@pytest.mark.parametrize("state", ["begun", "saved", "kept", "undone", "closed"])
def test_check_mode_does_nothing_and_says_so(call, host, state):
    result = call(run="r1", change="c1", state=state, files=[CONF], check_mode=True)
    assert result == {
        "failed": False,
        "changed": False,
        "msg": "check mode: nothing is changed, so nothing is %s in the journal" % state,
    }
    assert not os.path.exists(host.path("/var/lib/bad_gateway"))


def test_a_full_disk_is_named_with_what_shows_it(call, host, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    result = call(run="r1", state="begun")
    assert result["failed"] and result["msg"].startswith("begun: [Errno 28] No space left on device (each change is")
    assert "df -i /var/lib" in result["msg"]


def test_a_user_who_is_not_root_is_told_what_to_do(call, host, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert call(state="rolled_back") == {
        "failed": True,
        "msg": "the journal of changes is root's: run this task with become: true",
    }


def test_another_run_at_work_is_named(call, host):
    call(run="r1", state="begun", owner="ada@control")
    refused = call(run="r2", state="begun")
    assert refused["failed"] and "run r1 of ada@control" in refused["msg"]
    assert refused["lock"]["run"] == "r1" and set(refused["lock"]) == {"run", "owner", "since", "ends"}
    assert not call(run="r2", state="begun", take_over="r1")["failed"]


@pytest.mark.parametrize(
    "params,why",
    [
        ({"state": "saved", "files": ["nginx.conf"]}, "saved: 'nginx.conf' is not a plain absolute path"),
        (
            {"state": "saved", "undo": [[]]},
            "saved: undo and after_undo take lists of arguments, the first of which is a command",
        ),
        (
            {"state": "saved", "after_undo": [[""]]},
            "saved: undo and after_undo take lists of arguments, the first of which is a command",
        ),
        (
            {"state": "saved", "run": "../r"},
            "saved: run is '../r': only letters, digits, - and _ are allowed, at most 64, the first a letter or digit",
        ),
        ({"state": "kept"}, "kept: run r1 has no change c1 on this host"),
    ],
)
def test_bad_input_is_one_clear_line(call, params, why):
    assert call(**dict({"run": "r1", "change": "c1"}, **params)) == {"failed": True, "msg": why}


def test_numbers_in_commands_are_words(call, host):
    call(run="r1", change="c1", state="saved", undo=[["ufw", "delete", 3]])
    assert Journal(Host(host.root)).read()["runs"][0]["changes"][0]["undo"] == [["ufw", "delete", "3"]]


def test_no_content_is_returned_but_in_a_diff(call, host):
    results = [save(call, host), call(run="r1", change="c1", state="kept"), call(state="rolled_back", check_mode=True)]
    assert "s3cr3t" not in repr(results)
    (shown,) = call(state="rolled_back", check_mode=True, diff=True)["diff"]
    assert (shown["before"], shown["after"]) == ("new s3cr3t\n", "old s3cr3t\n")


def test_a_run_found_half_made_is_a_change_and_returned(call, host):
    save(call, host)
    host.boot()
    began = call(run="r2", state="begun")
    assert began["changed"] and [change["change"] for change in began["found"]] == ["c1"]
    assert host.read(CONF) == "old s3cr3t\n"


def test_a_run_of_one_change_begins_and_ends_with_it(call, host):
    save(call, host, begin=True)
    assert Journal(Host(host.root)).read()["lock"]["run"] == "r1"
    call(run="r1", change="c1", state="kept", close=True)
    read = Journal(Host(host.root)).read()
    assert read["lock"] is None and read["runs"][0]["closed"] is not None


def test_a_run_that_undoes_its_one_change_ends_too(call, host):
    save(call, host, begin=True)
    undone = call(run="r1", change="c1", state="undone", close=True)
    read = Journal(Host(host.root)).read()
    assert undone["changes"][0]["complete"] and read["lock"] is None and read["runs"][0]["closed"] is not None


def test_a_run_that_has_more_to_change_holds_the_host(call, host):
    save(call, host, begin=True)
    call(run="r1", change="c1", state="kept")
    assert Journal(Host(host.root)).read()["lock"]["run"] == "r1"
