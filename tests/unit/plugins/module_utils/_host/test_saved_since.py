# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reload would put in force beside what it is for."""

import json
import os
import time

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.saved_since import MOST, SLACK, saved_since
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

FOLDER = "/etc/nginx/conf.d"
A, B = FOLDER + "/a.conf", FOLDER + "/b.conf"
HOUR = 3600.0


@pytest.fixture
def host(tmp_path):
    """Two files and their folder that were last changed an hour ago."""
    made = FakeHost(tmp_path)
    made.write(A, "a")
    made.write(B, "b")
    old(made, A, B, FOLDER)
    return made


def old(host, *paths):
    for path in paths:
        os.utime(host.path(path), (time.time() - HOUR, time.time() - HOUR))


def saved(host, since=None, files=(A, B)):
    return saved_since(
        host, files, [FOLDER + "/*.conf", "mime.types"], time.time() - HOUR / 2 if since is None else since
    )


def test_what_was_read_by_the_daemon_is_nothing_to_wait_for(host):
    assert saved(host) == []
    os.chmod(host.path(A), 0o600)
    assert saved(host) == [], "whoever may read it is not what it says"


def test_what_was_changed_since(host):
    host.write(A, "other")
    assert saved(host) == [A]
    assert saved(host, since=time.time() - SLACK / 2) == [], "a reload came right after"


def test_an_old_file_that_was_moved_here_since(host):
    host.write("/root/c.conf", "c")
    old(host, "/root/c.conf")
    os.rename(host.path("/root/c.conf"), host.path(FOLDER + "/c.conf"))
    assert FOLDER + "/c.conf" in saved(host, files=(FOLDER + "/c.conf",))


def test_what_was_removed_since_is_named_by_its_folder(host):
    since = time.time() - HOUR / 2
    os.unlink(host.path(B))
    assert saved_since(host, [], [FOLDER + "/*.conf"], since) == [FOLDER + "/"]


@pytest.mark.parametrize("how", ["left", "files"])
def test_what_a_run_left_or_put_back_is_ours(host, how):
    host.write(A, "ours")
    state = {"mtime_ns": os.stat(host.path(A)).st_mtime_ns}
    record = {"left": {A: state, "nginx.service": True}} if how == "left" else {"files": [{"path": A, "state": state}]}
    host.write("/var/lib/bad_gateway/RUN/CHANGE/change.json", json.dumps(record))
    assert saved(host) == []
    os.utime(host.path(A))
    assert saved(host) == [A], "somebody saved it again"


def test_a_damaged_journal_hides_nothing(host):
    host.write(A, "other")
    host.write("/var/lib/bad_gateway/RUN/CHANGE/change.json", "{")
    assert saved(host) == [A] and "damaged" in host.unknown[0]["why"]


def test_so_many_are_named_and_no_more(host):
    paths = [FOLDER + "/%d.conf" % number for number in range(MOST + 5)]
    for path in paths:
        host.write(path, "")
    assert len(saved(host, files=paths)) == MOST
