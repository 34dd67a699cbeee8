# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a run that a person got wrong, found before any host is looked at.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
import urllib.parse

#: The least that each number may be.
LEAST = {"fix_502_rounds": 1, "fix_502_log_window": 1, "fix_502_max_cures": 1, "fix_502_watch": 0}
#: The most that some may be.
MOST = {"fix_502_watch": 3600}
SHOWN = 80


def problems(settings: t.Mapping[str, t.Any], kinds: t.Collection[str]) -> list[str]:
    """A line for each setting that no run can work with; empty where all are well. A setting that is missing is well. kinds: of change, that may be allowed."""
    found = [_number(name, settings[name], least) for name, least in LEAST.items() if name in settings]
    found += [_url(url) for url in words(settings.get("fix_502_urls", []))]
    unknown = [word for word in words(settings.get("fix_502_allow", [])) if word not in kinds]
    if unknown:
        found.append(
            "fix_502_allow has %s, which is no kind of change: choose from %s" % (", ".join(unknown), ", ".join(kinds))
        )
    services = settings.get("fix_502_backend_services", {})
    found += [_service(key, unit) for key, unit in services.items()] if isinstance(services, dict) else []
    return [line for line in found if line]


def words(value: t.Any) -> list[str]:
    """The words of a list, or of a text with commas between them, as a command line has it."""
    parts = [str(one) for one in value] if isinstance(value, (list, tuple)) else [str(value)]
    return [word.strip() for part in parts for word in part.split(",") if word.strip()]


def _number(name: str, value: t.Any, least: int) -> str:
    try:
        number = int(str(value).strip())
    except ValueError:
        number = None
    most = MOST.get(name)
    if number is not None and number >= least and (most is None or number <= most):
        return ""
    bounds = "%d or more" % least if most is None else "%d to %d" % (least, most)
    return "%s is %s: it has to be a whole number, %s" % (name, _shown(value), bounds)


def _url(url: str) -> str:
    try:
        parts = urllib.parse.urlsplit(url)
        is_well = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_well = False
    return (
        ""
        if is_well
        else "fix_502_urls has %s, which is no URL: begin it with http:// or https:// and a host" % _shown(url)
    )


def _service(key: t.Any, unit: t.Any) -> str:
    place, name = str(key), str(unit or "").strip()
    if not (place.startswith("/") or (place.isdecimal() and 0 < int(place) < 65536)):
        return "fix_502_backend_services has %s, which is neither a port nor the path of a socket" % _shown(place)
    return "" if name else "fix_502_backend_services has no unit for %s" % _shown(place)


def _shown(value: t.Any) -> str:
    text = str(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
