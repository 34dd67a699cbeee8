# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names looked up as nginx does: by libc at start, and by asking the configured resolver, which knows nothing of /etc/hosts, while it runs.

Private to this collection: it may change in any release.
"""

import os
import socket
import struct
from functools import partial
from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, is_number, parse_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net import dns_message
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.connection import explain, send
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.parallel import run_all

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class Resolved(TypedDict):
        """What one name resolves to now."""

        name: str
        addresses: Optional[List[str]]  # None: not done in time
        error: Optional[
            str
        ]  # of a resolver: NXDOMAIN | SERVFAIL | timeout | ..., "AAAA SERVFAIL" where only that type failed
        resolver: Optional[str]  # the one that was asked; None: libc


DNS_PORT = 53
THREADS = 16
_TRIES = 2


def server(text: str) -> Address:
    """The address of a resolver, written as nginx's `resolver` takes it: with or without a port, IPv6 also without brackets. Raises ValueError."""
    if is_number(text):
        return Address(text, DNS_PORT).normal()
    has_port = ":" in text.rpartition("]")[2]
    try:
        return parse_address("tcp:%s" % text if has_port else "tcp:%s:%d" % (text, DNS_PORT))
    except ValueError:
        raise ValueError("not the address of a resolver") from None


def by_libc(name: str) -> Tuple[List[str], Optional[str]]:
    """Addresses that nginx would find at start (or on reload), and the error."""
    try:
        found = socket.getaddrinfo(name, None, 0, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
    except OSError as error:
        return [], error.strerror or str(error)
    except UnicodeError:
        return [], "not a name that can be looked up"
    return sorted({str(one[4][0]) for one in found}), None


def _over_udp(asked: bytes, target: Any, family: int, deadline: Deadline) -> dns_message.Response:
    """Ask, and once more where nothing comes. Raises OSError."""
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        # A connected socket takes datagrams from this server alone, and hears of a closed port.
        sock.connect(target)
        for _each in range(_TRIES):
            part = Deadline(deadline.seconds / _TRIES, deadline)
            sock.send(asked)
            while part.left() > 0:
                sock.settimeout(part.left())
                try:
                    got = dns_message.response(sock.recv(4096), asked)
                except socket.timeout:
                    break
                if got is not None:
                    return got
    raise socket.timeout()


def _over_tcp(asked: bytes, target: Any, family: int, deadline: Deadline) -> Optional[dns_message.Response]:
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(max(0.001, deadline.left()))
        sock.connect(target)
        send(sock, struct.pack(">H", len(asked)) + asked, deadline)
        data = b""
        while len(data) < 2 or len(data) < 2 + struct.unpack_from(">H", data)[0]:
            sock.settimeout(max(0.001, deadline.left()))
            chunk = sock.recv(65536)
            if not chunk:
                return None
            data += chunk
    return dns_message.response(data[2:], asked)


def _ask(name: str, kind: int, target: Any, family: int, timeout: float) -> Tuple[List[str], Optional[str]]:
    """Addresses of one type and the error, in DNS's own words."""
    deadline = Deadline(timeout)
    try:
        asked = dns_message.question(struct.unpack(">H", os.urandom(2))[0], name, kind)
        got: Optional[dns_message.Response] = _over_udp(asked, target, family, deadline)
        if got is not None and got.truncated:
            got = _over_tcp(asked, target, family, deadline)
    except socket.timeout:
        return [], "timeout"
    except UnicodeError:
        return [], "not a name that can be looked up"
    except (OSError, ValueError) as error:
        return [], explain(error, deadline)
    if got is None:
        return [], "no readable response"
    return list(got.addresses), dns_message.RCODES.get(got.rcode, "rcode %d" % got.rcode) if got.rcode else None


def by_resolver(name: str, resolver: str, timeout: float) -> Tuple[List[str], Optional[str]]:
    """Addresses that the resolver itself tells, A and AAAA. Where only one of the two failed the error says which: nginx asks for both."""
    try:
        to = server(resolver)
        family, _kind, _protocol, _canonical, target = socket.getaddrinfo(to.host, to.port, 0, socket.SOCK_DGRAM)[0]
    except (OSError, ValueError) as error:
        return [], "resolver: %s" % (getattr(error, "strerror", None) or error)
    kinds = (dns_message.A, dns_message.AAAA)
    # Both at once, so that a server that drops one question costs its time once.
    answers = run_all([partial(_ask, name, kind, target, family, timeout) for kind in kinds], 2, Deadline(timeout + 1))
    told = [answer or ([], "timeout") for answer in answers]
    addresses = sorted({address for found, _error in told for address in found})
    errors = [error for _found, error in told]
    if errors[0] == errors[1]:
        return addresses, errors[0] or (None if addresses else "no address")
    return addresses, ", ".join(
        "%s %s" % (dns_message.TYPES[kind], error) for kind, error in zip(kinds, errors) if error
    )


def _one(name: str, resolver: Optional[str], timeout: float) -> "Resolved":
    addresses, error = by_libc(name) if resolver is None else by_resolver(name, resolver, timeout)
    return {"name": name, "addresses": addresses, "error": error, "resolver": resolver}


def resolve(
    names: Sequence[str], resolvers: Sequence[str] = (), timeout: float = 5.0, deadline: float = 20.0
) -> "List[Resolved]":
    """Look each name up by libc and by each resolver: `names` of docs/facts.md, libc's answer of a name first.

    timeout is for one look-up by a resolver, deadline for all. addresses is null where nothing was heard by then: that says nothing of the name.
    """
    asked: List[Tuple[str, Optional[str]]] = [
        (name, resolver) for name in names for resolver in [None] + list(resolvers)
    ]
    answers = run_all([partial(_one, name, resolver, timeout) for name, resolver in asked], THREADS, Deadline(deadline))
    late = "not done within %g seconds" % deadline
    return [
        answer or {"name": name, "addresses": None, "error": late, "resolver": resolver}
        for answer, (name, resolver) in zip(answers, asked)
    ]
