# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What collectors put before a line: docker-compose, Kubernetes, syslog, journalctl, dmesg.

Private to this collection: it may change in any release.
"""

import re
from typing import NamedTuple, Optional

# No line of nginx (2 KiB), PHP-FPM (log_limit) or the kernel is longer than this; what comes after it is not theirs.
LONGEST_LINE = 8192

_WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_RFC3339 = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_CLOCK = r"\d\d:\d\d:\d\d(?:\.\d{1,6})?"
_STAMP = "(?:%s)" % "|".join(
    (
        _RFC3339,
        _MONTH + r" +\d{1,2} (?:\d{4} )?" + _CLOCK,
        r"\d{9,11}\.\d{1,6}",
        _WEEKDAY + r" \d{4}-\d\d-\d\d " + _CLOCK + r" [A-Z][A-Z0-9+-]{1,5}",
    )
)
# A program's name before its message, as syslog and journald write it: `nginx: `, `php-fpm8.2[123]: `.
_TAG = r"(?P<tag>[A-Za-z0-9_./@()+-]{1,64})(?:\[\d{1,10}\])?: "

_COLOUR = r"(?:\x1b\[[0-9;]{0,12}m){0,4}"
_WRAPPERS = (
    # docker-compose: `web-1  | `
    re.compile(_COLOUR + r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127} {0,64}" + _COLOUR + r"\|" + _COLOUR + " "),
    # kubectl logs --prefix
    re.compile(r"\[pod/[^\] ]{1,300}\] "),
    # CRI files: `2026-01-02T03:04:05.678Z stderr F `
    re.compile(_RFC3339 + r" (?:stdout|stderr) [FP] "),
    # RFC 5424: `<187>1 2026-01-02T03:04:05Z host nginx 123 - - `
    re.compile(
        r"(?:<\d{1,3}>)?1 (?:"
        + _RFC3339
        + r"|-) \S{1,255} (?P<tag>\S{1,48}) \S{1,128} \S{1,32} (?:-|\[[^\]]{0,400}\]) "
    ),
    # syslog and journalctl: `Jan  2 03:04:05 host nginx[123]: `, also without the host (journalctl --no-hostname)
    re.compile(r"(?:<\d{1,3}>)?" + _STAMP + r" (?:[A-Za-z0-9_.:%-]{1,255} )?" + _TAG),
    # journalctl -o short-monotonic: `[  123.456789] host nginx[123]: `
    re.compile(
        r"\[ {0,12}\d{1,10}\.\d{1,6}\] (?:[A-Za-z0-9_.-]{1,255} )(?P<tag>[A-Za-z0-9_./@-]{1,64})(?:\[\d{1,10}\]: |: (?=\d{4}/|\[\d\d-))"
    ),
    # docker logs -t, kubectl logs --timestamps, dmesg --time-format iso
    re.compile(_RFC3339 + r" "),
    # uwsgi's own log: `Thu Jan  1 00:00:00 2026 - `
    re.compile(_WEEKDAY + " " + _MONTH + r" +\d{1,2} \d\d:\d\d:\d\d \d{4} - "),
    # /dev/kmsg: `6,1234,5678901,-;`
    re.compile(r"\d{1,4},\d{1,20},\d{1,20},[^;]{1,40};"),
    # dmesg, with level and time in its ways: `kern  :err   : [ 12.345678] `, `<3>[ 12.345678] `, `[Fri Jan  2 03:04:05 2026] `
    re.compile(
        r"(?:[a-z0-9]{3,8} *:[a-z]{3,6} *: |<\d{1,3}>)?\[(?: {0,12}\d{1,10}\.\d{1,6}|"
        + _WEEKDAY
        + " "
        + _MONTH
        + r" +\d{1,2} \d\d:\d\d:\d\d \d{4})\] "
    ),
    # what nginx sends to the journal's own socket keeps its host: `host nginx: `
    re.compile(r"[A-Za-z0-9_.-]{1,255} (?P<tag>nginx): (?=20\d\d/\d\d/\d\d )"),
    # a tag alone (a console, journalctl -o cat), before what these programs write: the kernel names its victims in the same way
    re.compile(
        r"(?P<tag>nginx|php[A-Za-z0-9.-]{0,20})(?:\[\d{1,10}\])?: "
        r"(?=20\d\d/|nginx: |\[(?:\d\d-[A-Z]|[A-Z]{5,7}\] )|(?:NOTICE|WARNING|ERROR|ALERT|PHP): )"
    ),
    re.compile(r"(?P<tag>kernel|audit|auditd|systemd|systemd-oomd|uwsgi)(?:\[\d{1,10}\])?: "),
)


class Stripped(NamedTuple):
    """A line without its wrapping. tag: the program that syslog or journald names, None where none is named."""

    tag: Optional[str]
    text: str


def strip_prefix(line: str) -> Stripped:
    """A line without what collectors put before it, at most four layers (Kubernetes around syslog around ...)."""
    text = line[:LONGEST_LINE].rstrip("\r\n")
    text = text.lstrip(" \ufeff")
    tag = None
    for _layer in range(4):
        if text[:2] == "20" and text[4:5] == "/":
            break
        for wrapper in _WRAPPERS:
            found = wrapper.match(text)
            if found:
                tag = found.groupdict().get("tag") or tag
                text = text[found.end() :]
                break
        else:
            break
    return Stripped(tag, text)
