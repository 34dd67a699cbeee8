# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's picture shows the report as it is made now."""

import hashlib
import pathlib

from ansible_collections.webops.bad_gateway.tests.browser.fleets import few
from ansible_collections.webops.bad_gateway.tests.unit.report_page import page

PICTURE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "pictures" / "report.png"


def test_the_picture_of_the_report_is_of_the_page_as_it_is_now():
    assert PICTURE.read_bytes().startswith(b"\x89PNG")
    shown = PICTURE.with_suffix(".sha256").read_text(encoding="utf-8").strip()
    assert shown == hashlib.sha256(page(few()).encode()).hexdigest(), (
        "make pictures, and look at docs/pictures/report.png"
    )
