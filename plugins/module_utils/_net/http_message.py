# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/1 as far as a look needs it: one GET or HEAD, the status, the size of the header.

Private to this collection: it may change in any release.
"""

import re
import socket
from typing import TYPE_CHECKING, Dict, NamedTuple, Optional, Tuple
from urllib.parse import quote, urlsplit

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import bracketed
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.connection import Reader
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.header_faults import header_faults
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.reply import (
    drain,
    exchange,
    protocol_of,
    reply,
    unanswered,
)

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.reply import Reply

USER_AGENT = "webops.bad_gateway"
METHODS = ("GET", "HEAD")

_HEADER_END = re.compile(b"\r?\n\r?\n")
_STATUS_LINE = re.compile(rb"\AHTTP/[0-9]\.[0-9] ([0-9]{3})")
_FIELD = re.compile(rb"\A([^:\s]+):[ \t]*(.*?)[ \t\r]*\Z")
_PLAIN_TO_TLS = re.compile(rb"plain HTTP(?: request was sent)? to (?:an SSL|HTTPS)", re.IGNORECASE)
_UNSAFE = re.compile(r"[\x00-\x20\x7f]")


class Url(NamedTuple):
    """The parts of a URL. host is in ASCII, authority goes into the Host header, target into the request line."""

    text: str
    scheme: str
    host: str
    port: int
    authority: str
    target: str


class Head(NamedTuple):
    """A header that has come in whole. size counts its bytes with the blank line; faults is what nginx refuses in it."""

    status: Optional[int]
    fields: Dict[str, str]
    size: int
    faults: Tuple[str, ...] = ()


def split_url(text: str) -> Url:
    """The parts of a URL. Raises ValueError with what is wrong with it."""
    if _UNSAFE.search(text):
        raise ValueError("a URL has no blanks and no control characters")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("a URL begins with http://HOST or https://HOST")
    if "@" in parts.netloc:
        raise ValueError("a URL with a user name or a password is not asked")
    host = parts.hostname
    if not host.isdecimal() and ":" not in host:
        host = host.encode("idna").decode("ascii")
    usual = 443 if parts.scheme == "https" else 80
    port = parts.port or usual
    shown = bracketed(host)
    target = quote(parts.path or "/", safe="%/:=&~+!$,;'@()*[]") + (
        "?" + quote(parts.query, safe="%/:=&?~+!$,;'@()*[]") if parts.query else ""
    )
    return Url(text, parts.scheme, host, port, shown if port == usual else "%s:%d" % (shown, port), target)


def request(method: str, target: str, host: str, headers: Dict[str, str], version: str = "1.0") -> bytes:
    """The bytes of a request that asks for the connection to be closed. Raises ValueError where a value would forge a line."""
    fields = {"Host": host, "User-Agent": USER_AGENT, "Accept": "*/*", "Connection": "close"}
    fields.update(headers)
    if method not in METHODS:
        raise ValueError("only GET and HEAD are asked, not %s" % method)
    if _UNSAFE.search(target) or any(char in name + value for name, value in fields.items() for char in "\r\n\0"):
        raise ValueError("a control character in the request")
    lines = ["%s %s HTTP/%s" % (method, target, version)] + ["%s: %s" % item for item in fields.items()]
    return "\r\n".join(lines + ["", ""]).encode("utf-8", "replace")


def header_end(data: bytes) -> Optional[int]:
    """How many bytes the header has, its blank line included; None where that has not come yet."""
    found = _HEADER_END.search(data)
    return found.end() if found else None


def fields_of(header: bytes) -> Dict[str, str]:
    """The values of header fields by their name in lower case; of repeated ones the last."""
    found = (_FIELD.match(line) for line in header.split(b"\n"))
    return {pair.group(1).decode("latin-1").lower(): pair.group(2).decode("latin-1") for pair in found if pair}


def head_of(data: bytes) -> Optional[Head]:
    """The final header of an HTTP reply, after interim ones (1xx); None while it is incomplete."""
    passed = 0
    while True:
        size = header_end(data[passed:])
        if size is None:
            return None
        header = data[passed : passed + size]
        status = _STATUS_LINE.match(header)
        code = int(status.group(1)) if status else None
        if code is None or not 100 <= code < 200 or code == 101:
            return Head(code, fields_of(header), size, tuple(header_faults(header)))
        passed += size


def cgi_status(fields: Dict[str, str]) -> Optional[int]:
    """Status of a reply in CGI's manner, as nginx reads it."""
    status = fields.get("status", "")[:3]
    if status.isdecimal():
        return int(status)
    return 302 if "location" in fields else 200


def read_head(reader: Reader) -> Tuple[Optional[Head], Optional[str]]:
    """Read to the end of the header: the header, or why there is none."""
    why = reader.until(_has_head)
    return (None, why) if why else (head_of(bytes(reader.data)), None)


def _has_head(data: bytes) -> bool:
    """Whether the header is complete. Raises ValueError where this is no HTTP."""
    if not b"HTTP/".startswith(data[:5]) and protocol_of(data) != "http":
        raise ValueError("not an HTTP reply")
    return head_of(data) is not None


def speak(sock: socket.socket, message: bytes, deadline: Deadline) -> "Reply":
    """Send a request and return the reply."""
    sent = exchange(sock, message, deadline, _has_head)
    head = None if sent.why else head_of(sent.data)
    if head is None:
        return unanswered(sent)
    answer = reply(
        "http",
        sent,
        status=head.status,
        header_bytes=head.size,
        wire_bytes=head.size,
        faults=list(head.faults),
    )
    # This is how Apache and nginx answer a client that should have spoken TLS: in plain HTTP.
    if head.status == 400 and _PLAIN_TO_TLS.search(drain(sock, deadline, sent.data)):
        answer["protocol"], answer["error"] = "tls", "plain HTTP request was sent to a TLS port"
    else:
        drain(sock, deadline)
    return answer
