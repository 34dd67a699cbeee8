# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits of nginx configuration that touch nothing but the statement they are about.

All edits of one call are placed by the text as it was handed in, so line numbers stay true however many there are.

Private to this collection: it may change in any release.
"""

from typing import List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.lexer import Word
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.statements import Statement, parse, quote

#: Directives that may stand several times in one block: the first argument says which one is meant.
REPEATABLE = frozenset(
    [
        "access_log",
        "add_header",
        "add_trailer",
        "allow",
        "deny",
        "env",
        "error_log",
        "error_page",
        "fastcgi_hide_header",
        "fastcgi_param",
        "fastcgi_pass_header",
        "grpc_hide_header",
        "grpc_pass_header",
        "grpc_set_header",
        "include",
        "listen",
        "load_module",
        "proxy_hide_header",
        "proxy_pass_header",
        "proxy_redirect",
        "proxy_set_header",
        "rewrite",
        "scgi_param",
        "server",
        "set",
        "sub_filter",
        "uwsgi_param",
    ]
)
STALE = "the file has changed since it was read"


class EditError(ValueError):
    """The edit does not fit the file: nothing of it can be applied."""


class Block(NamedTuple):
    """Which block: the name, and the line where it begins or its arguments where the name alone is not enough."""

    name: str
    line: Optional[int] = None
    args: Optional[List[str]] = None


class Edit(NamedTuple):
    """One wish. Either args (the whole statement) or old and new (the first argument, or the start of it)."""

    directive: str
    state: str = "present"
    block: Optional[Block] = None
    line: Optional[int] = None
    args: Optional[List[str]] = None
    match_args: Optional[List[str]] = None
    old: Optional[str] = None
    new: Optional[str] = None


class Splice(NamedTuple):
    """Put text where start to end was."""

    start: int
    end: int
    text: str


def apply_edits(text: str, edits: List[Edit]) -> str:
    """The text with all edits made. Raises EditError and NginxSyntaxError."""
    root = parse(text)
    splices: List[Splice] = []
    for edit in edits:
        splices.extend(splice for splice in _splices(text, root, edit) if splice not in splices)
    behind = len(text) + 1
    splices.sort(key=lambda splice: splice.start)
    for splice in reversed(splices):
        if splice.end > behind:
            raise EditError("two edits are about the same statement")
        behind = splice.start if splice.end > splice.start else behind
        text = text[: splice.start] + splice.text + text[splice.end :]
    return text


def _splices(text: str, root: Statement, edit: Edit) -> List[Splice]:
    block = _block(root, edit.block)
    if edit.old is not None and edit.new is not None:
        return _moved(block, edit, edit.old, edit.new)
    found = [child for child in block.children if child.name == edit.directive and edit.line in (None, child.line)]
    if edit.state == "absent":
        return _removed(text, edit, found)
    args = edit.args or []
    meant = [child for child in found if _is_meant(child, edit, args)]
    if any(child.args == args for child in found) and not (edit.match_args is not None and meant):
        return []
    if not meant and edit.match_args is None and edit.line is None:
        return [_inserted(text, block, edit.directive, args)]
    return _rewritten(_only(meant, edit), args)


def _is_meant(statement: Statement, edit: Edit, args: List[str]) -> bool:
    if edit.match_args is not None:
        return statement.args == edit.match_args
    return edit.directive not in REPEATABLE or statement.args[:1] == args[:1]


def _block(root: Statement, block: Optional[Block]) -> Statement:
    if block is None:
        return root
    found = [
        child
        for child in root.walk()
        if child.body is not None
        and child.name == block.name
        and block.line in (None, child.line)
        and block.args in (None, child.args)
    ]
    if len(found) == 1 and not found[0].is_lua:
        return found[0]
    where = "" if block.line is None else " at line %d" % block.line
    if found:
        raise EditError(
            "%d blocks %s begin%s: give line and args of the one that is meant" % (len(found), block.name, where)
        )
    raise EditError("no block %s begins%s%s" % (block.name, where, "" if block.line is None else ": " + STALE))


def _only(meant: List[Statement], edit: Edit) -> Statement:
    """The one statement that is meant and that is no block."""
    where = "" if edit.line is None else " at line %d" % edit.line
    if not meant:
        raise EditError("no %s%s%s: %s" % (edit.directive, where, _with(edit.match_args), STALE))
    if len(meant) > 1:
        raise EditError(
            "%d times %s%s: name by match_args or line which one is meant" % (len(meant), edit.directive, where)
        )
    if meant[0].body is not None:
        raise EditError("%s at line %d is a block, not a directive" % (edit.directive, meant[0].line))
    return meant[0]


def _with(args: Optional[List[str]]) -> str:
    return "" if args is None else " with the arguments %s" % " ".join(quote(arg) for arg in args)


def _moved(block: Statement, edit: Edit, old: str, new: str) -> List[Splice]:
    """The first argument where it is old, or begins with old and goes on with a port or a URI; of `set` the second, which is the value."""
    at = 1 if edit.directive == "set" else 0
    found = [
        child
        for child in block.walk()
        if child.name == edit.directive and len(child.args) > at and edit.line in (None, child.line)
    ]
    meant = [child for child in found if _begins(child.args[at], old)]
    if not meant and not any(_begins(child.args[at], new) for child in found):
        where = "" if edit.line is None else " at line %d" % edit.line
        raise EditError("no %s %s%s: %s" % (edit.directive, old, where, STALE))
    return [
        _word(child.words[at + 1], new + child.args[at][len(old) :])
        for child in meant
        if not _begins(child.args[at], new) or old.startswith(new)
    ]


def _begins(arg: str, address: str) -> bool:
    rest = arg[len(address) :]
    return arg.startswith(address) and (not rest or rest[0] in (":" if "unix:" in address else ":/?$"))


def _rewritten(statement: Statement, args: List[str]) -> List[Splice]:
    words = statement.words[1:]
    if len(words) == len(args):
        return [_word(word, arg) for word, arg in zip(words, args) if word.value != arg]
    start = statement.words[0].end
    return [Splice(start, statement.words[-1].end, "".join(" " + quote(arg) for arg in args))]


def _word(word: Word, value: str) -> Splice:
    return Splice(word.start, word.end, quote(value))


def _removed(text: str, edit: Edit, found: List[Statement]) -> List[Splice]:
    wanted = edit.args or None if edit.match_args is None else edit.match_args
    splices = []
    for child in found:
        if wanted in (None, child.args):
            _only([child], edit)
            splices.append(_without(text, child))
    return splices


def _without(text: str, statement: Statement) -> Splice:
    """The whole line where the statement is alone on it, else the statement only."""
    line_start = text.rfind("\n", 0, statement.start) + 1
    newline = text.find("\n", statement.end)
    line_end = len(text) if newline < 0 else newline + 1
    if not (text[line_start : statement.start] + text[statement.end : line_end]).strip(" \t\r\n"):
        return Splice(line_start, line_end, "")
    return Splice(statement.start, statement.end, "")


def _inserted(text: str, block: Statement, directive: str, args: List[str]) -> Splice:
    """As the last statement of the block, on a line of its own where the closing brace has one."""
    written = " ".join([directive] + [quote(arg) for arg in args]) + ";"
    newline = "\r\n" if "\r\n" in text else "\n"
    opening, closing = block.body or (0, len(text))
    if block.parent is None:
        before = newline if text and not text.endswith("\n") else ""
        return Splice(closing, closing, before + written + newline)
    line_start = text.rfind("\n", 0, closing) + 1
    if line_start >= opening and not text[line_start:closing].strip(" \t\r"):
        return Splice(line_start, line_start, _indent(text, block, line_start, closing) + written + newline)
    last = block.children[-1].end if block.children else opening
    return Splice(last, last, " " + written)


def _indent(text: str, block: Statement, line_start: int, closing: int) -> str:
    """As the last child that begins its line; without one, a step deeper than the closing brace."""
    for child in reversed(block.children):
        before = text[text.rfind("\n", 0, child.start) + 1 : child.start]
        if not before.strip(" \t"):
            return before
    return text[line_start:closing] + ("\t" if "\n\t" in text else "    ")
