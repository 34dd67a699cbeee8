# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One letter in place of the names of a function's local variables and of a module's private constants and functions: an eighth of what is sent to a host.

What can be seen from outside keeps its name: what a public function takes, what is imported, public functions and classes. A traceback has the line of
each private one.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import ast
import builtins
import string
import typing as t

#: Nodes that give or take names by a text of their own, which has no place in the source.
_KEPT: t.Mapping[type, t.Callable[[t.Any], list[str]]] = {
    ast.FunctionDef: lambda node: [node.name],
    ast.ClassDef: lambda node: [node.name],
    ast.arg: lambda node: [node.arg],
    ast.ExceptHandler: lambda node: [node.name or ""],
    ast.Global: lambda node: node.names,
    ast.Nonlocal: lambda node: node.names,
    ast.alias: lambda node: [(node.asname or node.name).partition(".")[0]],
}


class Short(t.NamedTuple):
    """A place at which a variable stands, its name there, and its short name."""

    node: ast.Name | ast.arg | ast.FunctionDef
    long: str
    name: str


def short_names(module: ast.Module) -> t.Iterator[Short]:
    """All places at which local variables of a module's functions and methods, and its private constants and functions, stand."""
    yield from _private_names(module)
    outside = {*dir(builtins), *_bound_in(module)}
    named = {node.arg for node in ast.walk(module) if isinstance(node, ast.keyword)}
    owners: list[ast.Module | ast.ClassDef] = [module, *(one for one in module.body if isinstance(one, ast.ClassDef))]
    for owner in owners:
        for function in owner.body:
            if isinstance(function, ast.FunctionDef):
                yield from _in_function(function, outside, _own_arguments(function, owner, named))


def _own_arguments(
    function: ast.FunctionDef, owner: ast.Module | ast.ClassDef, named: t.Collection[str | None]
) -> list[ast.arg]:
    """The arguments of a function that nobody gives it by name: of a private one that its module does not name in any call, and what a method is of."""
    own = function.args.args
    if function.name.startswith("_") and not function.name.endswith("__"):
        return [one for one in own if one.arg not in named]
    return [one for one in own[:1] if isinstance(owner, ast.ClassDef) and one.arg == "self"]


def _private_names(module: ast.Module) -> t.Iterator[Short]:
    """The places of the constants and functions of a module that begin with _, which no other module names."""
    places = [node for node in ast.walk(module) if isinstance(node, ast.Name) and node.id.startswith("_")]
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("_")]
    given = dict.fromkeys(
        place.id
        for statement in module.body
        if isinstance(statement, (ast.Assign, ast.AnnAssign))
        for place in ast.walk(statement)
        if isinstance(place, ast.Name) and isinstance(place.ctx, ast.Store) and place.id.startswith("_")
    )
    given.update(dict.fromkeys(function.name for function in functions if not function.name.endswith("__")))
    for node in ast.walk(module):
        kept = _KEPT[type(node)](node) if type(node) in _KEPT and node not in functions else []
        for name in (*kept, *_attributes(node), *_named_for_types(node)):
            given.pop(name, None)
    taken = {place.id for place in places}.union(function.name for function in functions)
    letters = (name for name in map("_{}".format, string.ascii_letters) if name not in taken)
    short = dict(zip(given, letters))
    yield from (Short(place, place.id, short[place.id]) for place in places if place.id in short)
    yield from (Short(one, one.name, short[one.name]) for one in functions if one.name in short)


def _attributes(node: ast.AST) -> t.Iterator[str]:
    """The names that the statements of a class give to attributes."""
    if isinstance(node, ast.ClassDef):
        places = (one for statement in node.body for one in ast.walk(statement) if isinstance(one, ast.Name))
        yield from (one.id for one in places if isinstance(one.ctx, ast.Store))


def _named_for_types(node: ast.AST) -> t.Iterator[str]:
    """The names in what is taken out of a text, as it is for the type checker alone, and in f-strings, whose places are not known before Python 3.12."""
    parts: list[ast.AST | None] = [getattr(node, "annotation", None), getattr(node, "returns", None)]
    if isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
    ):
        parts.append(node)
    for part in parts:
        yield from (one.id for one in ast.walk(part) if isinstance(one, ast.Name)) if part else ()


def _in_function(function: ast.FunctionDef, outside: set[str], own: t.Sequence[ast.arg]) -> t.Iterator[Short]:
    """own: the arguments that may have another name, too."""
    nodes = [node for node in ast.walk(function) if node not in own]
    if any(isinstance(node, (ast.ClassDef, ast.JoinedStr)) for node in nodes):
        # The names in a class are its attributes; where those in an f-string stand is not known before Python 3.12.
        return
    places = [node for node in nodes if isinstance(node, ast.Name)]
    kept = outside.union(*(_KEPT[type(node)](node) for node in nodes if type(node) in _KEPT))
    taken = kept.union(place.id for place in places)
    stored = [one.arg for one in own] + [place.id for place in places if not isinstance(place.ctx, ast.Load)]
    local = dict.fromkeys(name for name in stored if name not in kept)
    short = dict(zip(local, (letter for letter in string.ascii_letters if letter not in taken)))
    bare = {node.target for node in nodes if isinstance(node, ast.AnnAssign) and node.value is None}
    yield from (Short(one, one.arg, short[one.arg]) for one in own if one.arg in short)
    yield from (Short(place, place.id, short[place.id]) for place in places if place.id in short and place not in bare)


def _bound_in(module: ast.Module) -> t.Iterator[str]:
    """The names that functions of a module can see without having them."""
    for statement in module.body:
        inner = [statement] if isinstance(statement, (ast.FunctionDef, ast.ClassDef)) else ast.walk(statement)
        for node in inner:
            if isinstance(node, ast.Name):
                yield node.id
            elif type(node) in _KEPT:
                yield from _KEPT[type(node)](node)
