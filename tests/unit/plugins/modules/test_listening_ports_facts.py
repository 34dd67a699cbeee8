# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's door: facts and nothing else, the same in check mode."""

import os
import socket
import sys

import pytest
from ansible.module_utils import basic

from ansible_collections.webops.bad_gateway.plugins.modules import listening_ports_facts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.modules.run_module import run_module


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="netlink and /proc are Linux's")
@pytest.mark.parametrize("check", [False, True])
def test_what_listens_is_a_fact(monkeypatch, check):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(5)
        result = run_module(monkeypatch, listening_ports_facts, {}, check=check)
        port = server.getsockname()[1]
    (found,) = [entry for entry in result["ansible_facts"]["listening_ports"]["tcp"] if entry["port"] == port]
    assert (found["pid"], found["backlog"], set(result["ansible_facts"])) == (os.getpid(), 5, {"listening_ports"})
    assert set(result) <= {"ansible_facts", "invocation"}


def test_what_cannot_be_read_is_null_and_warned_about(monkeypatch):
    def unseen(host, _processes):
        host.unseen("listeners", "no way")

    warned = []
    monkeypatch.setattr(listening_ports_facts, "listener_facts", unseen)
    monkeypatch.setattr(basic.AnsibleModule, "warn", lambda _module, text: warned.append(text))
    result = run_module(monkeypatch, listening_ports_facts, {})
    assert result["ansible_facts"] == {"listening_ports": None}
    assert warned == ["Could not read listeners: no way"]
