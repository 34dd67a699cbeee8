# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One upstream of the argument made ready to be tried: what to say to it, in which protocol, over TLS or not.

Private to this collection: it may change in any release.
"""

import socket
import ssl
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, NamedTuple, Optional, Union

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, parse_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net import (
    fastcgi,
    http2,
    http_message,
    small_protocols,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.tls import Tls, context, failure

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.reply import Reply

FAMILIES = ("fastcgi", "proxy", "uwsgi", "scgi", "grpc", "memcached")

Speak = Callable[[socket.socket, Deadline], "Optional[Reply]"]


class Upstream(NamedTuple):
    """One upstream, ready to be tried: all that can be read or refused beforehand has been."""

    id: str
    address: str
    family: Optional[str]
    tls: Optional[ssl.SSLContext]
    server_name: Optional[str]
    spare_name: Optional[str]
    speak: Speak
    error: Optional[str]
    version: Optional[str] = None  # of HTTP, in which it is asked


def read_upstream(raw: Union[str, Mapping[str, Any]]) -> Upstream:
    """The upstream that one entry of the argument stands for; what is wrong with it becomes its error."""
    given: Mapping[str, Any] = {"address": raw} if isinstance(raw, str) else raw
    address, family = str(given.get("address")), given.get("family")
    version = (given.get("request") or {}).get("version")
    made = Upstream(str(given.get("id") or address), address, family, None, None, None, _silent, None, version)
    try:
        made = made._replace(speak=_speak(family, given.get("request"), parse_address(address)))
        tls = _tls_of(given)
        if tls is None:
            return made
        spare = (given.get("tls") or {}).get("spare_name")
        return made._replace(tls=context(tls), server_name=tls.server_name, spare_name=spare)
    except (ValueError, TypeError) as error:
        return made._replace(error=str(error))
    except OSError as error:
        return made._replace(error="TLS files: %s" % failure(error, Deadline(0)))


def _speak(family: Optional[str], request: Optional[Mapping[str, Any]], address: Address) -> Speak:
    """What to say once connected. Without a request only what leaves no trace in the upstream's logs. Raises ValueError."""
    if family not in FAMILIES + (None,):
        raise ValueError("family is one of %s, not %s" % (", ".join(FAMILIES), family))
    if family == "memcached":
        return small_protocols.speak_memcached
    if request is None:
        return {"fastcgi": _saying(fastcgi.question(), fastcgi.speak), "grpc": small_protocols.speak_http2}.get(
            family or "", _silent
        )
    if family == "grpc":
        return _saying(_http2_message(request, address), http2.speak)
    if family == "fastcgi":
        return _saying(fastcgi.request(_cgi_params(request)), fastcgi.speak)
    if family == "uwsgi":
        return _saying(small_protocols.uwsgi_request(_cgi_params(request)), small_protocols.speak_cgi)
    if family == "scgi":
        return _saying(small_protocols.scgi_request(_cgi_params(request)), small_protocols.speak_cgi)
    return _saying(_http_message(request, address), http_message.speak)


def _saying(message: bytes, speak: "Callable[[socket.socket, bytes, Deadline], Reply]") -> Speak:
    return lambda sock, deadline: speak(sock, message, deadline)


def _silent(_sock: socket.socket, _deadline: Deadline) -> None:
    """Nothing is asked: connecting is all."""


def _cgi_params(request: Mapping[str, Any]) -> Dict[str, str]:
    return fastcgi.params_for(
        request.get("method") or "GET",
        request.get("uri") or "/",
        request.get("host") or "localhost",
        request.get("params") or {},
    )


def _http_message(request: Mapping[str, Any], address: Address) -> bytes:
    # $proxy_host, the Host that proxy_pass sends where nothing else is set.
    host = request.get("host") or ("localhost" if address.is_unix else address.bare)
    return http_message.request(
        request.get("method") or "GET",
        request.get("uri") or "/",
        host,
        request.get("headers") or {},
        request.get("version") or "1.0",
    )


def _http2_message(request: Mapping[str, Any], address: Address) -> bytes:
    host = request.get("host") or ("localhost" if address.is_unix else address.bare)
    method, uri = request.get("method") or "GET", request.get("uri") or "/"
    return http2.request(method, uri, "http", host, request.get("headers") or {})


def _tls_of(raw: Mapping[str, Any]) -> Optional[Tls]:
    """What the *_ssl_* directives say; None where the scheme is not one of TLS."""
    if raw.get("scheme") not in ("https", "grpcs", "suwsgi"):
        return None
    given = {name: value for name, value in (raw.get("tls") or {}).items() if name in Tls._fields and value is not None}
    if raw.get("scheme") == "grpcs":
        given.setdefault("alpn", "h2")
    return Tls(**given)
