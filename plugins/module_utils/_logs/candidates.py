# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a large log that can matter, picked cheaply, before any of them is taken apart.

nginx prints decoded paths, user names and PHP's words as they are, newlines included. A visitor who asks for `/%0A2026/01/02 ...` so writes
lines that look like nginx's own. A whole log shows them: nginx writes a record at once and never longer than 2048 bytes, so a line that stands
between the beginning of such a record and its end, less than that apart, is part of it. Text that also forges the beginning of another such
record after the forged line cannot be recognised; that is why a rule never believes a log line alone.

Private to this collection: it may change in any release.
"""

import re
from typing import Iterator, List

NGINX_RECORD = 2048

_START = rb"20\d\d/\d\d/\d\d \d\d:\d\d:\d\d \["
_NGINX = re.compile(
    _START
    + rb"(?:(?:error|warn)\] \d+#\d+: (?:\*\d+ )?(?:connect\(|kevent\(|upstream |no (?:live|resolver)|auth request|recv|readv|send|writev|SSL_|peer closed"
    rb"|memcached|\d+ worker_connections|service \S+ of|[^\s\"()]+ could not be|cannot load certificate"
    # Whatever else ends an exchange with an upstream, and quotes nobody.
    rb"|[^\"\[]{1,300} while (?:connecting to|SSL handshaking to|sending request to|reading response header from) upstream)|(?:crit|alert|emerg)\] "
    # The noise of clients: their handshakes, and paths of which only the status was read.
    rb"(?!\d+#\d+: \*\d+ (?:SSL_[a-z_]+\(\) failed [^,]{0,900} while SSL handshaking, client|(?:l?stat|realpath)\())"
    rb")"
)
# A record whose message quotes what others chose: a path, a user name, PHP's standard error.
_QUOTING = re.compile(_START + rb"[a-z]+\] \d+#\d+: \*\d+ [^,]{0,60}?\"")
_FPM = re.compile(
    rb"\[\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d(?:\.\d+)?\] (?:(?:WARNING|NOTICE): (?:pid \d+, \w+\(\), line \d+: )?(?:\[pool [^\]]+\] )?"
    rb"(?:server reached|child \d+ exited (?:on|with code [1-9])|child \d+, script|child \d+ said into \w+: \"ERROR: Conn|The maximum"
    rb"|listening queue|failed processes"
    rb"|Reloading in progress|reloading: execvp)|(?:ERROR|ALERT): )"
    rb"|PHP:  syntax error"
)
_KERNEL = re.compile(rb"avc: |apparmor=\"DENIED\"|ANOM_ABEND|type=1701|SECCOMP|type=1326")
_CLIENT = b", client: "


def nginx_lines(data: bytes, since: bytes) -> Iterator[bytes]:
    """Lines of nginx's error log that may have a signature, from since (as the log writes times) on, without those inside another record."""
    lines = data.split(b"\n")
    may_matter = _NGINX.match
    for number, line in enumerate(lines):
        if line[:19] >= since and may_matter(line) and not _is_within_another(lines, number):
            yield line


def fpm_lines(data: bytes) -> Iterator[bytes]:
    """Lines of PHP-FPM's log that may have a signature."""
    return (line for line in data.split(b"\n") if _FPM.match(line))


def kernel_lines(data: bytes) -> Iterator[bytes]:
    """Lines of audit.log that may have a signature."""
    return (line for line in data.split(b"\n") if _KERNEL.search(line[:400]))


def _is_within_another(lines: List[bytes], number: int) -> bool:
    distance = 0
    for before in range(number - 1, -1, -1):
        distance += len(lines[before]) + 1
        if distance >= NGINX_RECORD:
            return False
        if _QUOTING.match(lines[before]) and _ends_later(lines, number, NGINX_RECORD - distance):
            return True
    return False


def _ends_later(lines: List[bytes], number: int, room: int) -> bool:
    """Whether the end of a record that began before this line stands in it or after it, within room bytes."""
    if _has_foreign_end(lines[number]):
        return True
    room -= len(lines[number]) + 1
    for line in lines[number + 1 :]:
        if room <= 0 or (_QUOTING.match(line) and _CLIENT not in line):
            return False
        if _CLIENT in line and not line.startswith(b"20") and b'"' in line[: line.index(_CLIENT)]:
            return True
        room -= len(line) + 1
    return False


def _has_foreign_end(line: bytes) -> bool:
    """Whether a quote closes nothing in this line and fields follow it: `..., host: "h"" failed (2: ...), client: ...`."""
    return re.search(rb'"" (?:failed \(|while |is (?:forbidden|not )|was not ).{0,300}?, client: ', line) is not None
