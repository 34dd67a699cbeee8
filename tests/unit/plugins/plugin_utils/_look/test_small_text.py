# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only people and type checkers read goes; what Python does stays, on its line."""

from __future__ import annotations

import ast
import dis
import io
import pathlib
import re
import tokenize
import types

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.small_text import small

MODULES = pathlib.Path(__file__).parents[5] / "plugins" / "module_utils"
PRIVATE = re.compile(r"_[A-Za-z]\w*")
OF_OBJECTS = ("LOAD_ATTR", "STORE_ATTR", "LOAD_METHOD")


class Bare(ast.NodeTransformer):
    """Takes out of a tree what does not count when it runs."""

    def body(self, node):
        self.generic_visit(node)
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            node.body = node.body[1:]
        node.body = node.body or [ast.Pass()]
        return node

    visit_Module = body

    def visit_ClassDef(self, node):
        fields = [one if isinstance(one, ast.AnnAssign) else None for one in node.body]
        for one in filter(None, fields):
            one.annotation = ast.Constant(None)
        self.body(node)
        if any(fields):
            node.body = [one for one in fields if one] + [
                one for one in node.body if not isinstance(one, (ast.Assign, ast.Pass))
            ]
        return node

    def visit_FunctionDef(self, node):
        node.returns = None
        return self.body(node)

    def visit_arg(self, node):
        node.annotation = None
        return node

    def visit_AnnAssign(self, node):
        return ast.Assign([node.target], node.value) if node.value else ast.Pass()

    def visit_ImportFrom(self, node):
        """Which of the names of typing are left has a test of its own."""
        return None if node.module == "typing" else node

    def visit_If(self, node):
        is_for_types = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        return None if is_for_types else self.generic_visit(node)


def bare(text):
    """What Python does, instruction by instruction."""
    tree = ast.fix_missing_locations(Bare().visit(ast.parse(text)))
    return list(instructions(compile(tree, "<text>", "exec"), {}, {}))


def instructions(code, variables, private):
    """The instructions of a code object and of those in it; variables of a function and private names by when they were first met, not by name."""
    for one in dis.get_instructions(code):
        if one.opname in ("LOAD_CLOSURE", "MAKE_CELL"):
            continue
        if isinstance(one.argval, types.CodeType):
            name = one.argval.co_name
            yield one.opname, private.setdefault(name, len(private)) if PRIVATE.fullmatch(name) else name
            is_outermost = code.co_name == "<module>" or "__module__" in code.co_names
            yield from instructions(one.argval, {} if is_outermost else variables, private)
        elif "FAST" in one.opname or "DEREF" in one.opname:
            names = one.argval if isinstance(one.argval, tuple) else [one.argval]
            yield one.opname, [variables.setdefault(name, len(variables)) for name in names]
        elif one.opname not in OF_OBJECTS and isinstance(one.argval, str) and PRIVATE.fullmatch(one.argval):
            yield one.opname, private.setdefault(one.argval, len(private))
        else:
            yield one.opname, None if "JUMP" in one.opname else one.argval


def statements(text):
    """The lines on which a statement begins, with the kind of those that stay what they are."""
    kinds = (
        ast.FunctionDef,
        ast.ClassDef,
        ast.Return,
        ast.If,
        ast.For,
        ast.While,
        ast.Raise,
        ast.Import,
        ast.ImportFrom,
    )
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]
    return {(node.lineno, type(node).__name__ if isinstance(node, kinds) else "") for node in found}


def comments(text):
    """The lines that have a comment; not those between the parts of one string."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    parts = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
    between = {line for part in parts for line in range(part.lineno, part.end_lineno)}
    return [token.start[0] for token in tokens if token.type == tokenize.COMMENT and token.start[0] not in between]


@pytest.mark.parametrize("path", sorted(MODULES.rglob("*.py")), ids=lambda path: path.relative_to(MODULES).as_posix())
def test_every_module_does_what_it_did(path):
    text = path.read_text(encoding="utf-8")
    made = small(text).text
    assert bare(made) == bare(text)
    assert len(made) < len(text)
    assert statements(made) <= statements(text)
    assert not comments(made)


@pytest.mark.parametrize(
    "text, expected",
    [
        ('"""Doc."""\nx = 1  # note\n', "\nx = 1\n"),
        ("# note\n\nx = '#'  # note\n", "\n\nx = '#'\n"),
        ('x = """\n    # kept\n"""  # note\n', 'x = """\n    # kept\n"""\n'),
        ('def f():\n    """Doc."""\n', "def f():\n pass\n"),
        ('def f():\n    """Doc\n    of two lines."""\n    return 1\n', "def f():\n\n\n return 1\n"),
        ("def f(a: int, *b: str, c: 'List[int]' = 1, **d: Any) -> Dict[str, int]:\n    pass\n", "def f(a, *b, c = 1, **d) :\n pass\n"),
        ("def f(\n    a: Tuple[\n        int\n    ],\n) -> None:\n    pass\n", "def f(\na\n\n,\n) :\n pass\n"),
        ("class A(NamedTuple):\n    a: int  # note\n    b: str = '#'\n", "class A(NamedTuple):\n a: None\n b: None = '#'\n"),
        ("x: int = (\n    1\n)\n", "x = (\n1\n)\n"),
        ("def f():\n    x: int\n    self.y: int = 2\n", "def f():\n pass\n self.y = 2\n"),
        ("if TYPE_CHECKING:  # note\n    from a import b\nx = 1\n", "\n\nx = 1\n"),
        ("@d('#')\ndef f(a='#'):\n    pass  # '#'\n", "@d('#')\ndef f(a='#'):\n pass\n"),
        ("from typing import (\n    Any,\n    Dict,\n)\nx: Any = []\ny = Dict\n", "from typing import Dict\n\n\n\nx = []\ny = Dict\n"),
        ("from typing import Any\nx: Any = 1\n", "\nx = 1\n"),
        ("x = 'é'  # é\ny: 'é' = 1\n", "x = 'é'\ny = 1\n"),
        ("try:\n    pass\nexcept A:\n    x: int = 1\nelse:\n    y: int = 1\nfinally:\n    z: int = 1\n",
         "try:\n pass\nexcept A:\n x = 1\nelse:\n y = 1\nfinally:\n z = 1\n"),
    ],
)  # fmt: skip
def test_what_goes_and_what_stays(text, expected):
    assert small(text).text == expected


def test_imports_are_named_but_not_those_for_types():
    text = "from typing import Any\nif TYPE_CHECKING:\n    from a import b\ndef f():\n    from c.d import e, f\n"
    assert small(text).imports == {"typing", "typing.Any", "c.d", "c.d.e", "c.d.f"}


def test_documentation_goes_from_modules_and_from_nowhere_else():
    text = 'DOCUMENTATION = """\nx: 1\n"""\nRETURN = ""\n\n\ndef f():\n    RETURN = 2\n    return RETURN\n'
    assert small(text).text == "\n\n\n\n\n\ndef f():\n RETURN = 2\n return RETURN\n"
