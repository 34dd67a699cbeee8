# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which protocol a backend speaks that gives no answer in the one that nginx speaks to it, or ends the TLS handshake.

Private to this collection: it may change in any release.
"""

import socket
import ssl
import time
from typing import TYPE_CHECKING, Callable, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net import fastcgi, http_message, small_protocols
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.proxy_line import proxy_line
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.tls import handshake
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.tls_trials import takes

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.reply import Reply

Dial = Callable[[Deadline], Optional[socket.socket]]

_SECONDS = 2.0
_HEAD = fastcgi.params_for("HEAD", "/", "localhost", {})
_OWN = {"proxy": "http", "fastcgi": "fastcgi", "grpc": "http2", "uwsgi": "uwsgi", "scgi": "cgi"}
#: HTTP first: its servers answer whatever they are sent.
_TRIED = ("http", "proxy_protocol", "fastcgi", "http2", "uwsgi", "cgi", "ajp")
#: Some servers hang up on a request in HTTP/1.0, which is what nginx sends where nothing else is set.
_NEWER = "http/1.1"
#: What is heard of a server that was asked in its own protocol.
_HEARD = {"uwsgi": ("http", "cgi"), "proxy_protocol": ("http",), _NEWER: ("http",)}
#: How HTTP's own servers refuse the line of the PROXY protocol, at once, also those whose application is too slow to answer anything.
_NO_REQUEST = (400, 405, 501, 505)
_NONSENSE = b"\xff\xff\xff\xff\r\n\r\n"


def heard_instead(
    dial: Dial, family: Optional[str], reply: "Reply", limit: Deadline, version: Optional[str] = None
) -> None:
    """Put into a reply that says nothing what the backend answers in other protocols; its own is tried first, as one request alone may fail.

    version: of HTTP, in which it was asked.
    """
    own = _OWN.get(family or "")
    if reply["protocol"] != "unknown" or reply["began"] or not reply["error"]:
        return
    tried = sorted(_TRIED, key=lambda one: one != own)
    if own == "http" and version == "1.0" and reply["ended"] in ("closed", "reset"):
        tried.insert(1, _NEWER)
    for protocol in tried:
        heard = _heard(dial, protocol, Deadline(_SECONDS, limit))
        if heard:
            if heard[0] != own:
                reply["protocol"], reply["began"] = heard
            return
    versions = takes(dial, None, limit).versions
    if versions:
        reply["protocol"], reply["began"] = "tls", versions[-1]


def wants_line(dial: Dial, made: ssl.SSLContext, name: Optional[str], limit: Deadline) -> bool:
    """Whether a server that hangs up on TLS takes it once the line of the PROXY protocol came before it."""
    sock = dial(limit)
    if sock is None:
        return False
    try:
        sock.sendall(proxy_line(sock))
    except OSError:
        sock.close()
        return False
    talking, shaken = handshake(sock, made, name, Deadline(_SECONDS, limit))
    (talking or sock).close()
    return shaken["ok"]


def answers_plainly(dial: Dial, limit: Deadline) -> bool:
    """Whether a server that is silent in a TLS handshake answers HTTP without TLS."""
    return _heard(dial, "http", Deadline(_SECONDS, limit)) is not None


def _heard(dial: Dial, protocol: str, deadline: Deadline) -> Optional[Tuple[str, str]]:
    """What the backend speaks, by its answer to a message of a protocol, and the first bytes of that; None where the answer says nothing."""
    sock = dial(deadline)
    if sock is None:
        return None
    with sock:
        if protocol in ("http", "proxy_protocol", _NEWER):
            message = http_message.request("HEAD", "/", "localhost", {}, "1.1" if protocol == _NEWER else "1.0")
            line = proxy_line(sock) if protocol == "proxy_protocol" else b""
            reply = http_message.speak(sock, line + message, deadline)
        elif protocol == "fastcgi":
            reply = fastcgi.speak(sock, fastcgi.question(), deadline)
        elif protocol == "http2":
            reply = small_protocols.speak_http2(sock, deadline)
        elif protocol == "ajp":
            reply = small_protocols.speak_ajp(sock, deadline)
        else:
            packed = small_protocols.uwsgi_request if protocol == "uwsgi" else small_protocols.scgi_request
            reply = small_protocols.speak_cgi(sock, packed(_HEAD), deadline)
    if reply["status"] in _NO_REQUEST and (
        protocol == "proxy_protocol" or protocol == "uwsgi" and _answers_nonsense(dial, deadline)
    ):
        return "http", reply["began"]
    return (protocol, reply["began"]) if reply["protocol"] in _HEARD.get(protocol, (protocol,)) else None


def _answers_nonsense(dial: Dial, deadline: Deadline) -> bool:
    """Whether the backend answers HTTP to what is a message of no protocol: only HTTP's own servers do. One that breaks off at a request breaks off at what
    others ask of the same worker, too: it is asked more than once."""
    for _try in range(3):
        sock = dial(deadline)
        if sock is not None:
            with sock:
                if http_message.speak(sock, _NONSENSE, deadline)["protocol"] == "http":
                    return True
        time.sleep(0.1)
    return False
