# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All kinds of changes together: in their order, bounded, and those of this collection by their run."""

import json
import time

from ansible_collections.webops.bad_gateway.plugins.module_utils._history import recent_changes as subject
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.recent_changes import recent_changes
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Span, change
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


def own_record(path, ended):
    return json.dumps({"run": "r1", "saved": ended - 5, "ended": ended, "files": [{"path": path}]})


def found(host):
    return recent_changes(host, Span(1600000000.0, time.time() + 60), [], [])


def test_files_of_our_runs_say_so(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/etc/hosts", "")
    host.write("/etc/nginx/nginx.conf", "")
    host.write("/var/lib/bad_gateway/r1/c1/change.json", own_record("/etc/nginx/nginx.conf", time.time()))
    host.write("/var/lib/bad_gateway/r1/c2/change.json", own_record("/etc/hosts", time.time() - 9999))
    host.write("/var/lib/bad_gateway/r1/c3/change.json", '{"files": 1, "saved": 1}')
    by = {one["subject"]: one["by"] for one in found(host)}
    assert by["/etc/nginx/nginx.conf"] == "run r1 of webops.bad_gateway"
    assert " " not in by["/etc/hosts"], "an account"


def test_the_boot_and_the_order(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/etc/hosts", "")
    shown = found(host)
    assert [one["kind"] for one in shown] == ["boot", "file"]
    assert [one["at"] for one in shown] == sorted(one["at"] for one in shown)


def test_of_each_kind_the_newest_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(subject, "MOST", 1)
    host = FakeHost(tmp_path)
    host.write("/etc/hosts", "")
    host.write("/etc/resolv.conf", "")
    assert [one["kind"] for one in found(host)] == ["boot", "file"]


def test_texts_are_safe_to_show():
    one = change(1.00049, "command", "curl https://u:secret@host/?token=x\x1b[2J", "w" * 999, "a\nb")
    assert (one["at"], one["subject"], one["by"]) == (1.0, "curl https://host/", "a\\nb")
    assert len(one["what"]) == 200
