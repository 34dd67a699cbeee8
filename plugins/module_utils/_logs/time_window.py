# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The times of log lines: nginx and PHP-FPM write the local time of their own zone, the audit system the time since the epoch.

Private to this collection: it may change in any release.
"""

import re
import time
from typing import Dict, Optional

# Clocks of a writer and of this look may differ by this much; later lines are forged or of another time zone.
_FUTURE = 120.0
# Zones differ by quarters of an hour, 26 hours at most, and a line is written within seconds of the time in it.
_QUARTER, _MOST, _WRITTEN_WITHIN = 900, 104, 3.0
_LAST_LINES = 4096
_NGINX = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d")
_FPM = re.compile(r"\[\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d")
_AUDIT = re.compile(r"audit\((\d{1,12}\.\d{1,6}):")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Window:
    """The stretch of time that counts as now. behind: how many seconds the clock that a log is written by is behind this host's."""

    def __init__(self, now: float, seconds: float, behind: int = 0) -> None:
        self.now, self.seconds, self.behind = now, seconds, behind
        self.since, self.until = now - seconds, now + _FUTURE
        # As nginx writes it, to compare as text. The hour that the end of daylight saving repeats may let too much in; has() sorts it out.
        self.since_text = time.strftime(
            "%Y/%m/%d %H:%M:%S", time.localtime(max(0.0, self.since - behind - 3600))
        ).encode("ascii")
        self._minutes: Dict[str, Optional[float]] = {}

    def has(self, when: Optional[float]) -> bool:
        """Whether a time is in the window; False where it is not known."""
        return when is not None and self.since <= when <= self.until

    def of_log(self, data: bytes, kind: str, written: float) -> "Window":
        """The window for a log: a daemon may have a zone of its own, or that which the host had when it began. written: when its last line was."""
        for line in reversed(data[-_LAST_LINES:].split(b"\n")):
            when = None if kind == "kernel" else self.when(line.decode("utf-8", "replace"), kind)
            if when is not None:
                quarters = round((written - when) / _QUARTER)
                is_zone = abs(quarters) <= _MOST and abs(written - when - quarters * _QUARTER) <= _WRITTEN_WITHIN
                return Window(self.now, self.seconds, quarters * _QUARTER) if is_zone and quarters else self
        return self

    def when(self, line: str, kind: str) -> Optional[float]:
        """When a line of a log of this kind was written (seconds since the epoch); None where it has no time."""
        if kind == "nginx":
            return self._local(line[:19]) if _NGINX.match(line) else None
        if kind == "php_fpm":
            return self._local(line[1:21]) if _FPM.match(line) else None
        found = _AUDIT.search(line)
        return float(found.group(1)) if found else None

    def _local(self, text: str) -> Optional[float]:
        minute = text[:-3]
        if minute not in self._minutes:
            self._minutes[minute] = _epoch(minute)
        start = self._minutes[minute]
        return None if start is None else start + int(text[-2:]) + self.behind


def _epoch(text: str) -> Optional[float]:
    """Local `2026/01/02 03:04` or `02-Jan-2026 03:04` as seconds since the epoch."""
    day, clock = text.split(" ")
    year, month, date = day.split("/") if "/" in day else day.split("-")[::-1]
    number = _MONTHS.index(month) + 1 if month in _MONTHS else int(month) if month.isdecimal() else 0
    hour, minute = clock.split(":")
    if not (1 <= number <= 12 and 1 <= int(date) <= 31):
        return None
    try:
        return time.mktime((int(year), number, int(date), int(hour), int(minute), 0, 0, 0, -1))
    except (OverflowError, ValueError):
        return None
