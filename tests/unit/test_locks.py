# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests run with is pinned, with hashes, and is what the lists ask for."""

from __future__ import annotations

import pathlib
import re

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
LISTS = sorted(path for pattern in ("*.in", "unit/*.in", "gates/locks/*.in") for path in TESTS.glob(pattern))


def lines(path: pathlib.Path) -> list[str]:
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_each_lock_has_a_list():
    locks = set(TESTS.glob("gates/locks/*.txt")) | {
        TESTS / "requirements.txt",
        TESTS / "collections.txt",
        TESTS / "unit" / "requirements.txt",
    }
    assert {path.with_suffix(".txt") for path in LISTS} == locks


@pytest.mark.parametrize("path", LISTS, ids=lambda path: str(path.relative_to(TESTS)))
def test_each_pin_has_a_version_and_hashes(path):
    for pin in lines(path.with_suffix(".txt")):
        assert re.fullmatch(
            r"[a-z0-9._-]+(\[[a-z0-9,-]+\])?==\S+ (; [^#]+?)?\s*(--hash=sha256:[0-9a-f]{64}\s*)+", pin
        ), pin[:80]


@pytest.mark.parametrize("path", LISTS, ids=lambda path: str(path.relative_to(TESTS)))
def test_what_is_wanted_is_what_is_pinned(path):
    pinned = [pin.split()[0] for pin in lines(path.with_suffix(".txt"))]
    for wanted in lines(path):
        name = wanted.partition(";")[0].strip()
        assert name in (pinned if "==" in name else [pin.partition("==")[0] for pin in pinned]), (
            "%s: `make lock` pins it" % name
        )
