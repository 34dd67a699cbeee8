# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that runs without AnsibleModule ends as it does with it."""

import sys
import types

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look import piped_module


@pytest.fixture()
def module(monkeypatch):
    """Makes a module of a main() that is given the stand-in's class."""
    monkeypatch.delitem(sys.modules, piped_module.BASIC, raising=False)

    def make(main):
        made = types.ModuleType("piped_for_a_test")
        made.main = lambda: main(sys.modules[piped_module.BASIC].AnsibleModule(argument_spec={}))
        monkeypatch.setitem(sys.modules, made.__name__, made)
        return made.__name__

    return make


def test_what_it_exits_with_is_returned(module):
    def main(given):
        given.exit_json(changed=True, seen=[given.params["state"], given.check_mode, given._diff])

    assert piped_module.run(module(main), {"state": "kept"}, False, True) == {
        "changed": True,
        "seen": ["kept", False, True],
    }


def test_a_failure_and_its_warnings_are_returned(module):
    def main(given):
        given.warn("not so fast")
        given.fail_json(msg="no nginx", where=None)

    assert piped_module.run(module(main), {}, False, False) == {
        "changed": False,
        "failed": True,
        "msg": "no nginx",
        "where": None,
        "warnings": ["not so fast"],
    }


def test_a_result_may_say_itself_that_it_failed(module):
    def main(given):
        given.fail_json(failed=True, msg="held", lock={"run": "r1"})

    assert piped_module.run(module(main), {}, False, False) == {
        "changed": False,
        "failed": True,
        "msg": "held",
        "lock": {"run": "r1"},
    }


def test_a_module_that_does_not_end_is_an_error(module):
    with pytest.raises(RuntimeError):
        piped_module.run(module(lambda given: None), {}, False, False)
