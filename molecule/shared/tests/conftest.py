# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab that LAB_NAME names, its faults as test parameters, and what the scenario's runs left behind."""

import json
import os
import sys
from pathlib import Path

import pytest
import testinfra

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests" / "lab"))

import _confusion
import _hosts
import _podman
import _promises
import _snapshot
from _settings import STATE_DIR

os.environ["CONTAINERS_CONF"] = str(_podman.CONTAINERS_CONF)
os.environ["CONTAINERS_STORAGE_CONF"] = str(_podman.STORAGE_CONF)

#: fixture name: which faults of the lab a test that asks for it runs over
FAULTS = {
    "place": lambda expect: True,
    "broken": lambda expect: expect["status"] != "healthy",
    "curable": lambda expect: expect["status"] == "fixed",
    "treated": lambda expect: expect["status"] in ("fixed", "healthy"),
    "well": lambda expect: expect["status"] == "healthy",
    "advised": lambda expect: expect["status"] == "advice",
    "explained": lambda expect: "because" in expect,
    "suffered": lambda expect: "shared" in expect,
    "opened": lambda expect: expect.get("remedy") == "firewall_port" and expect["status"] == "fixed",
    "opened_for_good": lambda expect: "firewall_service" in expect,
}


def pytest_generate_tests(metafunc):
    for fixture, wanted in FAULTS.items():
        if fixture in metafunc.fixturenames:
            chosen = [place for place in _hosts.places() if wanted(place.fault.expect)]
            metafunc.parametrize(fixture, chosen, ids=[place.fault.name for place in chosen])


def _report_of(run):
    return json.loads((STATE_DIR / "reports" / run / "report.json").read_text())


def _promises_of_each_fault():
    """Of hosts that can only be advised on, the run is the one that advises."""
    runs = {"fixed": "fix", "healthy": "fix", "advice": "advice"}
    dry_run, places = _report_of("check"), _hosts.places()
    reports = {run: _report_of(run) for run in {runs[place.fault.expect["status"]] for place in places}}
    return {
        place.fault.name: _promises.compared(dry_run, reports[runs[place.fault.expect["status"]]], place)
        for place in places
    }


@pytest.fixture(scope="session")
def report():
    """The report of a run of this scenario: check, fix, again or advice."""
    return _report_of


@pytest.fixture(scope="session")
def confusion(report):
    """Faults against the causes that the dry run named for them."""
    return _confusion.table(report("check"), _hosts.places())


@pytest.fixture(scope="session")
def promises():
    """For each fault, what the dry run promises against what the run does."""
    return _promises_of_each_fault()


def pytest_terminal_summary(terminalreporter):
    """Shows the table, keeps it beside the dry run's report, and counts what the dry run promises and the run does."""
    path = STATE_DIR / "reports" / "check"
    if (path / "report.json").exists():
        made = _confusion.table(_report_of("check"), _hosts.places())
        made.write(path / "confusion.csv")
        terminalreporter.section("faults and the causes named for them by the dry run (%s)" % (path / "confusion.csv"))
        terminalreporter.write("\n".join([*made.summary(), *_promises.summary(_promises_of_each_fault()), ""]))


@pytest.fixture(scope="session")
def remote():
    """A host of the lab, as testinfra sees it."""
    return lambda place, role: testinfra.get_host("podman://" + _hosts.container(place.host(role)))


@pytest.fixture(scope="session")
def differences():
    """What is not as it was on a host, between two sets of snapshots."""
    loaded = {folder: STATE_DIR / "snapshots" / folder for folder in ("broken", "checked", "fixed")}
    _snapshot.save_all(loaded["fixed"])
    return lambda host, before, after: _snapshot.differences(
        _snapshot.load(loaded[before], host), _snapshot.load(loaded[after], host)
    )
