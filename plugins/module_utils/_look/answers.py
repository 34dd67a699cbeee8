# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx answers to URLs now.

Private to this collection: it may change in any release.
"""

import errno
import re
import socket
import time
from functools import partial
from typing import TYPE_CHECKING, Any, List, Mapping, NamedTuple, Optional, Sequence, Union

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, given_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net import http2, http_message
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.connection import (
    Reader,
    dial,
    explain,
    send,
    targets_of,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.parallel import run_all
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.proxy_line import proxy_line
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.reply import protocol_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.tls import Tls, context, handshake
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import escaped

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import Literal, TypedDict

    from typing_extensions import NotRequired

    Asker = Literal["host", "controller"]

    #: What nginx on this host answers to one URL now.
    Answer = TypedDict(
        "Answer",
        {
            "url": str,
            "connect": Optional[str],  # where it was connected to; None: where the URL's host leads
            "method": str,
            "proxy_protocol": bool,
            "route": Any,  # as given: the id of the route that was asked, or None
            "from": Asker,
            "status": Optional[int],
            "asked": int,  # how often
            "seconds": float,
            "error": Optional[str],
            "timed_out": bool,
            "signature": Optional[str],  # of the error-log line that this request made; None where it made none
            "upstream": Optional[str],  # that the line names
            "server_header": Optional[str],
            "header_bytes": Optional[int],
            "client": Optional[str],  # the address that nginx saw
            "log_read": Optional[bool],  # whether the error logs could be read; None: none were given
            "upstream_status": "NotRequired[int]",  # of the upstream asked directly: error_page hides that it failed
        },
    )


AT_ONCE = 4
#: Seconds after which a URL is not asked once more.
REPEATS = 10.0
#: Of answers that say that one may not, so many are enough: who counts them may ban who asks.
REFUSALS, FEW = (401, 403, 429), 3
URLS = 50
#: How often the module asks a URL at most.
MOST_TIMES = 10

_CREDENTIALS = re.compile(r"//[^/?#]*@")


class Ask(NamedTuple):
    """One question: which URL, where to connect (None: where the URL's host leads), the route that it is for, and how often at most."""

    url: str
    connect: Optional[str]
    method: str
    proxy_protocol: bool
    route: Any
    times: int = 1


def ask_of(raw: Union[str, Mapping[str, Any]], usual: int = 1) -> Ask:
    """The question that one entry of the argument stands for. Credentials in a URL are neither sent nor returned."""
    given: Mapping[str, Any] = {"url": raw} if isinstance(raw, str) else raw
    url, method = without_credentials(str(given.get("url"))), given.get("method") or "GET"
    times = given.get("times")
    return Ask(
        url,
        given.get("connect"),
        method,
        bool(given.get("proxy_protocol")),
        given.get("route"),
        usual if times is None else times,
    )


def without_credentials(url: str) -> str:
    """The URL without a user name and password."""
    return _CREDENTIALS.sub("//", url)


def asks_of(raw: Sequence[Any], usual: int = 1) -> List[Ask]:
    """The questions that the argument stands for. usual: how often a URL is asked that says nothing else. Raises ValueError."""
    if len(raw) > URLS:
        raise ValueError("%d URLs: at most %d are asked" % (len(raw), URLS))
    if not all(isinstance(one, str) or (isinstance(one, dict) and one.get("url")) for one in raw):
        raise ValueError("each of urls is a URL, or a dictionary with url")
    asks = [ask_of(one, usual) for one in raw]
    for ask in asks:
        if ask.connect:
            given_address(ask.connect)
        if not isinstance(ask.times, int) or not 1 <= ask.times <= MOST_TIMES:
            raise ValueError("times of %s is %s: a whole number between 1 and %d" % (ask.url, ask.times, MOST_TIMES))
    return asks


def _blank(ask: Ask, asker: "Asker", error: Optional[str] = None) -> "Answer":
    return {
        "url": ask.url, "connect": ask.connect, "method": ask.method, "proxy_protocol": ask.proxy_protocol, "route": ask.route,
        "from": asker, "status": None, "asked": 1, "seconds": 0.0, "error": error, "timed_out": False,
        "signature": None, "upstream": None, "server_header": None, "header_bytes": None,
        "client": None, "log_read": None,
    }  # fmt: skip


def _connected(address: Address, deadline: Deadline) -> socket.socket:
    """A socket to the first address that takes it. Raises OSError."""
    dialled = dial(targets_of(address), deadline)
    socks = [one.sock for one in dialled if one.sock is not None]
    for spare in socks[1:]:
        spare.close()
    if socks:
        return socks[0]
    if dialled[0].errno == errno.ETIMEDOUT:
        raise socket.timeout()
    raise OSError(dialled[0].errno, dialled[0].error)


def _over_tls(sock: socket.socket, url: http_message.Url, deadline: Deadline) -> socket.socket:
    """No certificate is verified: on the host itself the name need not be the one that the certificate is for. Raises OSError."""
    wrapped, shaken = handshake(sock, context(Tls()), url.host, deadline)
    if wrapped is None:
        raise ConnectionError("TLS handshake with nginx: %s" % shaken["error"])
    return wrapped


def _opened(answer: "Answer", ask: Ask, address: Address, deadline: Deadline) -> socket.socket:
    """A socket over which nginx may be asked now. Raises OSError."""
    sock = _connected(address, deadline)
    answer["client"] = None if sock.family == socket.AF_UNIX else str(sock.getsockname()[0])
    if ask.proxy_protocol:
        send(sock, proxy_line(sock), deadline)
    return sock


def _fill(answer: "Answer", sock: socket.socket, url: http_message.Url, ask: Ask, deadline: Deadline) -> bool:
    """Ask over a socket; what comes back goes into answer. Returns whether nginx wants HTTP/2 there. Raises OSError, ValueError."""
    talking = sock
    try:
        talking = _over_tls(sock, url, deadline) if url.scheme == "https" else sock
        send(talking, http_message.request(ask.method, url.target, url.authority, {}, "1.1"), deadline)
        reader = Reader(talking, deadline)
        head, answer["error"] = http_message.read_head(reader)
        answer["timed_out"] = head is None and deadline.left() <= 0
        if head is not None:
            server = head.fields.get("server")
            answer["status"], answer["header_bytes"] = head.status, head.size
            answer["server_header"] = None if server is None else escaped(server.encode("latin-1"), 100)
        return head is None and protocol_of(bytes(reader.data)) == "http2"
    finally:
        talking.close()


def _fill_over_http2(
    answer: "Answer", sock: socket.socket, url: http_message.Url, ask: Ask, deadline: Deadline
) -> None:
    """The same, of a server that takes HTTP/2 alone, without TLS."""
    with sock:
        reply = http2.speak(sock, http2.request(ask.method, url.target, "http", url.authority, {}), deadline)
    answer["status"], answer["error"] = reply["status"], reply["error"]
    answer["timed_out"] = reply["ended"] == "late"


def ask_one(ask: Ask, timeout: float, within: Deadline, asker: "Asker" = "host") -> "Answer":
    """Ask one URL once; redirects are not followed."""
    answer = _blank(ask, asker)
    deadline = Deadline(timeout, within)
    started = time.monotonic()
    try:
        url = http_message.split_url(ask.url)
        address = given_address(ask.connect) if ask.connect else Address(url.host, url.port, "")
        if _fill(answer, _opened(answer, ask, address, deadline), url, ask, deadline):
            _fill_over_http2(answer, _opened(answer, ask, address, deadline), url, ask, deadline)
    except socket.timeout as error:
        answer["timed_out"], answer["error"] = True, explain(error, deadline)
    except (OSError, ValueError) as error:
        answer["error"] = explain(error, deadline)
    answer["seconds"] = round(time.monotonic() - started, 6)
    return answer


def ask_times(ask: Ask, timeout: float, within: Deadline, asker: "Asker" = "host") -> "Answer":
    """Ask one URL as often as it is to be asked: the worst answer. A failure ends it, and so does a slow site, or one that refuses."""
    started = time.monotonic()
    answers = [ask_one(ask, timeout, within, asker)]
    while len(answers) < ask.times and (answers[-1]["status"] or 599) < 500:
        if len(answers) == FEW and answers[-1]["status"] in REFUSALS:
            break
        if time.monotonic() - started > REPEATS or within.left() < 3 * answers[-1]["seconds"]:
            break
        answers.append(ask_one(ask, timeout, within, asker))
    worst = max(answers, key=lambda answer: answer["status"] or 999)
    worst["asked"] = len(answers)
    return worst


def ask_all(asks: Sequence[Ask], timeout: float, deadline: float, asker: "Asker" = "host") -> "List[Answer]":
    """Ask all, a few at a time so that a weak site is not hurt by it."""
    limit = Deadline(deadline)
    answers = run_all([partial(ask_times, ask, timeout, limit, asker) for ask in asks], AT_ONCE, limit)
    late = "not asked within %g seconds" % deadline
    return [answer or _blank(ask, asker, late) for answer, ask in zip(answers, asks)]
