# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module gateway_facts, alone and as the action plugin pipes it: both ways the facts are the same."""

import gc
import importlib
import json
import os
import sys

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._look import in_memory
from ansible_collections.webops.bad_gateway.plugins.module_utils._look import look as look_module
from ansible_collections.webops.bad_gateway.plugins.modules import gateway_facts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._look.test_look import nginx_host
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.net import says
from ansible_collections.webops.bad_gateway.tests.unit.plugins.modules.run_module import run_module

STDIN_PROGRAM = "ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.stdin_program"
PACKAGE = in_memory.__name__.rpartition("._look.")[0]
#: The kernel has those of all that runs on this machine: of other tests, and of containers that come and go.
_CONNECTIONS = ("time_wait", "established", "by_peer")
_INTERFACES = ("addresses", "interfaces", "hardware")
#: Time passes between two looks.
_PASSES = (
    "now",
    "seconds",
    "last_change",
    "available",
    "free_bytes",
    "free_inodes",
    "header_bytes",
    *_CONNECTIONS,
    *_INTERFACES,
)


@pytest.fixture(autouse=True)
def priority(monkeypatch):
    """How low the module makes its priority: that of the tests stays as it is, and so does their collector of garbage."""
    asked = []
    monkeypatch.setattr(os, "nice", asked.append)
    yield asked
    gc.enable()


def steady(value):
    """The facts without what differs from one moment to the next."""
    if isinstance(value, dict):
        return {key: None if key in _PASSES else steady(one) for key, one in value.items()}
    return [steady(one) for one in value] if isinstance(value, list) else value


@pytest.fixture
def by_module(monkeypatch):
    def look(host, arguments):
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(look_module, "Host", lambda: host)
        # As if a container began between the two looks.
        monkeypatch.setattr(netlink, "interface_addresses", lambda: {"veth0": ["192.0.2.99/24"]})
        monkeypatch.setattr(netlink, "hardware_addresses", lambda: {"veth0": "02:00:00:00:00:99"})
        return run_module(monkeypatch, gateway_facts, arguments)

    return look


@pytest.fixture
def by_program(monkeypatch, capsys):
    """Look with what is sent to a host: the modules are made anew from the packed texts."""

    def look(host, arguments):
        packed = importlib.import_module(STDIN_PROGRAM).Packed("_look.look", "look")
        for name in [name for name in sys.modules if name.startswith(PACKAGE + ".")]:
            monkeypatch.delitem(sys.modules, name)
        finder = in_memory.InMemory(in_memory.unpacked(packed.texts))
        monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
        made = importlib.import_module(packed.module)
        assert made.__spec__.loader is finder
        monkeypatch.setattr(made, "Host", lambda: host)
        call = {"module": packed.module, "function": packed.function, "arguments": arguments}
        in_memory.run_packed(packed.texts, json.dumps(call))
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    return look


def site(folder, port):
    host = nginx_host(folder, port, location="location ~ '(?(1)a|b)' { }")
    host.write("/var/log/nginx/error.log", "")
    return host


@pytest.mark.skipif(sys.version_info < (3, 10), reason="no controller runs on this Python")
@pytest.mark.parametrize("make", [site, lambda folder, _port: FakeHost(folder)], ids=["nginx", "bare"])
def test_piped_or_as_a_module_the_facts_are_the_same(make, by_module, by_program, peer, tmp_path):
    made = peer(says(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"))
    urls = ["http://site:%d/a.php" % made.port, "http://site:%d/b" % made.port]
    arguments = {
        "log_window": 60,
        "urls": urls,
        "again": [{"url": urls[1] + "/again", "from": "host", "connect": made.address}],
    }
    alone = by_module(make(tmp_path / "alone", made.port), arguments)
    piped = by_program(make(tmp_path / "piped", made.port), arguments)
    facts = steady(alone["ansible_facts"])
    assert facts == steady(piped["ansible_facts"])
    assert (alone["changed"], piped["changed"]) == (False, False)
    if make is site:
        assert [one["url"] for one in facts["bad_gateway"]["answers"]] == [urls[1] + "/again", urls[0], urls[1]]


@pytest.mark.parametrize("check", [False, True])
def test_only_root_looks(monkeypatch, check):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    result = run_module(monkeypatch, gateway_facts, {}, check=check)
    assert (result["failed"], result["msg"]) == (True, look_module.NOT_ROOT)


def test_a_look_gives_way_to_all_others(monkeypatch, priority):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    run_module(monkeypatch, gateway_facts, {})
    assert priority == [19]
    assert not gc.isenabled()


def test_nothing_else_is_taken(monkeypatch):
    assert "Unsupported parameters" in run_module(monkeypatch, gateway_facts, {"ask": {}})["msg"]
