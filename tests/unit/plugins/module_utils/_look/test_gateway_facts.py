# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look is the first without, and the second with something to ask; only root may."""

import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look import gateway_facts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

NOTHING = {
    "urls": [],
    "upstreams": [],
    "requests": [],
    "names": [],
    "resolvers": [],
    "logs": [],
    "error_logs": [],
    "master": None,
    "worker": None,
}


@pytest.fixture
def as_user(monkeypatch, tmp_path):
    """Look as the user of this number at a bare host."""
    monkeypatch.setattr(gateway_facts, "Host", lambda: FakeHost(tmp_path))

    def look(number, *arguments):
        monkeypatch.setattr(os, "geteuid", lambda: number)
        return gateway_facts.look(*arguments)

    return look


def test_the_first_look_brings_facts(as_user):
    seen = as_user(0, 60)
    facts = seen["ansible_facts"]["bad_gateway"]
    assert seen["changed"] is False
    assert facts["nginx"] is None
    assert facts["unknown"]


def test_the_second_look_brings_what_was_asked(as_user):
    assert as_user(0, 60, NOTHING)["ansible_facts"]["bad_gateway"] == {
        "answers": [],
        "reach": [],
        "names": [],
        "unknown": [],
    }


def test_others_than_root_look_at_nothing(as_user):
    assert as_user(1000, 60) == {"failed": True, "msg": gateway_facts.NOT_ROOT}
