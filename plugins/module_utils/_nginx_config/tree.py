# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an nginx configuration as one tree of directives, each with its file and line.

crossplane reads the words of each file. Includes are put in place here, because crossplane visits a file once only (a snippet that ten
servers include would be seen in one) and wants the files on this machine, while they are those of another host.

Private to this collection: it may change in any release.
"""

import posixpath
import re
from dataclasses import dataclass
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
    """The whole configuration, in order. What a file brings stands behind the include directive that names it."""

    directives: List[Directive]
    errors: List[Error]


def load_tree(files: Mapping[str, str], main: str, prefix: str) -> Tree:
    """Read the main file and all that it includes. Whatever is wrong becomes an error of the tree, never an exception.

    Raises CrossplaneMissing.
    """
    splicer = _Splicer(files, prefix)
    path = splicer.paths.get(posixpath.normpath(main))
    if path is None:
        return Tree([], [{"file": main, "line": None, "error": "the main configuration file could not be read"}])
    return Tree(splicer.file(path), splicer.errors)


def glob_pattern(pattern: str) -> Pattern[str]:
    """What glob(3) means by a pattern: neither * nor ? matches a slash, nor a dot at the start of a name."""
    return re.compile("/".join(_name_pattern(name) for name in pattern.split("/")) + r"\Z", re.DOTALL)


def _name_pattern(name: str) -> str:
    words = re.findall(r"\[[!^]?\]?[^\]]*\]|.", name, re.DOTALL)
    regex = "" if name.startswith(".") else r"(?!\.)"
    for word in words:
        if len(word) > 1:
            negated = word[1] in "!^"
            regex += "[%s%s]" % (
                "^/" if negated else "",
                re.sub(r"[\\\[\]^]", r"\\\g<0>", word[2 if negated else 1 : -1]),
            )
        else:
            regex += {"*": "[^/]*", "?": "[^/]"}.get(word, re.escape(word))
    return regex


class _Splicer:
    """Puts the directives of included files where their include directives stand."""

    def __init__(self, files: Mapping[str, str], prefix: str) -> None:
        self.prefix = prefix
        self.texts = files
        self.paths = {posixpath.normpath(path): path for path in files}
        self.errors: List[Error] = []
        self.done: Dict[str, List[Directive]] = {}
        self.open: List[str] = []
        self.count = 0
        self.depth = 0
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
                self.error(error["file"], error["line"], error["error"])
            self.open.append(path)
            self.done[path] = self.splice(directives)
            self.open.pop()
        return self.done[path]

    def splice(self, directives: List[Directive]) -> List[Directive]:
        spliced: List[Directive] = []
        self.depth += 1
        for directive in directives:
            found = [directive]
            if directive.block is not None:
                directive.block = self.splice(directive.block)
            elif directive.name == "include":
                found = [directive, *self.included(directive)]
            self.count += len(found)
            if self.count > DIRECTIVES_LIMIT:
                self.error(
                    directive.file, directive.line, "more than %d directives: the rest is not read" % DIRECTIVES_LIMIT
                )
                break
            spliced.extend(found)
        self.depth -= 1
        return spliced

    def included(self, include: Directive) -> List[Directive]:
        found: List[Directive] = []
        for path in self.matches(include):
            if path in self.open:
                self.error(include.file, include.line, "include of %s makes a loop" % path)
            elif self.depth > DEPTH_LIMIT:
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
        return [path for name, path in sorted(self.paths.items()) if wanted.match(name)]


def read_directives(text: str, file: str) -> Tuple[List[Directive], List[Error]]:
    """The directives of one file. What stands before a mistake is kept."""
    reader = _Reader(file)
    for word, line, quoted in _words(text, file, reader.errors):
        if quoted or word not in ("{", "}", ";"):
            if quoted or not word.startswith("#"):
                reader.word(word, line)
        elif word == "}":
            reader.close(line)
        else:
            reader.end(line, opens=word == "{")
    if not reader.errors:
        reader.unfinished()
    return reader.top, reader.errors


class _Reader:
    """Grows the directives of one file from its words."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.errors: List[Error] = []
        self.top: List[Directive] = []
        self.levels: List[List[Directive]] = [self.top]
        self.words: List[str] = []
        self.line = 1
        self.too_deep = 0

    def word(self, word: str, line: int) -> None:
        if not self.words:
            self.line = line
        self.words.append(word)

    def end(self, line: int, opens: bool) -> None:
        """A directive ends here, by a semicolon or because its block begins."""
        if opens and (self.too_deep or len(self.levels) >= DEPTH_LIMIT):
            self.too_deep += 1
            self.error(line, "blocks are nested more than %d deep" % DEPTH_LIMIT)
        elif not self.words:
            self.error(line, 'unexpected "%s"' % ("{" if opens else ";"))
        if self.words and not self.too_deep:
            self.levels[-1].append(Directive(self.words[0], self.words[1:], self.file, self.line, line))
        if opens and not self.too_deep:
            block: List[Directive] = []
            if self.words:
                self.levels[-1][-1].block = block
            self.levels.append(block)
        self.words = []

    def close(self, line: int) -> None:
        self.unfinished()
        if self.too_deep:
            self.too_deep -= 1
        elif len(self.levels) > 1:
            block = self.levels.pop()
            if self.levels[-1] and self.levels[-1][-1].block is block:
                self.levels[-1][-1].end_line = line

    def unfinished(self) -> None:
        if self.words:
            self.error(self.line, 'directive "%s" is not terminated by ";"' % self.words[0])
        self.words = []

    def error(self, line: int, text: str) -> None:
        self.errors.append({"file": self.file, "line": line, "error": text})


def _words(text: str, file: str, errors: List[Error]) -> Iterator[Tuple[str, int, bool]]:
    """crossplane's words of a text, up to the first mistake."""
    try:
        import crossplane  # type: ignore[import-untyped]  # late: a controller without it gets one clear line, and only if it needs it
        from crossplane.errors import NgxParserBaseException  # type: ignore[import-untyped]
    except ImportError as error:
        raise CrossplaneMissing() from error
    try:
        yield from crossplane.lex_string(text, filename=file)
    except NgxParserBaseException as error:
        errors.append({"file": file, "line": error.lineno, "error": error.strerror})
