# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that exist as text only are imported, and the function that is named is called."""

import base64
import json
import sys
import zlib

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look import in_memory

TEXTS = {
    "in_memory_test.inner._one": "from in_memory_test.inner import _two\ndef add(number):\n    return {'sum': number + _two.TWO}\n",
    "in_memory_test.inner._two": "TWO = 2\n",
}


def packed(module="in_memory_test.inner._one", function="add", **arguments):
    call = {"module": module, "function": function, "arguments": arguments, "texts": TEXTS}
    return base64.b64encode(zlib.compress(json.dumps(call).encode())).decode()


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    yield
    for name in [name for name in sys.modules if name.startswith("in_memory_test")]:
        del sys.modules[name]


def test_what_the_function_returns_is_the_last_line(capsys):
    in_memory.run_packed(packed(number=40))
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"sum": 42}


def test_packages_stand_above_the_texts_only():
    finder = in_memory.InMemory(TEXTS)
    assert finder.packages == {"in_memory_test", "in_memory_test.inner"}
    assert finder.find_spec("in_memory_test").submodule_search_locations == []
    assert finder.find_spec("in_memory_test.inner._two").submodule_search_locations is None
    assert finder.find_spec("json") is None


def test_a_module_that_is_not_there_is_an_error():
    with pytest.raises(ImportError):
        in_memory.run_packed(packed(module="in_memory_test.inner._three"))


def test_a_traceback_names_the_module():
    with pytest.raises(TypeError) as raised:
        in_memory.run_packed(packed(number="forty"))
    assert str(raised.traceback[-1].path).endswith("<in_memory_test.inner._one>")
