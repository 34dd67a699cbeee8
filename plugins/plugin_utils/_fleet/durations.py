# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as nginx and PHP-FPM write them, in seconds.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re

_NGINX = {
    "y": 31536000.0,
    "M": 2592000.0,
    "w": 604800.0,
    "d": 86400.0,
    "h": 3600.0,
    "m": 60.0,
    "s": 1.0,
    "ms": 0.001,
    "": 1.0,
}
_NGINX_PART = re.compile(r"(\d+)(ms|[yMwdhms]?)")
_FPM = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def nginx_seconds(text: str) -> float | None:
    """90, 90s, 1m30s, 500ms; None for what nginx would not take as a time."""
    words = text.replace(" ", "")
    if not words or _NGINX_PART.sub("", words):
        return None
    return sum(int(number) * _NGINX[unit] for number, unit in _NGINX_PART.findall(words))


def fpm_seconds(text: str) -> int:
    """5, 5s, 2m, 1h, 1d; 0 where it is off, or no time."""
    number, unit = (text[:-1], _FPM[text[-1]]) if text[-1:] in _FPM else (text, 1)
    return int(number) * unit if number.isdecimal() else 0
