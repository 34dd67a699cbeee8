# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a log that was rotated."""

import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.rotation import (
    held_file,
    is_of_log,
    last_rotated,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

LOG = "/var/log/nginx/error.log"


@pytest.mark.parametrize(
    ("name", "belongs"),
    [
        (LOG, True),
        (LOG + ".1", True),
        (LOG + "-20260102", True),
        (LOG + ".2.gz", True),
        (LOG + "s", False),
        ("/x" + LOG, False),
    ],
)
def test_what_a_rotation_calls_a_log(name, belongs):
    assert is_of_log(name, LOG) is belongs


@pytest.mark.parametrize(
    ("files", "last"),
    [
        ([], None),
        ([".1", ".2.gz", "-20260103"], ".1"),
        (["-20260102", "-20260103", "-20260101.gz"], "-20260103"),
        (["-20260103.gz", "-2nd"], None),
    ],
)
def test_the_newest_older_file_that_is_not_compressed(tmp_path, files, last):
    host = FakeHost(tmp_path)
    for name in files:
        host.write(LOG + name, "")
    assert last_rotated(host, LOG) == (LOG + last if last else None)


def test_a_daemon_that_still_writes_to_the_rotated_file(tmp_path):
    path, host, pid = str(tmp_path / "error.log"), Host(), os.getpid()
    with open(path, "w", encoding="utf-8"):
        assert held_file(host, path, pid) is None
        os.rename(path, path + ".1")
        assert not held_file(host, path, pid).deleted
        with open(path, "w", encoding="utf-8"):
            pass
        os.unlink(path + ".1")
        held = held_file(host, path, pid)
        assert (os.path.dirname(held.path), held.deleted) == ("/proc/%d/fd" % pid, True)
        assert held_file(host, path, None) is None
