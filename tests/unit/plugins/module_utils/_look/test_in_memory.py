# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that exist as text only are imported, and the function that is named is called."""

import bz2
import json
import sys

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look import in_memory

TEXTS = {
    "in_memory_test.inner._one": "from in_memory_test.inner import _two\ndef add(number):\n    return {'sum': number + _two.TWO}\n",
    "in_memory_test.inner._two": "TWO = 2\n",
}


def run(module="in_memory_test.inner._one", function="add", **arguments):
    call = {"module": module, "function": function, "arguments": arguments}
    in_memory.run_packed(packed(), json.dumps(call))


def packed():
    named = "\0".join(word for item in TEXTS.items() for word in item).replace("in_memory_test", "\1")
    return bz2.compress(("in_memory_test\0" + named).encode())


def test_the_name_of_the_package_is_packed_once():
    assert in_memory.unpacked(packed()) == TEXTS


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    yield
    for name in [name for name in sys.modules if name.startswith("in_memory_test")]:
        del sys.modules[name]


def test_what_the_function_returns_is_the_last_line(capsys):
    run(number=40)
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"sum": 42}


def test_a_python_without_bz2_says_so_and_runs_nothing(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "bz2", None)
    run(number=40)
    assert capsys.readouterr().out.splitlines()[-1] == in_memory.CANNOT_UNPACK
    assert not [name for name in sys.modules if name.startswith("in_memory_test")]


def test_packages_stand_above_the_texts_only():
    finder = in_memory.InMemory(TEXTS)
    assert finder.packages == {"in_memory_test", "in_memory_test.inner"}
    assert finder.find_spec("in_memory_test").submodule_search_locations == []
    assert finder.find_spec("in_memory_test.inner._two").submodule_search_locations is None
    assert finder.find_spec("json") is None


def test_a_module_that_is_not_there_is_an_error():
    with pytest.raises(ImportError):
        run(module="in_memory_test.inner._three")


def test_a_traceback_names_the_module():
    with pytest.raises(TypeError) as raised:
        run(number="forty")
    assert str(raised.traceback[-1].path).endswith("<in_memory_test.inner._one>")
