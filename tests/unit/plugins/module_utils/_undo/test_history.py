# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host remembers of its cures."""

import json
import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import history
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.journal import Claim, Wanted
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.rollback import rolled_back
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.unfinished_runs import unfinished_runs
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.journal_host import (
    FolderHost,
    Power,
    PowerCut,
)

CLAIM = Claim()
FILE = "/var/lib/bad_gateway/history.json"


@pytest.fixture(autouse=True)
def _no_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(name="host")
def _host(tmp_path):
    return FolderHost(tmp_path)


def cure(host, run, *causes, **more):
    host.journal().begun(run, CLAIM)
    host.journal().saved(run, "c1", Wanted(), CLAIM)
    host.journal().kept(run, "c1", CLAIM, causes)
    host.journal().closed(run, more.get("keep", 20))


def cures(host):
    """What a look sees: run and cause of each, oldest first."""
    return [(one["run"], one["cause"]) for one in unfinished_runs(Host(host.root))["cures"]]


def test_what_a_kept_change_cured_is_remembered_with_its_time(host):
    cure(host, "r1", "php_fpm_stopped", "stale_unix_socket")
    seen = unfinished_runs(Host(host.root))["cures"]
    change = host.journal().read()["runs"][0]["changes"][0]
    assert [(one["cause"], one["run"]) for one in seen] == [("php_fpm_stopped", "r1"), ("stale_unix_socket", "r1")]
    assert {one["at"] for one in seen} == {change["ended"]}
    assert change["causes"] == ["php_fpm_stopped", "stale_unix_socket"]


def test_a_change_that_names_no_cause_is_no_cure(host):
    cure(host, "r1")
    assert cures(host) == [] and not os.path.exists(host.path(FILE))


def test_what_was_undone_is_no_cure(host):
    host.journal().begun("r1", CLAIM)
    host.journal().saved("r1", "c1", Wanted(), CLAIM)
    host.journal().undone("r1", "c1", CLAIM)
    host.journal().closed("r1", 20)
    assert cures(host) == []


def test_what_was_rolled_back_is_no_cure_any_more(host):
    cure(host, "r1", "a")
    cure(host, "r2", "a")
    rolled_back(host.journal(), "r2", False, False)
    assert cures(host) == [("r1", "a")]


def test_it_outlives_the_journals_of_the_runs(host):
    for number in range(4):
        cure(host, "r%d" % number, "a", keep=1)
    assert [run["run"] for run in host.journal().read()["runs"]] == ["r3"]
    assert cures(host) == [("r%d" % number, "a") for number in range(4)]


def test_several_changes_of_a_run_for_one_cause_are_one_cure(host):
    host.journal().begun("r1", CLAIM)
    for change in ("c1", "c2"):
        host.journal().saved("r1", change, Wanted(), CLAIM)
        host.journal().kept("r1", change, CLAIM, ["a"])
    host.journal().closed("r1", 20)
    assert cures(host) == [("r1", "a")]


def test_only_the_newest_are_kept(host, monkeypatch):
    monkeypatch.setattr(history, "MOST", 3)
    for number in range(5):
        cure(host, "r%d" % number, "a", keep=1)
    assert cures(host) == [("r%d" % number, "a") for number in (2, 3, 4)]


@pytest.mark.parametrize("text", ["{", "[]", '{"cures": 1}', '{"cures": [1, null]}'])
def test_a_damaged_file_is_replaced_by_the_next_cure(host, text):
    cure(host, "r1", "a")
    host.write(FILE, text)
    cure(host, "r2", "a")
    assert cures(host) == [("r1", "a"), ("r2", "a")]  # the journal still has both runs
    assert json.loads(host.read(FILE))["cures"][0]["run"] == "r1"


def test_a_cure_is_remembered_whenever_the_power_goes_once_it_was_kept(tmp_path, monkeypatch):
    for cut in range(1, 50):
        (tmp_path / str(cut)).mkdir()
        host = FolderHost(tmp_path / str(cut))
        host.journal().begun("r1", CLAIM)
        host.journal().saved("r1", "c1", Wanted(), CLAIM)
        with monkeypatch.context() as patched:
            Power(patched, cut)
            try:
                host.journal().kept("r1", "c1", CLAIM, ["a"])
            except PowerCut:
                pass
            else:
                break
        host.boot()
        is_kept = host.journal().read()["runs"][0]["changes"][0]["state"] == "kept"
        cure(host, "r2", "a")
        assert cures(host) == [("r1", "a"), ("r2", "a")][0 if is_kept else 1 :]
    else:
        pytest.fail("never ended")
