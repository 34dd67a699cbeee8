# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which line of nginx's error log a request of our own has made.

Private to this collection: it may change in any release.
"""

from typing import Iterable, List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.nginx_line import ErrorLine
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.nginx_signature import nginx_signature

_CONSEQUENCE = "no_live_upstreams"
#: nginx's own 500, for which no upstream failed.
_NO_FAULT = "auth_request_unexpected_status"
_PATH_LIMIT = 300


class Request(NamedTuple):
    """A request of our own as nginx logs it. client is None where the log has no address for it (unix sockets)."""

    method: str
    path: str
    host: str
    client: Optional[str]


class Blame(NamedTuple):
    """What made a request fail, and the canonical address of the upstream that it went to."""

    signature: Optional[str]
    upstream: Optional[str]


NOTHING = Blame(None, None)


def is_of(line: ErrorLine, request: Request) -> bool:
    """Whether a line was made by this request. A long line is cut before its host, so that only what is there can differ."""
    if line.request is None or line.request.method != request.method or line.request.path != request.path[:_PATH_LIMIT]:
        return False
    return line.host in (None, request.host) and (request.client is None or line.client == request.client)


def blame(request: Request, lines: Iterable[ErrorLine]) -> Blame:
    """Signature and upstream of the line that decided: the last one that has a signature, but not one that only reports failures before it."""
    found: List[Blame] = []
    for line in lines:
        signature = nginx_signature(line) if is_of(line, request) else None
        if signature not in (None, _NO_FAULT):
            found.append(Blame(signature, str(line.upstream.address) if line.upstream else None))
    causes = [one for one in found if one.signature != _CONSEQUENCE] or found
    return causes[-1] if causes else NOTHING
