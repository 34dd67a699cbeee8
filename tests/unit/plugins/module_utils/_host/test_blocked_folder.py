# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder on the way to a socket that keeps an account out. This process may be root, whom nothing keeps out."""

import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.blocked_folder import blocked_at


@pytest.fixture
def way(tmp_path, monkeypatch):
    """A folder with a socket's name in it; closed: the folders that this process may not search."""
    (tmp_path / "outer" / "inner").mkdir(parents=True)
    (tmp_path / "outer").chmod(0o750)
    (tmp_path / "link").symlink_to(tmp_path / "outer")
    closed = set()
    monkeypatch.setattr(os, "access", lambda path, mode: path not in closed)
    return tmp_path, closed


def test_the_first_folder_that_is_closed(way):
    top, closed = way
    closed.update((str(top / "outer"), str(top / "outer" / "inner")))
    found = blocked_at(str(top / "link" / "inner" / "app.sock"))
    assert found is not None
    assert (found["path"], found["mode"]) == (str(top / "outer"), "0750")
    assert found["owner"] and found["group"]


def test_an_open_way_and_a_closed_file_are_none_of_it(way):
    top, closed = way
    closed.add(str(top / "outer" / "app.sock"))
    assert blocked_at(str(top / "outer" / "app.sock")) is None


def test_a_folder_that_is_not_there_is_nobodys(way):
    top, closed = way
    closed.add(str(top / "none"))
    assert blocked_at(str(top / "none" / "app.sock")) is None
