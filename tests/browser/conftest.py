# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One browser for all tests, and each kind of report once on the disk."""

from __future__ import annotations

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import browser as chromium_of_debian
import fleets

from ansible_collections.webops.bad_gateway.tests.unit import report_page


def hostile_report():
    """A report in which every text of a host is an attack, even its name."""
    attacked = report_page.hostile(
        report_page.report(web1=report_page.host(report_page.finding("advice")), web2=report_page.host())
    )
    attacked["hosts"] = {report_page.HOSTILE + name: one for name, one in attacked["hosts"].items()}
    return attacked


KINDS = {
    "few": fleets.few,
    "plan": lambda: fleets.few("check"),
    "every": fleets.every_cause,
    "many": lambda: fleets.many(500),
    "worst": lambda: fleets.many(500, 1),
    "hostile": hostile_report,
}


@pytest.fixture(scope="session")
def browser():
    with chromium_of_debian.chromium() as running:
        yield running


@pytest.fixture(scope="session")
def report_file(tmp_path_factory):
    """The path of a report of a kind."""
    folder = tmp_path_factory.mktemp("reports")

    def path_of(kind):
        path = folder / (kind + ".html")
        if not path.exists():
            path.write_text(report_page.page(KINDS[kind]()), encoding="utf-8")
        return path

    return path_of


@pytest.fixture
def look_at(browser, report_file):
    """Open a report; at the end of a test nothing may have gone wrong on it."""
    seen = []

    def opened(kind, **options):
        manager = chromium_of_debian.opened(browser, report_file(kind), **options)
        seen.append((manager, manager.__enter__()))
        return seen[-1][1].page

    yield opened
    wrong = [text for _manager, one in seen for text in one.wrong]
    for manager, _one in seen:
        manager.__exit__(None, None, None)
    assert wrong == []
