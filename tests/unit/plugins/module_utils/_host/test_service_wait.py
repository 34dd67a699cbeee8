# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a wait for a started service ends."""

import contextlib
import socket

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_wait
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Ran
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

RUNS = "ActiveState=active\nSubState=running\nResult=success\nNRestarts=0\n"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(service_wait, "PAUSE", 0.0)


def waited(tmp_path, shown, address, timeout=5.0, manager="systemd"):
    host = FakeHost(tmp_path, {"systemctl show": shown, "service": Ran(3, "", "", None)})
    return service_wait.wait(host, manager, "shop.service", address, timeout)


def nowhere(tmp_path):
    return Address("", 0, str(tmp_path / "shop.sock"))


def test_what_listens_is_seen_at_once(tmp_path):
    with contextlib.closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        found = waited(tmp_path, RUNS, Address("127.0.0.1", server.getsockname()[1]))
    assert found["state"] == "listening"


def test_a_socket_is_connected_to(tmp_path):
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(str(tmp_path / "shop.sock"))
        assert not service_wait.listens(nowhere(tmp_path))
        server.listen(1)
        assert service_wait.listens(nowhere(tmp_path))


@pytest.mark.parametrize(
    "shown",
    [
        "ActiveState=failed\nSubState=failed\nResult=exit-code\nNRestarts=0\n",
        "ActiveState=inactive\nSubState=dead\nResult=success\nNRestarts=0\n",
        "ActiveState=activating\nSubState=auto-restart\nResult=exit-code\nNRestarts=1\n",
    ],
)
def test_a_unit_that_has_failed_is_waited_for_no_longer(tmp_path, shown):
    found = waited(tmp_path, shown, nowhere(tmp_path))
    assert (found["state"], found["unit_state"].split()[0]) == ("failed", shown.split("\n")[0].partition("=")[2])
    assert found["seconds"] < 1


def test_a_unit_that_was_started_anew_has_failed(tmp_path):
    host = FakeHost(tmp_path, {"systemctl show": RUNS})
    state = service_wait.UnitState(host, "systemd", "shop.service")
    assert not state.has_failed()
    host.answers["systemctl show"] = RUNS.replace("NRestarts=0", "NRestarts=1")
    assert state.has_failed()


@pytest.mark.parametrize("shown", [RUNS, RUNS.replace("active\n", "activating\n", 1), ""])
def test_one_that_runs_and_does_not_listen_is_late(tmp_path, shown):
    assert waited(tmp_path, shown, nowhere(tmp_path), timeout=0.05)["state"] == "starting"


def test_other_managers_get_some_grace(tmp_path, monkeypatch):
    assert waited(tmp_path, "", nowhere(tmp_path), timeout=0.05, manager="sysvinit")["state"] == "starting"
    monkeypatch.setattr(service_wait, "GRACE", -1.0)
    assert waited(tmp_path, "", nowhere(tmp_path), manager="sysvinit") == {
        "state": "failed",
        "unit_state": "not running",
        "seconds": 0.0,
        "said": [],
    }


def test_a_failed_start_comes_with_what_the_unit_said(tmp_path):
    journal = (
        "Starting shop...\nTraceback (most recent call last):\n  File x\nOSError: [Errno 98] Address already in use\n"
    )
    shown = "ActiveState=failed\nSubState=failed\nResult=exit-code\nNRestarts=0\n"
    host = FakeHost(tmp_path, {"systemctl show": shown, "journalctl": journal})
    found = service_wait.wait(host, "systemd", "shop.service", None, 0.0)
    assert (found["state"], found["said"]) == ("failed", ["OSError: [Errno 98] Address already in use"])


def test_without_an_address_nothing_is_connected_to(tmp_path, monkeypatch):
    monkeypatch.setattr(service_wait, "listens", None)
    assert (
        service_wait.wait(FakeHost(tmp_path, {"systemctl show": RUNS}), "systemd", "shop.service", None, 0.0)["state"]
        == "starting"
    )
