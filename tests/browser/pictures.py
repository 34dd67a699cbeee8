# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of the report, as people see it: light, dark and on a phone, of a few hosts and of five hundred.

pictures.py FOLDER      writes NAME.png for each, and the picture of the README with the digest of the page that it shows
"""

from __future__ import annotations

import hashlib
import pathlib
import sys
import tempfile

from browser import DESK, PHONE, chromium, open_all, opened
from conftest import KINDS
from playwright import sync_api

from ansible_collections.webops.bad_gateway.tests.unit.report_page import page as render

#: How a picture is called, and how much of a page it shows: five hundred hosts go on for very long.
WAYS = {
    "light": {"scheme": "light", "viewport": DESK},
    "dark": {"scheme": "dark", "viewport": DESK},
    "phone": {"scheme": "light", "viewport": PHONE},
    "phone-dark": {"scheme": "dark", "viewport": PHONE},
}
WHOLE = ("few", "plan")
README = pathlib.Path(__file__).resolve().parents[2] / "docs" / "pictures" / "report.png"
SHOWN_THERE = {"width": 1100, "height": 1000}


def main(folder: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made, chromium() as browser:
        for kind in ("few", "plan", "many"):
            path = pathlib.Path(made, kind + ".html")
            path.write_text(render(KINDS[kind]()), encoding="utf-8")
            for name, options in WAYS.items():
                with opened(browser, path, **options) as (page, _wrong):
                    page.screenshot(path=folder / ("%s-%s.png" % (kind, name)), full_page=kind in WHOLE)
            if kind == "few":
                for_readme(browser, path)
        with opened(browser, path) as (page, _wrong):
            open_all(page)
            page.screenshot(path=folder / "many-open.png")


def for_readme(browser: sync_api.Browser, path: pathlib.Path) -> None:
    """The upper part of a report for the README, and which page that was: a unit test compares it with what the page is now."""
    with opened(browser, path, viewport=SHOWN_THERE) as (page, _wrong):
        page.screenshot(path=README)
    README.with_suffix(".sha256").write_text(hashlib.sha256(path.read_bytes()).hexdigest() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
