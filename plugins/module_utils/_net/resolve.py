# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names looked up as nginx does: at its start by libc; while it runs by asking the configured resolver, which does not read /etc/hosts.

Private to this collection: it may change in any release.
"""

import os
import socket
import struct
from functools import partial
from typing import TYPE_CHECKING, Any, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, is_number, parse_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net import dns_message
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.connection import explain, send
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.parallel import run_all

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from typing_extensions import NotRequired

    class Resolved(TypedDict):
        """What one name resolves to now."""

        name: str
        addresses: Optional[List[str]]  # None: not done in time
        # of a resolver: NXDOMAIN | SERVFAIL | timeout | ..., "AAAA SERVFAIL" where only that type failed, "SERVFAIL (DNSSEC: ...)"
        error: Optional[str]
        resolver: Optional[str]  # the one that was asked; None: libc
        hosts_line: NotRequired[int]  # the line of /etc/hosts that libc has it from


DNS_PORT = 53
#: What a resolver answers that found a name's signatures (DNSSEC) wrong or missing; without this check it has addresses.
SERVFAIL, UNCHECKED = dns_message.RCODES[2], " (DNSSEC: %s without its check)"
THREADS = 16
_TRIES = 2


class Found(NamedTuple):
    """Addresses of a name, and what went wrong."""

    addresses: List[str]
    error: Optional[str]


def server(text: str) -> Address:
    """The address of a resolver, written as nginx's `resolver` takes it: with or without a port, IPv6 also without brackets. Raises ValueError."""
    if is_number(text):
        return Address(text, DNS_PORT).normal()
    has_port = ":" in text.rpartition("]")[2]
    try:
        return parse_address("tcp:%s" % text if has_port else "tcp:%s:%d" % (text, DNS_PORT))
    except ValueError:
        raise ValueError("not the address of a resolver") from None


def by_libc(name: str) -> Found:
    """Addresses that nginx would find at start (or on reload), and the error."""
    try:
        found = socket.getaddrinfo(name, None, 0, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
    except OSError as error:
        return Found([], error.strerror or str(error))
    except UnicodeError:
        return Found([], "not a name that can be looked up")
    return Found(sorted({str(sockaddr[0]) for _family, _kind, _protocol, _name, sockaddr in found}), None)


def _over_udp(asked: bytes, target: Any, family: int, deadline: Deadline) -> dns_message.Response:
    """The response of a server that is asked at most twice. Raises OSError."""
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        # A connected socket takes datagrams from this server alone, and fails at once on a closed port.
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


def _ask(name: str, kind: int, target: Any, family: int, timeout: float, unchecked: bool = False) -> Found:
    """Addresses of one type; the error is in DNS's own words."""
    deadline = Deadline(timeout)
    try:
        asked = dns_message.question(struct.unpack(">H", os.urandom(2))[0], name, kind, unchecked)
        got: Optional[dns_message.Response] = _over_udp(asked, target, family, deadline)
        if got is not None and got.truncated:
            got = _over_tcp(asked, target, family, deadline)
    except socket.timeout:
        return Found([], "timeout")
    except UnicodeError:
        return Found([], "not a name that can be looked up")
    except (OSError, ValueError) as error:
        return Found([], explain(error, deadline))
    if got is None:
        return Found([], "no readable response")
    rcode = dns_message.RCODES.get(got.rcode, "rcode %d" % got.rcode) if got.rcode else None
    return Found(list(got.addresses), rcode)


def by_resolver(name: str, resolver: str, timeout: float) -> Found:
    """Addresses that the resolver itself has, A and AAAA. Where only one of the two failed the error says which: nginx asks for both."""
    try:
        to = server(resolver)
        family, _kind, _protocol, _canonical, target = socket.getaddrinfo(to.host, to.port, 0, socket.SOCK_DGRAM)[0]
    except (OSError, ValueError) as error:
        return Found([], "resolver: %s" % (getattr(error, "strerror", None) or error))
    kinds = (dns_message.A, dns_message.AAAA)
    # Both at once, so that a server that drops one question costs its time once.
    answers = run_all([partial(_ask, name, kind, target, family, timeout) for kind in kinds], 2, Deadline(timeout + 1))
    found = [answer or Found([], "timeout") for answer in answers]
    addresses = sorted({address for one in found for address in one.addresses})
    errors = {one.error for one in found}
    if found[0].error == SERVFAIL and not addresses:
        without = _ask(name, dns_message.A, target, family, timeout, unchecked=True).addresses
        if without:
            return Found([], SERVFAIL + UNCHECKED % ", ".join(without))
    if len(errors) == 1:
        return Found(addresses, errors.pop() or (None if addresses else "no address"))
    of_type = ["%s %s" % (dns_message.TYPES[kind], one.error) for kind, one in zip(kinds, found) if one.error]
    return Found(addresses, ", ".join(of_type))


def _one(name: str, resolver: Optional[str], timeout: float) -> "Resolved":
    addresses, error = by_libc(name) if resolver is None else by_resolver(name, resolver, timeout)
    return {"name": name, "addresses": addresses, "error": error, "resolver": resolver}


def resolve(
    names: Sequence[str], resolvers: Sequence[str] = (), timeout: float = 5.0, deadline: float = 20.0
) -> "List[Resolved]":
    """Look each name up by libc and by each resolver: `names` of docs/facts.md, libc's answer of a name first.

    timeout (seconds) is for one look-up by a resolver, deadline for all. addresses is null where no answer came by then: that says nothing of the name.
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
