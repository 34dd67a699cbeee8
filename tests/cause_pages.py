# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/causes/, a page for each cause, and the table of causes in README.md, all made from the causes' files."""

from __future__ import annotations

import pathlib

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._explain.cause_pages import (
    cause_pages,
    index,
    markdown,
)

TOP = pathlib.Path(__file__).resolve().parents[1]
FOLDER = TOP / "docs" / "causes"
README = TOP / "README.md"
#: Between these stands the table in the README.
TABLE = ("<!-- the causes: written by tests/cause_pages.py -->\n", "<!-- end of the causes -->\n")


def pages() -> dict[str, str]:
    """The text of each file of docs/causes/."""
    return {"README.md": index(), **{"%s.md" % page.name: markdown(page) for page in cause_pages()}}


def table() -> str:
    """The rows of the README: each cause with its page, what is broken, and what is done."""
    rows = ["| cause | what is broken | what is done |", "|---|---|---|"]
    rows += [
        "| [`%s`](%s) | %s | %s |" % (page.name, page.url, page.title, page.texts["Done"]) for page in cause_pages()
    ]
    return "".join(row + "\n" for row in rows)


def readme() -> str:
    """README.md with the table as the causes make it now."""
    text = README.read_text(encoding="utf-8")
    return text.partition(TABLE[0])[0] + table().join(TABLE) + text.partition(TABLE[1])[2]


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.md"):
        path.unlink()
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    README.write_text(readme(), encoding="utf-8")


if __name__ == "__main__":
    main()
