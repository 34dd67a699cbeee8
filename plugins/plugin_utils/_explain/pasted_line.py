# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signature of a log line as a person pastes it: without date, level or pid, after any prefix, cut at either end, from another system.

It looks for the message wherever it begins, completes what is cut off, and asks the strict reader. What a host's logs say is read by the strict
reader alone: there anybody who can write into a log would gain from a lenient one. Here the person who pastes is the one who is answered.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.collector_prefix import LONGEST_LINE
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.kernel_signature import kernel_event
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.php_fpm_signature import parse_fpm
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.signature import error_signature
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._explain.pasted_text import records_of


class Fragment(t.NamedTuple):
    """A pasted record. line: as it was read; whole: the whole line that it stands for, as its program would have written it."""

    line: str
    whole: str
    signature: str | None


_TIME, _FPM_TIME = "2026/01/02 03:04:05", "[02-Jan-2026 03:04:05]"
_LEVELS = "debug|info|notice|warn|error|crit|alert|emerg"
#: What of the head of nginx's lines may be left: the level, the process, the connection. What follows it is the message.
_HEAD = re.compile(
    r"\[(?P<level>%s)\] ?:? ?(?:\d{1,10} ?# ?\d{1,20} ?: ?)?(?:\* ?\d{1,20} ?)?|(?:\d{1,10}#\d{1,20}: )(?:\*\d{1,20} )?|\*\d{1,20} "
    % _LEVELS
)
_ACCESS_LOG = re.compile(r'\] "(?:[A-Z]{3,12} |-|\\x)[^"]{0,4000}" \d{3} ')

#: Where a message of nginx begins, past whatever stands before it.
_NGINX = re.compile(
    r"(?:kevent\(\) reported |connect ?\(\) |upstream (?:prematurely|timed out|sent |SSL |rejected)|no live upstreams|no resolver defined"
    r"|(?:recv|readv|recvmsg|send|writev|sendmsg|sendfile|SSL_[a-z_]+)\(\) failed|peer closed connection in SSL|host not found in"
    r"|\d+ worker_connections are|(?:accept4?|socket|open|mkdir|p?writev?|p?read)\(\) |(?:bind|setsockopt)\(|FastCGI sent in stderr|memcached sent "
    r"|\S+ could not be resolved \(|cannot load certificate |unknown directive|an upstream response is buffered)",
    re.IGNORECASE,
)
#: Who quotes the text after it: a visitor's words, a script's, another program's.
_QUOTES = re.compile(
    r"PHP (?:message|Fatal|Parse|Warning|Notice)|Uncaught |said into |\bjs: |\[lua\]|user \"|\"[A-Z]{3,8} /"
)
#: Calls that nginx speaks of at [crit] where a limit or its own folders are meant.
_CRITICAL = re.compile(r"(?:accept4?|socket|open|mkdir|p?writev?)\(\) ")
#: What is left of a connect whose beginning is cut off: at least the error and the phase.
_REST_OF_CONNECT = re.compile(r"(?:failed )?\(?(?:(\d{1,5}): )?([A-Z][\w ]{6,60})\) while connecting to upstream")
_PHASES = (
    "connecting to upstream",
    "SSL handshaking to upstream",
    "sending request to upstream",
    "reading response header from upstream",
    "reading upstream",
)
_IN_PHASE = re.compile(r" while (%s)" % "|".join(_PHASES))
_UPSTREAM = re.compile(
    r'upstream: ?"? ?([a-z]{2,16}: ?// ?(?:unix: ?[^\s",:]+:?|\[[0-9A-Fa-f:.%]+\](?::\d+)?|[\w.-]+(?::\d+)?)\S*?)(?:"|\s|\Z)'
)
#: stream{} and mail{}, which answer no HTTP request.
_NO_HTTP = re.compile(r"while proxying and |, login: \"|, upstream: \"[^\"]{1,300}\", bytes from/to client:")
#: nano's and less' marks of a line that goes on, and what a person leaves out.
_CUT_END = re.compile(r"(?:[,;:]? *(?:\.{3}|…|\$|>|client:?|clien?|[.,;'\"]))+\Z")
_WINDOWS = {
    "10061": "111", "10060": "110", "10054": "104", "10053": "104", "10065": "113", "10051": "101", "10049": "99", "10013": "13", "10048": "98"
}  # fmt: skip
_ERROR_TEXTS = {
    "connection refused": 111, "no route to host": 113, "host is unreachable": 113, "network is unreachable": 101,
    "connection timed out": 110, "operation timed out": 110, "connection reset by peer": 104, "permission denied": 13,
    "no such file or directory": 2, "cannot assign requested address": 99, "resource temporarily unavailable": 11,
}  # fmt: skip
#: Messages that are known by their beginning, however early they are cut.
_KNOWN = (
    'host not found in upstream "name" in /etc/nginx/nginx.conf:1',
    "upstream prematurely closed connection while reading response header from upstream",
    "upstream sent too big header while reading response header from upstream",
    "upstream timed out (110: Connection timed out) while reading response header from upstream",
    "no live upstreams while connecting to upstream",
    "peer closed connection in SSL handshake while SSL handshaking to upstream",
    "recv() failed (104: Connection reset by peer) while reading response header from upstream",
)
_SHORTEST = 14
#: What the strict reader says of a line that it knows in part: a mangled message may be known exactly once it is put right.
_IN_PART = ("upstream_failed", "nginx_config_invalid", "backend_start_fails", None)
#: What nginx is doing with a client, which is no phase of an upstream that is cut off.
_CLIENTS_HANDSHAKE = "SSL handshaking"

_FPM = re.compile(
    r"(?:\[pool [^\]]{1,200}\] )?(?:server reached (?:pm\.)?max_children setting|child (?:\d+ )?exited on signal \d|child \d+, script '"
    r"|unable to bind listening socket|An(?:other)? another FPM instance|Another FPM instance|FPM initialization failed"
    r"|failed to (?:create new listening|open|load|post process)|listening queue is not empty|Connection disallowed|failed processes threshold"
    r"|Unable to create|\[\S+\.conf:\d+\] )"
)
_FPM_ERROR = re.compile(r"(?:\[pool [^\]]{1,200}\] )?(?:unable|An|FPM init|failed to|Unable|Connection|\[/)")
_KERNEL = re.compile(
    r"(?:\A|(?<!\]: ))(?:(?:Memory cgroup out|Out) of memory"
    r"|Tasks? in /|oom-kill:constraint|(?:traps: )?[\w.-]*php[\w.-]*\[\d+\]|type=AVC|audit\([\d.:]+\)|avc: )"
)


def fragments_of(text: str) -> list[Fragment]:
    """The records of a pasted text, each with its signature; None where it explains no 502."""
    return [min(map(fragment, ways), key=doubt) for ways in records_of(text)]


def doubt(read: Fragment) -> tuple[bool, bool, bool]:
    """What makes one reading of a record worse than another: it says nothing, nothing exact, or names no upstream."""
    return read.signature is None, read.signature in _IN_PART, ', upstream: "' not in read.whole


def pasted_signature(text: str) -> str | None:
    """The signature of the first record of a pasted text that has one; None where none has."""
    return next((one.signature for one in fragments_of(text) if one.signature), None)


def fragment(line: str) -> Fragment:
    """One line, as strictly as it can be read: as it stands, its message alone, its message with what is cut off."""
    line = line[:LONGEST_LINE].strip()
    signature = error_signature(line)
    if signature not in _IN_PART or _ACCESS_LOG.search(line) or _NO_HTTP.search(line):
        return Fragment(line, line, signature)
    whole = line
    for candidate in (*nginx_lines(line), *fpm_lines(line)):
        found = error_signature(candidate)
        if found and (found not in _IN_PART or not signature):
            whole, signature = candidate, found
        if signature not in _IN_PART:
            break
    if not signature:
        kernel = _KERNEL.search(line)
        event = kernel_event(None, line[kernel.start() :]) if kernel else None
        signature = event.signature if event else None
    return Fragment(line, whole, signature)


def nginx_lines(line: str) -> t.Iterator[str]:
    """Whole lines of nginx's error log that a fragment may stand for, the nearest to it first."""
    message = message_of(line)
    if not message:
        return
    head = "%s [%s] 1#1: *1 " % (_TIME, level_of(line, message))
    yield head + message
    yield head + completed(message)


def message_of(line: str) -> str | None:
    """nginx's message in its usual spelling, from what is left of a line's head on, or else from where a known one begins; None where there is none."""
    head, found = _HEAD.search(line), _NGINX.search(line)
    if head or found:
        begins = head.end() if head and (not found or head.start() < found.start()) else found.start() if found else 0
        if _QUOTES.search(line, 0, begins):
            return None
        message = line[begins:].lstrip()
        if message.startswith(("Upstream", "Connect", "No ", "Peer", "Host")):
            message = message[0].lower() + message[1:]
        message = re.sub(r"\Aconnect ?\(\) +to unix: ?/", "connect() to unix:/", message)
        return re.sub(r"\((100\d\d): ", lambda code: "(%s: " % _WINDOWS.get(code.group(1), code.group(1)), message)
    rest = _REST_OF_CONNECT.search(line)
    number = (rest.group(1) or _ERROR_TEXTS.get(rest.group(2).lower())) if rest else None
    return "connect() failed (%s: x)%s" % (number, line[rest.end(2) + 1 :]) if rest and number else None


def level_of(line: str, message: str) -> str:
    """The level that the line has, or else the one at which nginx says this."""
    head = _HEAD.search(line)
    if head and head.group("level"):
        return head.group("level")
    if message.startswith(("host not found in", "unknown directive")):
        return "emerg"
    return "crit" if _CRITICAL.match(message) else "error"


def completed(message: str) -> str:
    """A message with what a person, a pager or a window cut off its end, and with the upstream where one can be read."""
    phase = _IN_PHASE.search(message)
    if phase:
        peer = _UPSTREAM.search(message, phase.end())
        fields = ', upstream: "%s"' % peer.group(1).replace(" ", "") if peer else ""
        return message[: phase.end()] + ', client: 192.0.2.1, server: , request: "GET / HTTP/1.1"' + fields
    message = _CUT_END.sub("", message.rstrip())
    for known in _KNOWN:
        if len(message) >= _SHORTEST and known.startswith(message):
            return known
    begun, cut, phase_begun = message.rpartition(" while ")
    if cut:
        phases = () if phase_begun == _CLIENTS_HANDSHAKE else _PHASES
        return "%s while %s" % (begun, next((one for one in phases if one.startswith(phase_begun)), phase_begun))
    if message.startswith("host not found in upstream"):
        return message + ' "name" in /etc/nginx/nginx.conf:1'
    return message


def fpm_lines(line: str) -> t.Iterator[str]:
    """The whole line of PHP-FPM's log that a fragment may stand for."""
    found = _FPM.search(line)
    known = parse_fpm(line)
    if not found or (known and known.level == "DEBUG") or _QUOTES.search(line, 0, found.end()):
        return
    message = re.sub(r"\bchild exited", "child 1 exited", _CUT_END.sub("", line[found.start() :]))
    message = re.sub(r"(max_children setting)\Z", r"\1 (0)", message)
    if "unable to bind" in message and not re.search(r"\(\d+\)\Z", message):
        number = next((number for text, number in _ERROR_TEXTS.items() if text in message.lower()), 98)
        message += " (%d)" % number
    yield "%s %s: %s" % (_FPM_TIME, "ERROR" if _FPM_ERROR.match(message) else "WARNING", message)
