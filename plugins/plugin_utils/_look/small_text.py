# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a Python module without what only people and type checkers read.

Comments, docstrings, documentation of modules, annotations and blocks for the type checker go, and local variables have short names; each statement
stays as it is written, and on its line, so that an older Python reads it as before and a traceback names the right line.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import ast
import bisect
import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.short_names import short_names

Position = tuple[int, int]

_INDENT = re.compile(rb"^(?:    )+")
_BRANCH = re.compile(rb"\s*(?:else|finally|except)\b")
_WORD = re.compile(rb"[A-Za-z_]\w*")
#: A line on which a # may stand in a string, or a string of several lines.
_STRINGS = re.compile(rb"""['"].*#|\'\'\'|\"\"\"""")


#: What a module has for ansible-doc.
_DOCS = frozenset(["DOCUMENTATION", "EXAMPLES", "RETURN"])


class Edit(t.NamedTuple):
    """Bytes to take out of a text, from one place (line, column; both from 0) to another, and what stands there instead."""

    start: Position
    end: Position
    instead: bytes


class Small(t.NamedTuple):
    """A text made small, and the full names that it imports, of modules or of what is in them."""

    text: str
    imports: frozenset[str]


def small(text: str) -> Small:
    """Raises SyntaxError."""
    lines = text.encode().split(b"\n")
    reader = _Reader(lines)
    module = ast.parse(text)
    reader.read_body(module)
    for node, long, name in short_names(module):
        start = _name_of(node)
        reader.take_out(start, (start[0], start[1] + len(long.encode())), name.encode())
    kept = _without_comments(lines, reader.strings)
    for edit in sorted(reader.edits, reverse=True):
        _apply(kept, edit)
    inside = {line for start, end in reader.strings for line in range(start[0] + 1, end[0] + 1)}
    for number, line in enumerate(kept):
        if number not in inside:
            begins = number in reader.starts or _BRANCH.match(line)
            kept[number] = (
                _INDENT.sub(lambda found: b" " * (len(found.group()) // 4), line) if begins else line.lstrip()
            ).rstrip()
    for statement in reader.of_typing:
        _without_unused(kept, statement)
    return Small(b"\n".join(kept).decode().rstrip("\n") + "\n", frozenset(reader.imports))


def _without_comments(lines: t.Sequence[bytes], strings: t.Sequence[tuple[Position, Position]]) -> list[bytes]:
    """The lines, each up to the # that is in no string."""
    kept = list(lines)
    for number, line in enumerate(lines):
        column = line.find(b"#")
        while column >= 0:
            if not any(start <= (number, column) < end for start, end in strings):
                kept[number] = line[:column].rstrip()
                break
            column = line.find(b"#", column + 1)
    return kept


def _without_unused(lines: list[bytes], statement: ast.ImportFrom) -> None:
    """Take names out of an import that stand nowhere else any more."""
    first, last = statement.lineno - 1, _end(statement)[0] + 1
    words = set(_WORD.findall(b"\n".join([*lines[:first], *lines[last:]])))
    names = [alias.name for alias in statement.names if alias.name.encode() in words]
    line = b"from %s import %s" % ((statement.module or "").encode(), ", ".join(names).encode()) if names else b""
    lines[first:last] = [line] + [b""] * (last - first - 1)


def _apply(lines: list[bytes], edit: Edit) -> None:
    (first, start), (last, end) = edit.start, edit.end
    before, after = lines[first][:start], lines[last][end:]
    lines[first : last + 1] = [before + edit.instead] + [b""] * (last - first)
    lines[last] += after


class _Reader:
    """Finds what is to be taken out of a text, the imports, and the places of those strings that may look like something else."""

    def __init__(self, lines: t.Sequence[bytes]) -> None:
        self.lines = lines
        self.edits: list[Edit] = []
        self.imports: set[str] = set()
        self.strings: list[tuple[Position, Position]] = []
        #: Lines on which statements begin: how far the others are indented does not matter.
        self.starts: set[int] = set()
        self.of_typing: list[ast.ImportFrom] = []
        self.dubious = [number for number, line in enumerate(lines) if _STRINGS.search(line)]

    def read_body(self, owner: ast.Module | ast.ClassDef | ast.FunctionDef) -> None:
        """What stands in a module, a class or a function; its docstring goes."""
        body = owner.body
        first = body[0] if body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            is_needed = len(body) == 1 and not isinstance(owner, ast.Module)
            self.take_out(_start(first), _end(first), b"pass" if is_needed else b"")
            body = body[1:]
        self.starts.update(statement.lineno - 1 for statement in owner.body)
        for statement in body:
            if isinstance(statement, ast.AnnAssign) and isinstance(owner, ast.ClassDef):
                # A field of a NamedTuple, which has to have some annotation.
                self.note_strings(statement)
                self.take_out(_start(statement.annotation), _end(statement.annotation), b"None")
            elif isinstance(owner, ast.Module) and _is_docs(statement):
                self.take_out(_start(statement), _end(statement), b"")
            else:
                self.read(statement)

    def read(self, statement: ast.stmt) -> None:
        self.starts.update(one.lineno - 1 for one in [statement, *getattr(statement, "decorator_list", [])])
        if (
            isinstance(statement, ast.If)
            and isinstance(statement.test, ast.Name)
            and statement.test.id == "TYPE_CHECKING"
        ):
            self.take_out(_start(statement), _end(statement), b"")
            return
        self.note_strings(statement)
        if isinstance(statement, (ast.ClassDef, ast.FunctionDef)):
            self.read_body(statement)
        else:
            for child in _statements_in(statement):
                self.read(child)
        if isinstance(statement, ast.FunctionDef):
            self.read_signature(statement)
        elif isinstance(statement, ast.AnnAssign):
            start = _end(statement.target) if statement.value else _start(statement)
            self.take_out(start, _end(statement.annotation), b"" if statement.value else b"pass")
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            self.imports.add(statement.module)
            self.imports.update("%s.%s" % (statement.module, alias.name) for alias in statement.names)
            self.of_typing += [statement] if statement.module == "typing" else []

    def note_strings(self, statement: ast.stmt) -> None:
        """Remember the strings of a statement that has a dubious line before its first inner statement."""
        inner = next(_statements_in(statement), None)
        start = min(one.lineno - 1 for one in [statement, *getattr(statement, "decorator_list", [])])
        end = inner.lineno - 1 if inner else _end(statement)[0] + 1
        place = bisect.bisect_left(self.dubious, start)
        if place < len(self.dubious) and self.dubious[place] < end:
            for node in ast.walk(statement):
                if isinstance(node, (ast.Constant, ast.JoinedStr)):
                    self.strings.append((_start(node), _end(node)))

    def read_signature(self, function: ast.FunctionDef) -> None:
        """The annotations of arguments and of what is returned go."""
        arguments = function.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        for one in every:
            if one is not None and one.annotation is not None:
                line, column = _start(one)
                self.take_out((line, column + len(one.arg.encode())), _end(one.annotation), b"")
        if function.returns is not None:
            line, column = _start(function.returns)
            arrow = self.lines[line].rindex(b"->", 0, column)
            self.take_out((line, arrow), _end(function.returns), b"")

    def take_out(self, start: Position, end: Position, instead: bytes) -> None:
        self.edits.append(Edit(start, end, instead))


def _is_docs(statement: ast.stmt) -> bool:
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    return isinstance(target, ast.Name) and target.id in _DOCS


def _statements_in(statement: ast.AST) -> t.Iterator[ast.stmt]:
    """The statements that stand in this one, in order."""
    for name in ("body", "handlers", "orelse", "finalbody"):
        for child in getattr(statement, name, ()):
            if isinstance(child, ast.ExceptHandler):
                yield from child.body
            else:
                yield child


def _start(node: t.Any) -> Position:
    return node.lineno - 1, node.col_offset


def _name_of(node: ast.Name | ast.arg | ast.FunctionDef) -> Position:
    """Where a name stands."""
    line, column = _start(node)
    return line, column + len("def ") if isinstance(node, ast.FunctionDef) else column


def _end(node: t.Any) -> Position:
    return node.end_lineno - 1, node.end_col_offset
