# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an nginx configuration as one tree of directives, each with its file and line.

crossplane reads the words of each file. Includes are put in place here, because crossplane visits a file once only (a snippet that ten
servers include would be seen in one) and wants the files on this machine, while they are those of another host.

Private to this collection: it may change in any release.
"""

import fnmatch
import posixpath
import re
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Mapping, Optional, Pattern, Set, Tuple

DEPTH_LIMIT = 100
DIRECTIVES_LIMIT = 200000

Place = Dict[str, Any]
Error = Dict[str, Any]


class CrossplaneMissing(Exception):
    """The library that reads nginx's configuration is not installed on the controller."""

    def __init__(self) -> None:
        super().__init__("the Python library crossplane is missing: pip install nginx-crossplane on the controller")


@dataclass
class Directive:
    """One directive as written. block is None for a simple one; end_line is where its block closes."""

    name: str
    args: List[str]
    file: str
    line: int
    end_line: int
    block: Optional[List["Directive"]] = None

    @property
    def place(self) -> Place:
        return {"file": self.file, "line": self.line}

    @property
    def first(self) -> str:
        return self.args[0] if self.args else ""


@dataclass
class Tree:
    """The whole configuration: includes put in place, in order."""

    directives: List[Directive]
    errors: List[Error]
    files: List[str] = field(default_factory=list)


def load_tree(files: Mapping[str, str], main: str, prefix: str) -> Tree:
    """Read the main file and all that it includes. Whatever is wrong becomes an error of the tree, never an exception.

    Raises CrossplaneMissing.
    """
    splicer = _Splicer(files, prefix)
    if main not in splicer.paths:
        return Tree([], [{"file": main, "line": None, "error": "the main configuration file could not be read"}])
    return Tree(splicer.file(main), splicer.errors, list(splicer.done))


def glob_pattern(pattern: str) -> Pattern[str]:
    """What glob(3) means by a pattern: neither * nor ? matches a slash or a dot at the start of a name."""
    parts = []
    for part in pattern.split("/"):
        hidden = "" if part.startswith(".") or not part else r"(?!\.)"
        parts.append(hidden + re.sub(r"\\Z$|\\z$", "", fnmatch.translate(part)).replace(".*", "[^/]*").replace("(?s:.)", "[^/]"))
    return re.compile("/".join(parts) + r"\Z", re.DOTALL)


class _Splicer:
    """Puts the directives of included files where their include directives stand."""

    def __init__(self, files: Mapping[str, str], prefix: str) -> None:
        self.prefix = prefix
        self.texts = files
        self.paths = {posixpath.normpath(path): path for path in sorted(files, reverse=True)}
        self.paths.update({path: path for path in files})
        self.errors: List[Error] = []
        self.done: Dict[str, List[Directive]] = {}
        self.open: List[str] = []
        self.count = 0
        self.seen_errors: Set[Tuple[str, Optional[int], str]] = set()

    def error(self, file: str, line: Optional[int], text: str) -> None:
        if (file, line, text) not in self.seen_errors:
            self.seen_errors.add((file, line, text))
            self.errors.append({"file": file, "line": line, "error": text})

    def file(self, path: str) -> List[Directive]:
        """The directives of a file and all that it includes; read once, however often it is included."""
        if path not in self.done:
            directives, errors = read_directives(self.texts[path], path)
            for error in errors:
                self.error(**error)
            self.open.append(path)
            self.done[path] = self.splice(directives)
            self.open.pop()
        return self.done[path]

    def splice(self, directives: List[Directive], depth: int = 0) -> List[Directive]:
        spliced: List[Directive] = []
        for directive in directives:
            if directive.name == "include" and directive.block is None:
                found = self.included(directive)
            else:
                if directive.block is not None:
                    directive.block = self.splice(directive.block, depth + 1)
                found = [directive]
            self.count += len(found)
            if self.count > DIRECTIVES_LIMIT:
                self.error(directive.file, directive.line, "more than %d directives: the rest is not read" % DIRECTIVES_LIMIT)
                break
            spliced.extend(found)
        return spliced

    def included(self, include: Directive) -> List[Directive]:
        found: List[Directive] = []
        for path in self.matches(include):
            if path in self.open:
                self.error(include.file, include.line, "include of %s makes a loop" % path)
            elif len(self.open) >= DEPTH_LIMIT:
                self.error(include.file, include.line, "includes are nested more than %d deep" % DEPTH_LIMIT)
            else:
                found.extend(self.file(path))
        return found

    def matches(self, include: Directive) -> List[str]:
        pattern = posixpath.normpath(posixpath.join(self.prefix, include.first)) if include.args else ""
        if not re.search(r"[*?\[]", pattern):
            if pattern not in self.paths:
                self.error(include.file, include.line, "included file %s could not be read" % (pattern or "(no name)"))
                return []
            return [self.paths[pattern]]
        wanted = glob_pattern(pattern)
        return [path for name, path in sorted(self.paths.items()) if name == posixpath.normpath(name) and wanted.match(name)]


def read_directives(text: str, file: str) -> Tuple[List[Directive], List[Error]]:
    """The directives of one file. What stands before a mistake is kept."""
    errors: List[Error] = []
    top: List[Directive] = []
    blocks: List[Directive] = []
    words: List[str] = []
    line = 1
    for token, token_line, quoted in _tokens(text, file, errors):
        if not quoted and token.startswith("#"):
            continue
        if quoted or token not in ("{", "}", ";"):
            line = line if words else token_line
            words.append(token)
            continue
        if token == "}":
            if words:
                errors.append({"file": file, "line": line, "error": 'directive "%s" is not terminated by ";"' % words[0]})
            if blocks:
                blocks.pop().end_line = token_line
        elif words and len(blocks) < DEPTH_LIMIT:
            directive = Directive(words[0], words[1:], file, line, token_line, [] if token == "{" else None)
            (blocks[-1].block if blocks and blocks[-1].block is not None else top).append(directive)
            if directive.block is not None:
                blocks.append(directive)
        elif token == "{":
            errors.append({"file": file, "line": token_line, "error": 'unexpected "{"'})
            break
        words = []
    if words:
        errors.append({"file": file, "line": line, "error": 'directive "%s" is not terminated by ";"' % words[0]})
    return top, errors


def _tokens(text: str, file: str, errors: List[Error]) -> Iterator[Tuple[str, int, bool]]:
    """crossplane's words of a text, up to the first mistake."""
    try:
        import crossplane  # a controller without it gets one clear line, and only when there is a configuration to read
        from crossplane.errors import NgxParserBaseException
    except ImportError as error:
        raise CrossplaneMissing() from error
    try:
        yield from crossplane.lex_string(text, filename=file)
    except NgxParserBaseException as error:
        errors.append({"file": file, "line": error.lineno, "error": error.strerror})
