# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the logs of a host say about 502 within a window of time.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.clock import boot_time
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.candidates import (
    fpm_lines,
    kernel_lines,
    nginx_lines,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.collector_prefix import LONGEST_LINE
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.engine_log import as_printed
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.files import (
    READ_LIMIT,
    End,
    read_end,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.kernel_signature import kernel_event
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.nginx_line import parse_stripped
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.nginx_signature import nginx_signature
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.php_fpm_signature import (
    fpm_signature,
    parse_fpm,
    says_reload,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import Origin, Records
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.rotation import held_file, last_rotated
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.signature import error_signature
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.system_log import Entries, journal, kernel_log
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.time_window import Window

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.access_log import Visits
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

    class LogSource(TypedDict):
        """A log that was to be read."""

        path: str  # of a file; "kernel"; the name of a unit
        kind: str  # nginx | php_fpm | kernel | unit:NAME
        state: str  # ok | missing | unreadable | not_a_file | deleted (held open, read by /proc) | cut
        level: Optional[str]
        why: Optional[str]

    class Log(TypedDict):
        """What the logs say of failed requests within a window of time."""

        sources: List[LogSource]
        records: List[LogRecord]  # the newest first, at most 200
        visits: List[Visits]  # of the paths that these name or that just failed


RECORD_LIMIT = 200
#: Bytes of all log files together; of each file beyond them only the last ones are read.
TOTAL_LIMIT = 64 * 1024 * 1024
LEAST_READ = 64 * 1024
#: What an engine writes into the journal for a container has this, with its ID behind it.
OF_CONTAINER = "CONTAINER_ID_FULL="


class State(NamedTuple):
    """Whether a source could be read: state of the facts, and why."""

    state: str
    why: Optional[str] = None


def log_facts(
    host: Host,
    sources: Iterable[Tuple[str, str]],
    window: float,
    now: float,
    master_pid: Optional[int] = None,
    read_limit: int = READ_LIMIT,
    record_limit: int = RECORD_LIMIT,
    records: Optional[Records] = None,
) -> "Log":
    """The facts `log` of the last window seconds before now.

    sources: the path and the kind (nginx, php_fpm, kernel, unit:NAME) of each log. nginx may also have the name of the unit whose journal it
    writes to. The kernel's own log has the path "kernel"; any other path of that kind is an audit log.
    master_pid: of nginx, whose open files show where it really writes. Times in logs are local.
    What cannot be read is named in `sources` and in the host's unknown. records: what lines are added up in, where that is of a kind of its own.
    """
    look = _Look(host, Window(now, window), master_pid, read_limit, records or Records())
    found: "List[LogSource]" = []
    for path, kind in sources:
        state, why = look.source(path, kind)
        found.append({"path": path, "kind": kind, "state": state, "level": None, "why": why})
        if state in ("unreadable", "not_a_file"):
            host.unseen("log " + path, why)
        elif state == "cut":
            host.unseen("older lines of log " + path, why)
    return {"sources": found, "records": look.records.newest(record_limit), "visits": []}


class _Look:
    """One look at all sources: what it reads goes into its records."""

    def __init__(
        self, host: Host, window: Window, master_pid: Optional[int], read_limit: int, records: Records
    ) -> None:
        self.host, self.window, self.master_pid, self.read_limit = host, window, master_pid, read_limit
        self.records = records
        self.left = TOTAL_LIMIT

    def source(self, path: str, kind: str) -> State:
        """Read one source."""
        if kind.startswith("unit:"):
            unit = kind[len("unit:") :]
            return self._entries(Origin(path, kind, unit), journal(self.host, self.window.since, ["-u", unit]))
        if kind == "nginx" and path.endswith(".service"):
            return self._entries(Origin(path, kind), journal(self.host, self.window.since, ["-u", path]))
        if path.startswith(OF_CONTAINER):
            return self._entries(Origin(path, kind), journal(self.host, self.window.since, [path]))
        if path == "kernel":
            return self._entries(Origin(path, kind), kernel_log(self.host, self.window.since, boot_time(self.host)))
        if not path.startswith("/"):
            return State("not_a_file", "%s is not a path" % path)
        return self._nginx(path) if kind == "nginx" else self._file(path, kind)

    def _entries(self, origin: Origin, entries: Entries) -> State:
        for entry in entries.lines:
            if self.window.has(entry.when):
                self._add(origin, entry.when, entry.tag, entry.text)
        if entries.cut:
            return State("cut", entries.cut)
        return State("unreadable", entries.why) if entries.why else State("ok")

    def _nginx(self, path: str) -> State:
        """Read both what lies at the path and what nginx really writes to."""
        at_path = self._file(path, "nginx")
        held = held_file(self.host, path, self.master_pid)
        if not held:
            return at_path
        self._read(Origin(path, "nginx"), self._end(held.path))
        if held.deleted:
            return State("deleted", "nginx (%s) still writes to the deleted file" % self.master_pid)
        renamed = "nginx (%s) still writes to the file that was renamed" % self.master_pid
        return at_path if at_path.why else State(at_path.state, renamed)

    def _file(self, path: str, kind: str) -> State:
        limit = self._limit()
        end = self._end(path)
        origin = Origin(path, kind)
        self._read(origin, end)
        if end.state != "ok":
            return State(end.state, end.why)
        if self._reaches_back(end, kind):
            return State("ok")
        if not end.whole:
            return State("cut", "the window holds more than the last %d bytes, which were read" % limit)
        older = last_rotated(self.host, path)
        if older:
            self._read(origin, self._end(older))
        return State("ok")

    def _end(self, path: str) -> End:
        end = read_end(self.host, path, self._limit())
        self.left -= len(end.data)
        return end._replace(data=as_printed(path, end.data))

    def _limit(self) -> int:
        return min(self.read_limit, max(self.left, LEAST_READ))

    def _reaches_back(self, end: End, kind: str) -> bool:
        """Whether the first line that has a time is older than the window."""
        window = self.window.of_log(end.data, kind, end.written)
        for line in end.data[:65536].split(b"\n")[:50]:
            when = window.when(line.decode("utf-8", "replace"), kind)
            if when is not None:
                return when < window.since
        return False

    def _read(self, origin: Origin, end: End) -> None:
        """Add the lines of the window; the last word of a reload of PHP-FPM however old it is, as a reload may wait for hours."""
        window = self.window.of_log(end.data, origin.kind, end.written)
        reload: Optional[Tuple[float, str]] = None
        for raw in _candidates(origin.kind, end.data, window):
            line = raw[:LONGEST_LINE].decode("utf-8", "replace")
            when = window.when(line, origin.kind)
            if when is None:
                continue
            if window.has(when):
                self._add(origin, when, None, line)
            if origin.kind == "php_fpm" and says_reload(line):
                reload = (when, line)
        if reload and reload[0] < window.since:
            self._add(origin, reload[0], None, reload[1])

    def _add(self, origin: Origin, when: float, tag: Optional[str], text: str) -> None:
        entry = parse_stripped(text)
        if entry:
            signature = nginx_signature(entry)
            if signature:
                self.records.add_nginx(origin, signature, when, entry)
            return
        worker = parse_fpm(text)
        if worker:
            signature = fpm_signature(worker)
            if signature:
                self.records.add_fpm(origin, signature, when, worker)
            return
        event = kernel_event(tag, text)
        if event:
            self.records.add_kernel(origin, when, event, text)
            return
        signature = error_signature(text)
        if signature:
            self.records.add_other(origin, signature, when, text)


def _candidates(kind: str, data: bytes, window: Window) -> Iterator[bytes]:
    if kind == "nginx":
        return nginx_lines(data, window.since_text)
    return fpm_lines(data) if kind == "php_fpm" else kernel_lines(data)
