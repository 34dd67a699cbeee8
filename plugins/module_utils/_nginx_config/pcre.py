# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions of nginx (PCRE) in Python.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache

_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\s",
    "upper": "A-Z",
    "word": r"\w",
    "xdigit": "0-9A-Fa-f",
}
#: Longer text is not matched: it is a client's, and a slow expression must not stop a run.
_TEXT_LIMIT = 2048
#: What a piece of an expression may stand for, tried in this order; NUL: any one character.
_SAMPLES = (
    (r"\((?:\?<?\w*>|\?:)?([^()|]*)[^()]*\)[?*]", ""),
    (r"\((?:\?P?<\w+>|\?:)?([^()|]*)(?:\|[^()]*)?\)", r"\1"),
    (r"(?:\[(?:[^\]\\]|\\.)*\]|\\[dw]|(?<!\\)\.)(?:[+*]\??|\{\d+(?:,\d*)?\})", "\0"),
    (r"\[\^(?:[^\]\\]|\\.)*\]|\\[dw]|(?<!\\)\.", "\0"),
    (r"\[([^\]\\])(?:[^\]\\]|\\.)*\]", r"\1"),
    (r"(?<!\\)[\^$]|\\[Az]|.\?|\*", ""),
    (r"\\(.)", r"\1"),
)


@lru_cache(maxsize=4096)
def compiled(pattern: str, caseless: bool = False) -> re.Pattern[str] | None:
    """The expression, or None where Python does not understand it."""
    python = re.sub(
        r"\(\?<(?![=!])|\(\?'(\w+)'",
        lambda found: "(?P<" + (found.group(1) + ">" if found.group(1) else ""),
        _plain(pattern),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.compile(python, re.IGNORECASE if caseless else 0)
        except (re.error, OverflowError, RecursionError):
            return None


def _plain(pattern: str) -> str:
    """Named classes spelt out, and the end of the text as Python has it."""
    return re.sub(r"\[:(\w+):\]", lambda found: _CLASSES.get(found.group(1), found.group(0)), pattern).replace(
        r"\z", r"\Z"
    )


def search(pattern: str, text: str, caseless: bool = False) -> re.Match[str] | None:
    regex = compiled(pattern, caseless)
    return regex.search(text) if regex is not None and len(text) <= _TEXT_LIMIT else None


@lru_cache(maxsize=1024)
def sample(pattern: str, caseless: bool = False, start: str = "") -> str | None:
    """A short text that the expression matches, found by taking simple pieces literally; None where that does not lead to one."""
    text = _plain(pattern)
    for piece, stands_for in _SAMPLES:
        for _nested in range(4):
            text = re.sub(piece, stands_for, text)
    text = text.split("|")[0]
    text = text if text.startswith(start) else start + text
    made = (text.replace("\0", filler) for filler in "1a")
    return next((one for one in made if one and search(pattern, one, caseless)), None)
