# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of the system's log that tell of units, or of who asked for something: of the journal, and of syslog's files where there is none.

A journal says of each line who wrote it, which no writer can forge: systemd's words count from process 1 only, those of sudo from sudo's program, and those
of cron and Ansible from root. syslog's files say no such thing: whoever may write to syslog can write such lines, so that the file is named with them.

Private to this collection: it may change in any release.
"""

import datetime
import json
import re
import time
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import UNIT_HISTORY, Span
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.collector_prefix import strip_prefix
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.files import read_end

#: Lines of the journal that are read, the newest, their bytes together, and the bytes of each file of syslog.
LINES, BYTES, FILE_BYTES = 4000, 4 * 1024 * 1024, 1024 * 1024
#: Where syslog writes what sudo, cron and Ansible say, on Debian's, Red Hat's and Alpine's hosts.
FILES = ("syslog", "messages", "auth.log", "secure", "cron", "cron.log", "daemon.log")
_ANSIBLE = ("systemd", "service", "systemd_service", "command", "shell", "apt", "package", "dnf", "yum")
_WRITERS = ["sudo", "CRON", "CROND", "crond", "cron", "anacron"] + [
    "ansible-%s%s" % (prefix, name) for name in _ANSIBLE for prefix in ("", "ansible.builtin.", "ansible.legacy.")
]
_STAMP = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?\d*(Z|[+-]\d\d:\d\d) |(\w{3} [ \d]\d \d\d:\d\d:\d\d) "
)


class Line(NamedTuple):
    """A line: when it was written, by which program, what it says, the unit that systemd says it of, and the file that it stands in."""

    at: float
    writer: str
    text: str
    unit: Optional[str] = None
    file: Optional[str] = None


def system_lines(host: Host, span: Span, units: Sequence[str]) -> List[Line]:
    """The lines of a span, the oldest first; of systemd's those of these units. Without systemd its words are unseen."""
    if service_manager.in_charge(host) in service_manager.SCRIPTED:
        host.unseen(UNIT_HISTORY, "systemd alone writes that down, and it does not start this host's services")
        found: Dict[Any, Line] = {}
        for line in (one for name in FILES for one in _of_file(host, "/var/log/" + name, span)):
            found.setdefault(line[:3], line)  # cron's lines go to several files
        return sorted(found.values(), key=lambda one: one.at)
    return _of_journal(host, span, units)


def _of_journal(host: Host, span: Span, units: Sequence[str]) -> List[Line]:
    argv = ["journalctl", "--no-pager", "--quiet", "--reverse", "-o", "json", "-n", str(LINES)]
    argv += ["--since", "@%d" % span.since, "--until", "@%d" % (span.until + 1), "_PID=1"]
    argv += ["UNIT=" + unit for unit in units] + ["+"] + ["SYSLOG_IDENTIFIER=" + name for name in _WRITERS]
    ran = host.run(argv, timeout=15, cut=BYTES)
    if ran.code != 0:
        why = ran.error or ran.err.strip().split("\n")[-1] or "journalctl ended with %s" % ran.code
        host.unseen(UNIT_HISTORY, why)
        return []
    return list(filter(None, map(_of_entry, reversed(ran.out.splitlines()))))


def _of_entry(text: str) -> Optional[Line]:
    """The line of an entry; None where anybody could have written it."""
    try:
        entry: Dict[str, Any] = json.loads(text)
        # When it was sent: the journal may take several at one time.
        at = int(entry.get("_SOURCE_REALTIME_TIMESTAMP") or entry["__REALTIME_TIMESTAMP"]) / 1e6
    except (KeyError, TypeError, ValueError):
        return None  # the last one may be cut
    says, writer = entry.get("MESSAGE"), str(entry.get("SYSLOG_IDENTIFIER", ""))
    if not isinstance(says, str):
        return None
    if entry.get("_PID") == "1":
        return Line(at, "systemd", says, str(entry.get("UNIT", "")))
    genuine = str(entry.get("_EXE", "")).endswith("/bin/sudo") if writer == "sudo" else entry.get("_UID") == "0"
    return Line(at, writer, says) if genuine and writer != "systemd" else None


def _of_file(host: Host, path: str, span: Span) -> Iterator[Line]:
    for data in read_end(host, path, FILE_BYTES).data.splitlines():
        text = data.decode("utf-8", "replace")
        stripped = strip_prefix(text)
        if stripped.tag in _WRITERS:
            at = _time(text, span)
            if at is not None and span.has(at):
                yield Line(at, str(stripped.tag), stripped.text, None, path)


def _time(text: str, span: Span) -> Optional[float]:
    """When a line of syslog was written. Its old form has no year, and the host's time: it is the newest that is not in the future."""
    found = _STAMP.match(text)
    try:
        if found and found.group(1):
            zone = found.group(3).replace("Z", "+0000").replace(":", "")
            when = datetime.datetime.strptime(found.group(1) + zone, "%Y-%m-%dT%H:%M:%S%z")
            return when.timestamp() + float("0" + (found.group(2) or ""))
        if found:
            years = [time.localtime(span.until).tm_year - ago for ago in (0, 1)]
            times = [
                time.mktime(time.strptime("%d %s" % (year, found.group(4)), "%Y %b %d %H:%M:%S")) for year in years
            ]
            return next((one for one in times if span.has(one)), None)
    except (OverflowError, ValueError):
        pass
    return None
