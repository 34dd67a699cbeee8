# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guides, and the blocks that are in them: commands, what they show, and files."""

from __future__ import annotations

import pathlib
import re
import textwrap
import typing as t

TOP = pathlib.Path(__file__).resolve().parents[2]
GUIDES = TOP / "docs" / "docsite" / "rst"
README = TOP / "README.md"
#: Between these stands a run's answer in the README.
EXCERPT = ("<!-- a run: written by tests/guides/guides.py -->\n", "<!-- end of the run -->\n")
#: When it began, and what was changed shortly before: on hosts as new as ours, that is how they were made.
BEGAN = re.compile(r"^  Began .*\n(?: {11}.*\n)*", re.MULTILINE)
BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n((?:   :\w+: .+\n)*)\n((?:   .*\n|\n(?=\n*   ))+)", re.MULTILINE)

#: What a console block says of itself. here: its commands are run in a folder with the inventory and the files of the guides; unwell: they may end
#: with 2, as they do where a host serves 502; background: it is a server; on web2: on a host that has Ansible; checkout: they are run at the top
#: of a checkout; elsewhere: another test does the same.
CLASSES = ("here", "here unwell", "here background", "on web2", "checkout", "elsewhere")

#: What other tests run: they need a server, hours, or a machine that does nothing else.
ELSEWHERE = {
    "ansible-galaxy collection install webops.bad_gateway": "gate install, from the tarball",
    "git clone https://github.com/webops/bad_gateway": "each run of CI",
    "pip install ansible-rulebook": "tests/gates/locks/rulebook.in",
    "make setup": "each target that tests something",
    "make pages": "tests/unit/test_cause_pages.py compares what it writes",
    "make check": "CI",
    "make bench": "by hand, before a release",
    "make molecule SCENARIO=catalogue": "CI",
    'make safety SAFETY="back lost"': "by hand, before a release",
}


class Block(t.NamedTuple):
    """A block of a guide. caption: the file that it is, or is of; kind: its class."""

    guide: str
    language: str
    kind: str
    caption: str
    text: str
    begin: int
    end: int

    @property
    def commands(self) -> list[str]:
        return self.text.splitlines() if self.language == "console" else []


def blocks(path: pathlib.Path) -> list[Block]:
    """Each block of a guide, and where its text begins and ends there."""
    text = path.read_text(encoding="utf-8")
    found = []
    for match in BLOCK.finditer(text):
        options = dict(re.findall(r":(\w+): (.+)", match[2]))
        body = textwrap.dedent(match[3]).strip("\n") + "\n"
        found.append(
            Block(
                path.stem,
                match[1],
                options.get("class", ""),
                options.get("caption", ""),
                body,
                match.start(3),
                match.end(3),
            )
        )
    return found


def guides() -> list[pathlib.Path]:
    """The guides, in the order in which they are to be read."""
    listed = (GUIDES.parent / "extra-docs.yml").read_text(encoding="utf-8")
    return [GUIDES / (name + ".rst") for name in re.findall(r"- (guide_\w+)", listed)]


def with_text(path: pathlib.Path, texts: t.Mapping[int, str]) -> str:
    """The guide with other texts in place of those of some blocks, by where they begin."""
    text = path.read_text(encoding="utf-8")
    for block in reversed(blocks(path)):
        if block.begin in texts:
            body = textwrap.indent(texts[block.begin].strip("\n"), "   ") + "\n"
            text = text[: block.begin] + body + text[block.end :]
    return text


def excerpt() -> str:
    """The answer of the run that cures, as its guide shows it and the README has to, but for when it began."""
    (answer,) = [
        block.text for block in blocks(GUIDES / "guide_approve.rst") if "\nTo undo what this run" in block.text
    ]
    return "```text\n%s```\n" % BEGAN.sub("", answer)
