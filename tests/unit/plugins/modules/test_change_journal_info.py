# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import os

import pytest
import yaml

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.journal import Claim, Journal
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.save import Wanted
from ansible_collections.webops.bad_gateway.plugins.modules import change_journal_info
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.journal_host import FolderHost
from ansible_collections.webops.bad_gateway.tests.unit.plugins.modules.run_module import run_module

CONF = "/etc/nginx/nginx.conf"


@pytest.fixture(name="host")
def _host(tmp_path, monkeypatch):
    host = FolderHost(tmp_path)
    host.write(CONF, "old s3cr3t\n")
    monkeypatch.setattr(change_journal_info, "Host", lambda: Host(host.root))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return host


@pytest.fixture(name="read")
def _told(host, monkeypatch):
    def read():
        return {
            key: value
            for key, value in run_module(monkeypatch, change_journal_info, {}, check=True).items()
            if key != "invocation"
        }

    return read


def test_a_host_without_a_journal(host, read):
    assert read() == {"changed": False, "runs": [], "lock": None}
    assert not os.path.exists(host.path("/var/lib/bad_gateway"))


def test_a_run_at_work_and_its_change_without_contents(host, read):
    Journal(Host(host.root)).saved(
        "r1", "c1", Wanted([CONF], undo=[["ufw", "delete", "3"]]), Claim(owner="ada@control")
    )
    found = read()
    assert found["lock"]["run"] == "r1" and found["lock"]["owner"] == "ada@control"
    (run,) = found["runs"]
    (change,) = run["changes"]
    assert (run["run"], run["closed"], change["change"], change["state"], change["ended"]) == (
        "r1",
        None,
        "c1",
        "saved",
        None,
    )
    assert change["files"] == [CONF] and change["undo"] == [["ufw", "delete", "3"]]
    assert "s3cr3t" not in repr(found)


def test_the_documentation_names_all_that_is_returned(host, read):
    Journal(Host(host.root)).saved("r1", "c1", Wanted([CONF]), Claim())
    found = read()
    documented = yaml.safe_load(change_journal_info.RETURN)
    assert set(found["lock"]) == set(documented["lock"]["contains"])
    run_of = documented["runs"]["contains"]
    assert set(found["runs"][0]) == set(run_of)
    assert set(found["runs"][0]["changes"][0]) == set(run_of["changes"]["contains"])


def test_a_user_who_is_not_root_learns_what_to_do(host, read, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert read() == {"failed": True, "msg": "the journal of changes is root's: run this task with become: true"}


def test_a_journal_that_is_no_folder_is_refused(host, read):
    host.write("/var/lib/bad_gateway", "")
    found = read()
    assert found["failed"] and found["msg"].startswith("the journal of changes can't be read: ")
