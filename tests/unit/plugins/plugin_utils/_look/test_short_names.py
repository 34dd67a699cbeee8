# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only what nobody outside of a function can name gets another name. That all modules do what they did is asked in test_small_text.py."""

from __future__ import annotations

import ast

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.short_names import short_names


def renamed(text):
    tree = ast.parse(text)
    for node, long, name in list(short_names(tree)):
        field = {ast.arg: "arg", ast.Name: "id", ast.FunctionDef: "name"}[type(node)]
        assert getattr(node, field) == long
        setattr(node, field, name)
    return ast.unparse(tree)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("def f():\n    one = 1\n    return one", "def f():\n    a = 1\n    return a"),
        ("def f(one):\n    one = two = 1", "def f(one):\n    one = a = 1"),
        ("def f(a, b):\n    one = a + b", "def f(a, b):\n    c = a + b"),
        ("class A:\n\n    def f(self):\n        one = self.one", "class A:\n\n    def f(a):\n        b = a.one"),
        ("def f():\n    for one in [two for two in x]:\n        del one",
         "def f():\n    for a in [b for b in x]:\n        del a"),
        ("def f():\n    one = 1\n\n    def g(two):\n        three = one",
         "def f():\n    a = 1\n\n    def g(two):\n        b = a"),
        ("def f():\n    one = 1\n    return g(one=one)", "def f():\n    a = 1\n    return g(one=a)"),
        ("def f():\n    one: int\n    two: int = 1", "def f():\n    one: int\n    b: int = 1"),
    ],
)  # fmt: skip
def test_local_variables_get_letters(text, expected):
    assert renamed(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("def _f(one, two=1):\n    return one + two", "def _a(a, b=1):\n    return a + b"),
        ("def _f(one, two):\n    return one + two\n_f(1, two=2)", "def _a(a, two):\n    return a + two\n_a(1, two=2)"),
        ("def _f(one):\n    return lambda one: one", "def _a(one):\n    return lambda one: one"),
        ("def _f(one):\n    return lambda two: one", "def _a(a):\n    return lambda two: a"),
        ("def _f(one):\n    return f'{one}'", "def _a(one):\n    return f'{one}'"),
        ("def _f(*one, two=1):\n    return one, two", "def _a(*one, two=1):\n    return (one, two)"),
        (
            "class A:\n\n    def __f__(self, one):\n        return self",
            "class A:\n\n    def __f__(a, one):\n        return a",
        ),
        ("class A:\n\n    def _f(self, one):\n        return one", "class A:\n\n    def _f(a, b):\n        return b"),
        (
            "class A:\n\n    def f(cls, one):\n        return cls",
            "class A:\n\n    def f(cls, one):\n        return cls",
        ),
        ("def f(self):\n    return self", "def f(self):\n    return self"),
    ],
)
def test_arguments_that_nobody_gives_by_name_get_letters(text, expected):
    assert renamed(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("_ONE = 1\n\ndef f():\n    return _ONE", "_a = 1\n\ndef f():\n    return _a"),
        ("_ONE, _TWO = (1, 2)\nTHREE = _TWO", "_a, _b = (1, 2)\nTHREE = _b"),
        ("_ONE: int = 1\n_a = 2", "_b: int = 1\n_c = 2"),
        ("_ONE = 1\n\nclass A:\n    _one = _ONE", "_a = 1\n\nclass A:\n    _one = _a"),
        ("def _one():\n    pass\nTWO = _one()", "def _a():\n    pass\nTWO = _a()"),
        ("_ONE = 1\n\n@two\ndef _one():\n    return _ONE", "_a = 1\n\n@two\ndef _b():\n    return _a"),
        ("def _one():\n    pass\n\ndef _a():\n    pass", "def _b():\n    pass\n\ndef _c():\n    pass"),
    ],
)
def test_private_constants_and_functions_get_letters(text, expected):
    assert renamed(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "_ONE = 1\n\ndef f(a: _ONE):\n    pass",
        "_ONE = 1\n\ndef f() -> _ONE:\n    pass",
        "_ONE = 1\nTWO: _ONE = 2",
        "_ONE = 1\nif TYPE_CHECKING:\n    TWO = _ONE",
        "_ONE = 1\n\ndef f():\n    global _ONE",
        "_ONE = 1\n\ndef f(_ONE):\n    pass",
        "_ONE = 1\n\nclass A:\n    _ONE = 2",
        "_ONE = 1\nTWO = f'{_ONE}'",
        "if x:\n\n    def _one():\n        pass\nTWO = _one",
        "def _one():\n    pass\nTWO = f'{_one()}'",
        "def __one__():\n    pass",
        "from a import _one\nTWO = _one",
        "one = 1",
        "one = 1\n\ndef f():\n    two(one)",
        "if x:\n    one = 1\n\ndef f():\n    print(one)\n\n    def g():\n        one = 2",
        "def f():\n    str = 1",
        "def f():\n    import one\n    one = 2",
        "def f():\n    from one import two as three\n    three = 2",
        "def f():\n    try:\n        pass\n    except A as error:\n        error = 2",
        "def f():\n    global one\n    one = 2",
        "def f():\n\n    def one():\n        pass\n    one = 2",
        "def f():\n    return sorted(x, key=lambda one: one)",
        "def f():\n\n    class A:\n        one = 1",
        "class A:\n    one = 1",
        "def f():\n    one = 1\n    return f'{one}'",
    ],
)
def test_what_can_be_named_from_outside_stays(text):
    assert renamed(text) == text


def test_where_the_letters_end_names_stay():
    count = 60
    made = renamed("def f():\n" + "\n".join("    name%d = %d" % (number, number) for number in range(count)))
    assert [line.split()[0] for line in made.splitlines()[1:]][49:53] == ["Y", "Z", "name51", "name52"]
