# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's Chromium, and pages of it that see no network and write down what they should not have met."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import typing as t

import axe_playwright_python
from playwright import sync_api

AXE = pathlib.Path(axe_playwright_python.__file__).with_name("axe.min.js")
PHONE, DESK = {"width": 375, "height": 812}, {"width": 1280, "height": 900}
#: Why axe-core cannot see a contrast: a text in a drawing, a sign.
UNSEEN = ("imgNode", "bgOverlap", "nonBmp", "shortTextContent")
#: Counts what the page's own policy has stopped; it is there before the page's first script.
WATCH = "window.stopped = []; addEventListener('securitypolicyviolation', (event) => window.stopped.push(event.violatedDirective));"


class Opened(t.NamedTuple):
    """A page, and what went wrong on it: dialogs, errors, complaints on its console, addresses that it asked for."""

    page: sync_api.Page
    wrong: list[str]


@contextlib.contextmanager
def chromium() -> t.Iterator[sync_api.Browser]:
    """A browser of Debian's, without a window."""
    program = shutil.which("chromium")
    if program is None:
        raise FileNotFoundError("chromium is not installed: tests/setup test")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def opened(
    browser: sync_api.Browser, path: pathlib.Path, scheme: t.Any = "light", viewport: t.Any = None, **options: t.Any
) -> t.Iterator[Opened]:
    """A report as it lies on the disk, in a profile of its own."""
    context = browser.new_context(
        color_scheme=scheme,
        viewport=viewport or DESK,
        offline=True,
        locale="en-GB",
        timezone_id=options.pop("timezone", "UTC"),
        **options,
    )
    context.add_init_script(WATCH)
    page = context.new_page()
    wrong: list[str] = []
    page.on("dialog", lambda dialog: (wrong.append("dialog: " + dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: wrong.append("error: %s" % error))
    page.on("console", lambda message: wrong.append("console: " + message.text))
    page.on("request", lambda request: None if request.url == path.as_uri() else wrong.append("asked: " + request.url))
    page.goto(path.as_uri())
    try:
        yield Opened(page, wrong)
    finally:
        context.close()


def open_all(page: sync_api.Page) -> None:
    """Fold every host out."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


def axe_complaints(page: sync_api.Page) -> list[str]:
    """What axe-core finds, each with the first element that it is about.

    What it cannot decide alone is among it, but for the contrast of drawings and signs, which it cannot see: test_colours_can_be_read does that.
    """
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations', 'incomplete']})")
    return [
        "%s: %s (%s)" % (one["id"], one["help"], node["html"][:200])
        for one in [*found["violations"], *found["incomplete"]]
        for node in one["nodes"]
        if not any((check["data"] or {}).get("messageKey") in UNSEEN for check in node["any"])
    ]
