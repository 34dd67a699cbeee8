# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/safety.md is what the kept results of the harnesses make."""

from __future__ import annotations

import pathlib
import subprocess
import sys

SAFETY = pathlib.Path(__file__).parents[1] / "safety"
#: The harnesses import each other as programs do, so that this is one.
PROGRAM = """
import figures
page = figures.PAGE.read_text(encoding="utf-8")
for name in figures.HARNESSES:
    print(name, figures.block(name, figures.stored(name)) in page)
"""


def test_the_page_is_what_was_seen():
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=SAFETY, check=True, stdout=subprocess.PIPE)
    shown = dict(line.split() for line in done.stdout.decode().splitlines())
    assert sorted(shown) == sorted(path.stem for path in (SAFETY / "seen").glob("*.json"))
    assert set(shown.values()) == {"True"}, "a result was kept, or the page edited, and not both"
