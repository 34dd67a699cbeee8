# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's door: an address, a time, and how it ended."""

import socket

import pytest

from ansible_collections.webops.bad_gateway.plugins.modules import service_start_info
from ansible_collections.webops.bad_gateway.tests.unit.plugins.modules.run_module import run_module


@pytest.mark.parametrize("check", [False, True])
def test_what_listens_is_found(monkeypatch, check):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(5)
        address = "tcp:127.0.0.1:%d" % server.getsockname()[1]
        result = run_module(monkeypatch, service_start_info, {"unit": "a.service", "address": address}, check=check)
    assert (result["state"], result["changed"]) == ("listening", False)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"address": "127.0.0.1:80"}, "is not an address"),
        ({"address": "unix:/run/a.sock", "timeout": 4000}, "between 0 and 3600"),
    ],
)
def test_what_cannot_be_meant_is_refused(monkeypatch, values, message):
    result = run_module(monkeypatch, service_start_info, dict(values, unit="a.service"))
    assert result["failed"]
    assert message in result["msg"]
