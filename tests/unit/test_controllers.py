# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controllers and targets of docs/platforms.md are what was seen of them, and each way that `make controllers` knows has its cell."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.tests.controllers import _figures, _ways

SUDO = {"core": "2.16", "pipelining": True, "door": "sudo", "python": "", "causes": 2, "wrong": "", "said": ""}


def row(begin, results):
    """The cells of the row that begins with these, in the tables of such results."""
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in _figures._tables(results).splitlines()]
    return next(cells[len(begin) :] for cells in lines if cells[: len(begin)] == begin)


def test_the_page_is_what_was_seen():
    assert _figures.PAGE.read_text(encoding="utf-8") == _figures.page(), "make controllers"


def test_what_was_seen_is_of_ways_that_there_still_are():
    ways = {(way.core, way.pipelining, door, way.python) for way in _ways.WAYS for door in way.doors or ("",)}
    # A host without a Python stands beside one that the newest core enters.
    newest = _ways.WAYS[-1].core
    seen = {tuple(one[part] for part in ("core", "pipelining", "door", "python")) for one in _figures.kept()}
    assert seen <= {*ways, (newest, True, "", "")}
    assert {one["fault"] for one in _figures.kept()} <= set(_ways.FAULTS)


def test_each_core_is_entered_by_each_door_with_each_fault():
    for number in range(len(_ways.FAULTS)):
        entered = {(way.core, way.pipelining, way.doors[number]) for way in _ways.WAYS if way.doors}
        cores = {core for core, _pipelining, _door in entered}
        assert entered == {(core, on, door) for core in cores for on in (True, False) for door in _ways.DOORS}


def test_a_cell_counts_the_causes_of_a_way():
    results = [{**SUDO, "fault": "a", "when": "2026-11-29"}, {**SUDO, "fault": "b", "causes": 1, "when": "2026-11-29"}]
    assert row(["2.16", "on"], results) == ["cured and undone 3", _figures.NOT_TRIED, _figures.NOT_TRIED]
    assert row(["2.16", "off"], results) == [_figures.NOT_TRIED] * 3


@pytest.mark.parametrize("causes", [1, 2])
def test_a_cell_says_what_was_not_as_it_has_to_be(causes):
    results = [{**SUDO, "fault": "a", "wrong": "it changes /etc/x", "causes": causes, "when": "2026-11-29"}]
    assert row(["2.16", "on"], results)[0] == "it changes /etc/x" + (" 2" if causes == 2 else "")


def test_a_host_without_python_is_in_no_cell_but_said():
    line = "there is no Python on this host: /bin/sh: 1: python3: not found"
    results = [{**SUDO, "door": "", "said": line, "fault": "a", "when": "2026-11-29"}]
    assert line in _figures._tables(results)
    assert row(["2.16", "on"], results) == [_figures.NOT_TRIED] * 3


def test_newer_results_are_laid_over_older_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(_figures, "SEEN", tmp_path / "seen.yml")
    page = tmp_path / "page.md"
    page.write_text("before\n" + _figures.BEGIN + _figures.END + "after\n")
    monkeypatch.setattr(_figures, "PAGE", page)
    _figures.keep([{**SUDO, "fault": "a", "wrong": "then it answers 502, not 200"}, {**SUDO, "fault": "b"}])
    _figures.keep([{**SUDO, "fault": "a"}])
    assert [(one["fault"], one["wrong"]) for one in _figures.kept()] == [("a", ""), ("b", "")]
    written = page.read_text()
    assert written == _figures.page() and written.startswith("before\n") and written.endswith("after\n")
