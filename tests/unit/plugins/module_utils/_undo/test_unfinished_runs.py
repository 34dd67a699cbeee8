# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import store as undo_store
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import unfinished_runs
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.journal import Claim, Wanted
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.journal_host import (
    FolderHost,
    Power,
    PowerCut,
)

CLAIM = Claim(owner="ada@control")


@pytest.fixture(name="host")
def _host(tmp_path):
    return FolderHost(tmp_path)


def unended(host):
    return unfinished_runs.unfinished_runs(Host(host.root))


def test_it_looks_where_the_journal_is():
    assert unfinished_runs.BASE == undo_store.BASE


def test_a_host_without_a_journal_has_no_run(host):
    assert unended(host) == {"unended": [], "cures": []}


def test_a_run_that_has_ended_is_not_named(host):
    host.journal().begun("r1", CLAIM)
    host.journal().saved("r1", "c1", Wanted(), CLAIM)
    host.journal().kept("r1", "c1", CLAIM)
    host.journal().closed("r1", 20)
    assert unended(host) == {"unended": [], "cures": []}


@pytest.mark.parametrize("kept", [False, True])
def test_a_run_that_was_killed_is_named_whether_or_not_its_change_was_kept(host, kept):
    host.journal().begun("r1", CLAIM)
    host.journal().saved("r1", "c1", Wanted(), CLAIM)
    if kept:
        host.journal().kept("r1", "c1", CLAIM)
    host.boot()
    assert unended(host) == {"unended": ["r1"], "cures": []}


def test_whatever_a_begin_or_end_leaves_when_it_is_cut_is_named_and_goes(tmp_path, monkeypatch):
    """At each write: what stands in the journal then is either seen here, or nothing that lasts."""
    for cut in range(1, 200):
        (tmp_path / str(cut)).mkdir()
        host = FolderHost(tmp_path / str(cut))
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", lambda descriptor: None)
            Power(patched, cut)
            try:
                host.journal().begun("r1", CLAIM)
                host.journal().closed("r1", 20)
            except PowerCut:
                pass
            else:
                break
        unfinished = unended(host)["unended"]
        standing = (
            os.path.exists(host.path("/var/lib/bad_gateway/lock.json"))
            or host.journal().store.exists()
            and host.journal().store.runs()
        )
        assert unfinished == ["r1"] if standing and not _is_closed(host) else unfinished in ([], ["r1"])
    else:
        pytest.fail("never ended")


def _is_closed(host):
    runs = host.journal().store.runs()
    return bool(runs) and runs[0]["closed"] is not None


def test_what_is_no_record_is_no_run(host):
    folder = host.path("/var/lib/bad_gateway/r1")
    os.makedirs(folder)
    host.write("/var/lib/bad_gateway/r1/run.json", "{")
    host.write("/var/lib/bad_gateway/lock.json", "[1]")
    assert unended(host) == {"unended": [], "cures": []}


def test_a_journal_that_may_not_be_read_is_not_called_empty(host, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "listdir", denied)
    assert unended(host) is None
