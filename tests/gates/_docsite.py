# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The docs site: what antsibull-docs makes of modules, filters, roles and guides, and all Markdown of the repository, put together by Sphinx."""

from __future__ import annotations

import shutil
import typing as t

import _collection
from _machine import CACHE, HERE, TOP, environment

if t.TYPE_CHECKING:
    from _gates import Run

SITE = CACHE.parent / "site"


def site(run: Run) -> str:
    """Every page is made without a warning, which a link that leads nowhere would be."""
    bin_folder = environment("site", ("3.11", "3.12", "3.13"))
    top = _collection.tree(run.name)
    _collection.dependencies(top.parents[1])
    shutil.rmtree(SITE, ignore_errors=True)
    source = SITE / "source"
    (source / "collection").mkdir(parents=True, mode=0o755)
    for name in _collection.files():
        if name.endswith((".md", ".png")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(TOP / name, source / name)
    for path in (HERE / "docsite").iterdir():
        shutil.copyfile(path, source / path.name)
    made = ["--use-current", "--squash-hierarchy", "--fail-on-error", "--no-add-antsibull-docs-version"]
    run(
        bin_folder,
        ["antsibull-docs", "collection", *made, "--dest-dir", source / "collection", _collection.FULL_NAME],
        ANSIBLE_COLLECTIONS_PATH=top.parents[2],
    )
    pages = SITE / "html"
    run(bin_folder, ["sphinx-build", "-W", "--keep-going", "-q", "-j", "2", "-d", SITE / "read", source, pages])
    return "%d pages: %s" % (len(list(pages.rglob("*.html"))), (pages / "index.html").relative_to(TOP))
