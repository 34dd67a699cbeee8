# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The grammar of a line of nginx's error log.

    2026/01/02 03:04:05 [error] 71#71: *5 MESSAGE (111: text) while ACTION, client: C, server: S, request: "R", subrequest: "S",
    upstream: "U", host: "H", referrer: "F"

nginx prints the fields in this order and escapes nothing: R, S, H and F, and the end of U, are the client's words. So each field is taken
from the place where it must begin, never searched for. The line is cut at 2048 bytes: whatever is missing at its end is None.

Private to this collection: it may change in any release.
"""

import re
from typing import NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.collector_prefix import strip_prefix
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import printable

LEVELS = ("debug", "info", "notice", "warn", "error", "crit", "alert", "emerg")


class Request(NamedTuple):
    """What the client asked for, without its query string. query: whether it had one."""

    method: str
    path: str
    query: bool = False


class Upstream(NamedTuple):
    """The peer that was tried. text is what nginx prints of it, without the query."""

    scheme: str
    address: Address
    text: str


class ErrorLine(NamedTuple):
    """One line, taken apart. http is False for lines that stream{} and mail{} write: they are no answers to HTTP requests."""

    when: Optional[str]
    level: str
    pid: Optional[int]
    connection: Optional[int]
    message: str
    errno: Optional[int]
    action: Optional[str]
    client: Optional[str]
    server: Optional[str]
    request: Optional[Request]
    upstream: Optional[Upstream]
    host: Optional[str]
    http: bool


# `nginx: [emerg] ...` is what nginx says on its standard error while it starts or tests.
_HEAD = re.compile(
    r"(?:(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)|nginx:) \[([a-z]{4,6})\] (?:(\d{1,10})#\d{1,20}: )?(?:\*(\d{1,20}) )?"
)
_ACTION = r" while ([A-Za-z][A-Za-z0-9/ ]{2,60})"
_CONTEXT = re.compile(r"(?:%s)?, (?=(?:udp )?(?:client|resolver|responder): )" % _ACTION)
_LAST_ACTION = re.compile(_ACTION + r"\Z")
_ERRNO = re.compile(r" \((\d{1,4}): [^()]{0,120}\)?(?: in (?:command line|/[^\s:]{1,400}:\d{1,9}))?\Z")
_CLIENT = re.compile(r"(?:udp )?client: ([^,]{1,120}?)(?: using starttls)?, server: ([^,]{0,300})(?=,|\Z)")
_SOCKET = re.compile(r"(?:\S*:\d{1,5}|unix:.*)\Z")
_REQUEST = re.compile(r', request: "(?:([A-Za-z_-]{1,32}) )?')
_VERSION = re.compile(r' {1,8}HTTP/\d(?:\.\d)?"')
_NEXT_FIELD = re.compile(r'", (?:subrequest|upstream|host): "')
_UPSTREAM = re.compile(
    # Passenger's module writes passenger:unix:/PATH:
    r', upstream: "(([a-z]{2,16}):(?://|(?=unix:/))(unix:[^:"]{1,108}|\[[0-9A-Fa-f:.%]{2,60}\](?::\d{1,5})?|[^\s/:"?]{1,253}(?::\d{1,5})?))'
)
_UPSTREAM_FIELD, _HOST_FIELD = ', upstream: "', '", host: "'
_HOST = re.compile(r', host: "([A-Za-z0-9._:\[\]-]{1,255})"')
_CONNECT_TO = re.compile(
    r"connect\(\) to (unix:[^:]{1,108}|\[[0-9A-Fa-f:.%]{2,60}\]:\d{1,5}|[0-9.]{7,15}:\d{1,5}):? failed \("
)
_PATH_END = re.compile(r'[?#"\s]')
_PATH_LIMIT = 300


def parse_line(line: str) -> Optional[ErrorLine]:
    """The parts of a line; None where it is no line of nginx's error log."""
    return parse_stripped(strip_prefix(line).text)


def parse_stripped(text: str) -> Optional[ErrorLine]:
    """As parse_line, for text without the prefix of a collector."""
    head = _HEAD.match(text)
    if not head or head.group(2) not in LEVELS:
        return None
    when, level, pid, connection = head.groups()
    message, action, rest = _split(text[head.end() :])
    client, server, after = _client(rest)
    request, upstream, host = _fields(after)
    return ErrorLine(
        when=when,
        level=level,
        pid=int(pid) if pid else None,
        connection=int(connection) if connection else None,
        message=message,
        errno=_errno(message),
        action=action,
        client=client,
        server=server,
        request=request,
        upstream=upstream or connect_to(message),
        host=host,
        http=_is_http(rest, server, after),
    )


def _split(body: str) -> Tuple[str, Optional[str], str]:
    """Message, action and the fields after it. The first place where fields can begin is the right one: all later text is the client's."""
    context = _CONTEXT.search(body)
    if context:
        return body[: context.start()], context.group(1), body[context.end() :]
    action = _LAST_ACTION.search(body)
    if action:
        return body[: action.start()], action.group(1), ""
    return body, None, ""


def _errno(message: str) -> Optional[int]:
    """The number in the last parentheses. The codes of the resolver look the same and are no errnos."""
    found = _ERRNO.search(message)
    if not found or message[: found.start()].endswith("could not be resolved"):
        return None
    return int(found.group(1))


def _client(rest: str) -> Tuple[Optional[str], Optional[str], str]:
    found = _CLIENT.match(rest)
    if not found:
        return None, None, ""
    return found.group(1), found.group(2).strip() or None, rest[found.end() :]


def _is_http(rest: str, server: Optional[str], after: str) -> bool:
    """Whether a line is about HTTP: stream{} and mail{} have no request, and name the socket where HTTP names the server."""
    if after.startswith(', request: "') or not rest:
        return True
    if rest.startswith("udp client: ") or after.startswith((", upstream: ", ", bytes from/to ", ", login: ")):
        return False
    return server is None or not _SOCKET.match(server)


def _fields(after: str) -> Tuple[Optional[Request], Optional[Upstream], Optional[str]]:
    opening = _REQUEST.match(after)
    if not opening:
        return None, None, None
    # The request line ends at its version: nginx takes no line with more after it, so a client cannot write one earlier.
    end = _VERSION.search(after, opening.end())
    following = _NEXT_FIELD.search(after, opening.end())
    if end:
        text, fields = after[opening.end() : end.start()], after[end.end() :]
    elif following:
        text, fields = after[opening.end() : following.start()], after[following.start() + 1 :]
        if max(fields.count(name) for name in (_UPSTREAM_FIELD, _HOST_FIELD[1:])) > 1:
            fields = ""
    else:
        text, fields = after[opening.end() :], ""
    request = Request(opening.group(1) or "", _path(text), _PATH_END.split(text.strip(), 1)[0] + "?" in text)
    if fields.startswith(', subrequest: "'):
        following = _NEXT_FIELD.search(fields, 15)
        fields = fields[following.start() + 1 :] if following else ""
    return (request,) + _peer(fields)


def _peer(fields: str) -> Tuple[Optional[Upstream], Optional[str]]:
    found = _UPSTREAM.match(fields)
    if not found:
        host = _HOST.match(fields)
        return None, host.group(1) if host else None
    origin, scheme, address = found.groups()
    # Behind a socket nginx writes a colon and the URI, and neither of a response that does not come.
    separator = ":" if address.startswith("unix:") and fields[found.end() :][:1] == ":" else ""
    uri = fields[found.end() + len(separator) :]
    upstream = Upstream(scheme, _address(address), origin + separator + _path(uri))
    # A client can write such a field into its path, or into its referrer: of two nobody knows which is nginx's.
    following = uri.find(_HOST_FIELD)
    host = _HOST.match(uri, following + 1) if uri.count(_HOST_FIELD) == 1 else None
    return upstream, host.group(1) if host else None


def _path(uri: str) -> str:
    """A path without query string, fragment or what follows a quote."""
    return printable(_PATH_END.split(uri.strip(), 1)[0], _PATH_LIMIT)


def _address(printed: str) -> Address:
    """The address in unix:/run/x.sock, [::1]:80, 10.0.0.1:80, or of the name of an upstream{} block."""
    return read_address(printed if printed.startswith("unix:") else "tcp:" + printed)


def connect_to(message: str) -> Optional[Upstream]:
    """The peer in the message of a connect() that failed at once: the line may be cut before its upstream."""
    found = _CONNECT_TO.match(message)
    return Upstream("", _address(found.group(1)), found.group(1)) if found else None
