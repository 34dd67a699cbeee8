# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's door: a span, units, files and logs, and what happened."""

import time

import pytest

from ansible_collections.webops.bad_gateway.plugins.modules import recent_changes_info
from ansible_collections.webops.bad_gateway.tests.unit.plugins.modules.run_module import run_module


@pytest.mark.parametrize("check", [False, True])
def test_what_happened_is_returned(monkeypatch, tmp_path, check):
    (tmp_path / "app.env").write_text("")
    until = time.time()
    values = {"hours": 2, "until": until, "files": [str(tmp_path / "app.env")]}
    result = run_module(monkeypatch, recent_changes_info, values, check=check)
    assert str(tmp_path / "app.env") in [one["subject"] for one in result["changes"]]
    assert (result["changed"], result["failing"], result["since"]) == (False, [], until - 7200)


@pytest.mark.parametrize("hours", [0, 169])
def test_what_cannot_be_meant_is_refused(monkeypatch, hours):
    assert "between 1 and 168" in run_module(monkeypatch, recent_changes_info, {"hours": hours})["msg"]
