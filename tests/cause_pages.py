# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/causes/: a page for each cause, made from its file."""

from __future__ import annotations

import pathlib

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._explain.cause_pages import (
    cause_pages,
    index,
    markdown,
)

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "docs" / "causes"


def pages() -> dict[str, str]:
    """The text of each file of docs/causes/."""
    return {"README.md": index(), **{"%s.md" % page.name: markdown(page) for page in cause_pages()}}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.md"):
        path.unlink()
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
