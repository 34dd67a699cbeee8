# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What visitors were answered, by nginx's access log: which statuses a page has had, and how often it failed.

Private to this collection: it may change in any release.
"""

import ipaddress
import os
import re
from datetime import datetime
from typing import TYPE_CHECKING, Collection, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple, Union

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.engine_log import as_printed
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.files import read_end
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.rotation import last_rotated

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class SameQuery(TypedDict):
        """Of all requests with one and the same query string, how many there were, and which of them failed."""

        asked: int
        failed: int  # 502 or 504 within the window
        span: int  # requests from the first of these to the last
        since: int  # requests after the last of them

    class Visits(TypedDict):
        """Requests of visitors with one method and path in one access log, by their statuses."""

        source: str
        method: str
        path: str
        statuses: Dict[str, int]
        failed: int
        span: int
        since: int
        last: float  # when the last of these failed; 0 where none did, and where the log has no times
        runs: int  # how often they began to fail: failures without a good answer in between are one
        client: str  # who asked for those that failed, where that is one private address alone: a proxy in front, as a rule; empty else
        # Those with the query string that failed most often; the string itself may be a secret, and stays here.
        same_query: Optional[SameQuery]


READ_LIMIT = 1024 * 1024
#: Of a log in which no path is looked for: there may be one for each of a thousand sites.
SHORT_LIMIT = 128 * 1024
ROWS = 200
_FAILED = (b"502", b"504")
#: nginx's own: the visitor has gone, and nobody was answered.
_NOBODY = b"499"
_OURS = b"bad_gateway"
# nginx escapes quotes in what a visitor sends, so that none of it can look like a request of its own.
_REQUEST = re.compile(rb'"([A-Z]{3,10}) ([^ "?\\]{1,300})([^ "]{0,9000}) HTTP/[0-9.]{1,3}"(?: ([0-9]{3}) )?')
#: What the usual formats begin with.
_CLIENT = re.compile(rb"([0-9a-fA-F.:]{3,45}) ")
# Formats that give each part a field of its own.
_METHOD = re.compile(rb'"(?:request_)?method": ?"([A-Z]{3,10})"')
_TARGET = re.compile(rb'"(?:request_)?ur[il]": ?"(/[^ "?\\]{0,299})([^ "]{0,9000})"')
_STATUS = re.compile(rb'"status": ?"?([0-9]{3})\b')
_TIME = re.compile(rb"[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}(?::[0-9]{2}){3} [+-][0-9]{4}")
_ISO_TIME = re.compile(rb"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8})(?:\.[0-9]+)?([+-][0-9]{2}):?([0-9]{2})")


def visits(
    host: Host, logs: Iterable[str], prefix: str, paths: Collection[str], since: float, printed: str = ""
) -> "List[Visits]":
    """What each of these logs has of these paths, and of others that failed. since: when the window begins in which failures count. A log may be relative to
    nginx's prefix.

    printed: the file that an engine keeps of what a container prints: images let their access log be that.
    """
    rows: "List[Visits]" = []
    for log in logs:
        file = os.path.join(prefix, log)
        if printed and not host.exists(file):
            file = printed
        end = read_end(host, file, READ_LIMIT if paths else SHORT_LIMIT)
        if not paths and end.written < since:
            continue
        older = last_rotated(host, file) if paths and end.whole else None
        data = as_printed(file, (read_end(host, older, READ_LIMIT).data if older else b"") + end.data)
        wanted = {*paths, *_failed(data)}
        rows += counted(log, data, wanted, since) if wanted else []
    rows = [row for row in rows if row["failed"] or row["path"] in paths]
    return sorted(rows, key=lambda row: row["path"] not in paths)[:ROWS]


def counted(source: str, data: bytes, paths: Collection[str], since: float) -> "List[Visits]":
    """The lines of one log added up. What this collection asks itself does not count."""
    wanted = {path.encode("utf-8", "replace") for path in paths}
    rows: "Dict[Tuple[bytes, bytes], Visits]" = {}
    urls: "Dict[Tuple[bytes, bytes, bytes], SameQuery]" = {}
    for line in data.split(b"\n"):
        asked = _asked(line)
        if asked is None or asked.path not in wanted or asked.status == _NOBODY or _OURS in line:
            continue
        method, path, query, named = asked
        row = rows.setdefault((method, path), _none_of(source, method, path))
        status = named.decode()
        row["statuses"][status] = row["statuses"].get(status, 0) + 1
        when = _when(line) if named in _FAILED else 0.0
        has_failed = when >= since
        if has_failed:
            client = _of_a_private_network(line)
            row["client"] = client if not row["failed"] or row["client"] == client else ""
            row["last"] = max(row["last"], 0.0 if when == float("inf") else when)
            row["runs"] += bool(row["since"] or not row["failed"])
        _add(row, has_failed)
        if query:
            url = urls.setdefault((method, path, query), {"asked": 0, "failed": 0, "span": 0, "since": 0})
            url["asked"] += 1
            _add(url, has_failed)
    for key, url in urls.items():
        row = rows[key[:2]]
        if url["failed"] > (row["same_query"]["failed"] if row["same_query"] else 0):
            row["same_query"] = url
    return list(rows.values())


class _Asked(NamedTuple):
    """One request of a log, in its bytes."""

    method: bytes
    path: bytes
    query: bytes
    status: bytes


def _asked(line: bytes) -> Optional[_Asked]:
    """The request that a line is about; None where it shows none."""
    found = _REQUEST.search(line)
    if found:
        method, path, query, status = found.groups()
        return _Asked(method, path, query, status or next(iter(_STATUS.findall(line)), _NOBODY))
    by, target, ended = _METHOD.search(line), _TARGET.search(line), _STATUS.search(line)
    return _Asked(by.group(1), target.group(1), target.group(2), ended.group(1)) if by and target and ended else None


def _failed(data: bytes) -> Set[str]:
    """The paths of requests that failed."""
    lines = (line for line in data.split(b"\n") if b"502" in line or b"504" in line)
    asked = (one for one in map(_asked, lines) if one and one.status in _FAILED)
    return {one.path.decode("utf-8", "replace") for one in asked}


def _none_of(source: str, method: bytes, path: bytes) -> "Visits":
    shown = path.decode("utf-8", "replace")
    none: "Visits" = {
        "source": source, "method": method.decode(), "path": shown,
        "statuses": {}, "failed": 0, "span": 0, "since": 0, "last": 0.0, "runs": 0, "client": "", "same_query": None,
    }  # fmt: skip
    return none


def _of_a_private_network(line: bytes) -> str:
    """Who asked, where that is no public address: those of visitors are nobody's business but their host's. Empty else."""
    client = _CLIENT.match(line)
    try:
        address = ipaddress.ip_address(client.group(1).decode()) if client else None
    except ValueError:
        return ""
    return "" if address is None or address.is_global else str(address)


def _add(row: "Union[Visits, SameQuery]", has_failed: bool) -> None:
    if has_failed:
        row["span"] += row["since"] + 1
        row["failed"] += 1
        row["since"] = 0
    elif row["failed"]:
        row["since"] += 1


def _when(line: bytes) -> float:
    """When a line was written; the end of time where it does not say so."""
    found = _TIME.search(line)
    if found:
        return _epoch(found.group(), "%d/%b/%Y:%H:%M:%S %z")
    iso = _ISO_TIME.search(line)
    return _epoch(b"".join(iso.groups()), "%Y-%m-%dT%H:%M:%S%z") if iso else float("inf")


def _epoch(text: bytes, form: str) -> float:
    try:
        return datetime.strptime(text.decode(), form).timestamp()
    except ValueError:
        return float("inf")
