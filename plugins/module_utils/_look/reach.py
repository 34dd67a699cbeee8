# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upstreams connected to as nginx would: same account, same mounts, same kind of connect, same protocol.

Private to this collection: it may change in any release.
"""

import errno
import os
import socket
import ssl
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, List, Mapping, Optional, Sequence, Union

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import parse_address, read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.blocked_folder import blocked_at
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.router import router_towards
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.run_as import (
    Identity,
    of_process,
    of_user,
    reported_by_child,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.other_protocol import (
    answers_plainly,
    heard_instead,
    wants_line,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.upstream import Upstream, read_upstream
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.connection import (
    Dialled,
    Target,
    dial,
    targets_of,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.parallel import run_all
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.tls import HUNG_UP, handshake
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.tls_trials import takes

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from typing_extensions import NotRequired

    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.blocked_folder import BlockedFolder
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.reply import Reply
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.tls import Handshake, NamedHandshake

    class Attempt(TypedDict):
        """How connecting to one address of an upstream went."""

        address: str
        connected: bool
        errno: Optional[int]
        error: Optional[str]
        seconds: float
        blocked_at: NotRequired[
            Optional[BlockedFolder]
        ]  # of a unix socket, on errno 13: the first folder that the worker may not search
        nobody_listens: NotRequired[bool]  # of a unix socket that only keeps the worker out: root is refused there, too
        source: NotRequired[Optional[str]]  # of TCP: the host's own address towards it
        silent: NotRequired[Optional[str]]  # of TCP: the interface in whose network nobody answers for this address
        silent_router: NotRequired[Optional[str]]  # of TCP: the router towards it, where nobody answers for that one
        neighbour: NotRequired[Optional[str]]  # of TCP: the hardware address that answers for it; None behind a router

    class Reached(TypedDict):
        """How connecting to one upstream went, as nginx would connect."""

        id: str  # family (scheme where that is TLS) and address: unique
        address: str
        family: Optional[str]
        tried: List[Attempt]
        connected: Optional[bool]  # to any address; None: could not be tried, or not within the deadline
        error: Optional[str]  # why nothing was tried
        real: Optional[str]  # "unix:/..." with the links in the socket's path followed
        tls: Optional[Handshake]
        reply: Optional[Reply]


THREADS = 16
_GRACE = 1.0
_UNANSWERED = (errno.EHOSTUNREACH, errno.ETIMEDOUT)


def _row(upstream: Upstream, connected: Optional[bool], error: Optional[str]) -> "Reached":
    return {
        "id": upstream.id, "address": upstream.address, "family": upstream.family, "tried": [], "connected": connected, "error": error,
        "real": None, "tls": None, "reply": None,
    }  # fmt: skip


def _attempt(dialled: Dialled) -> "Attempt":
    made: "Attempt" = {
        "address": dialled.address, "connected": dialled.sock is not None, "errno": dialled.errno, "error": dialled.error,
        "seconds": round(dialled.seconds, 6),
    }  # fmt: skip
    address = read_address(dialled.address)
    if dialled.errno == errno.EACCES and address.is_unix:
        made["blocked_at"] = blocked_at(address.path)
    elif dialled.errno in _UNANSWERED and not address.is_unix:
        made["silent"] = _silent_at(address.host)
        router = router_towards(address.host)
        made["silent_router"] = router if router and _silent_at(router) else None
    return made


def _silent_at(host: str) -> Optional[str]:
    """The interface where nobody answers for an address. To be read at once: where neighbours are many the kernel soon forgets who was silent."""
    try:
        index = netlink.silent_neighbours().get(host)
        return socket.if_indextoname(index) if index else None
    except (OSError, AttributeError):
        return None  # not Linux, or the interface is gone: then nothing is said of neighbours


def _with_name(upstream: Upstream, target: Target, limit: Deadline) -> "Optional[NamedHandshake]":
    """How the handshake goes once a server name is sent, which nginx is not configured to do. A failure without one may be only that."""
    if upstream.tls is None or not upstream.spare_name:
        return None
    shaken = _shaken(upstream.tls, target, upstream.spare_name, limit)
    return {"name": upstream.spare_name, "ok": shaken["ok"], "error": shaken["error"]} if shaken else None


def _shaken(made: ssl.SSLContext, target: Target, name: Optional[str], limit: Deadline) -> "Optional[Handshake]":
    """How one more handshake with a server goes; None where it takes no connection."""
    sock = _again(target, limit)
    if sock is None:
        return None
    talking, shaken = handshake(sock, made, name, limit)
    (talking or sock).close()
    return shaken


def _again(target: Target, limit: Deadline) -> Optional[socket.socket]:
    """One more connection to a target."""
    return dial([target], limit)[0].sock


def _learn_why(upstream: Upstream, target: Target, shaken: "Handshake", limit: Deadline) -> None:
    """Add to a handshake that failed what others show: with a server name, in other versions, without TLS, with a certificate that is not verified."""
    shaken["with_name"] = _with_name(upstream, target, limit)
    error, made = shaken["error"] or "", upstream.tls
    if error.startswith("certificate verify error") and made is not None:
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
        seen = _shaken(made, target, upstream.server_name, limit)
        if seen:
            shaken["subject"], shaken["expires"] = seen["subject"], seen["expires"]
    elif error.startswith("no answer"):
        shaken["plain"] = answers_plainly(partial(_again, target), limit)
    else:
        found = takes(partial(_again, target), upstream.server_name, limit)
        shaken["takes"], shaken["asks_certificate"] = found.versions, found.asks_certificate
        hung_up = error == HUNG_UP and not found.versions
        shaken["wants_line"] = (
            made is not None and hung_up and wants_line(partial(_again, target), made, upstream.server_name, limit)
        )


def _converse(
    upstream: Upstream, target: Target, sock: socket.socket, timeout: float, deadline: Deadline, row: "Reached"
) -> None:
    """Handshake and question on a socket that is connected; what is learnt goes into row."""
    talking: Optional[socket.socket] = sock
    if upstream.tls is not None:
        talking, shaken = handshake(sock, upstream.tls, upstream.server_name, Deadline(timeout, deadline))
        row["tls"] = shaken
        if talking is None:
            _learn_why(upstream, target, shaken, Deadline(timeout, deadline))
    if talking is not None:
        reply = upstream.speak(talking, Deadline(timeout, deadline))
        talking.close()
        row["reply"] = reply
        if reply and upstream.tls is None:
            limit = Deadline(timeout, deadline)
            heard_instead(partial(_again, target), upstream.family, reply, limit, upstream.version)


def try_one(upstream: Upstream, timeout: float, deadline: Deadline) -> "Reached":
    """Connect to every address of an upstream, and speak with the first that answers."""
    if upstream.error:
        return _row(upstream, None, upstream.error)
    row = _row(upstream, False, None)
    address = parse_address(upstream.address)
    row["real"] = str(address._replace(path=os.path.realpath(address.path))) if address.is_unix else None
    try:
        targets = targets_of(address)
    except OSError as error:
        row["error"] = "%s" % (error.strerror or error)
        return row
    except UnicodeError:
        row["error"] = "not a name that can be looked up"
        return row
    dialled = dial(targets, Deadline(timeout, deadline))
    row["tried"] = [_attempt(one) for one in dialled]
    row["connected"] = any(one.sock is not None for one in dialled)
    sockets = [(target, one.sock) for target, one in zip(targets, dialled) if one.sock is not None]
    try:
        if sockets:
            _converse(upstream, *sockets[0], timeout, deadline, row)
    finally:
        for _target, sock in sockets:
            sock.close()
    return row


def _ask_as_root(row: "Reached", limit: Deadline) -> None:
    """Add to attempts that only a socket's mode stopped whether anybody listens there: a file that was left behind says the same to nginx."""
    for attempt in row["tried"]:
        address = read_address(attempt["address"])
        if address.is_unix and attempt["errno"] == errno.EACCES and not attempt.get("blocked_at"):
            dialled = dial(targets_of(address), limit)[0]
            if dialled.sock is not None:
                dialled.sock.close()
            attempt["nobody_listens"] = dialled.errno == errno.ECONNREFUSED


def _row_of(upstream: Upstream, timeout: float, deadline: Deadline) -> "Reached":
    """What trying an upstream shows; where that breaks down, with what: nobody waits for it, and the others are tried as ever."""
    try:
        return try_one(upstream, timeout, deadline)
    except Exception as error:  # noqa: BLE001  whatever it is, it must not end the thread that tries the next one
        return _row(upstream, None, "%s: %s" % (type(error).__name__, error))


def identity_for(user: Optional[str], worker: Optional[int]) -> Optional[Identity]:
    """Who to be: a running worker before an account, None for who we are. Raises ValueError."""
    if worker is not None:
        try:
            return of_process(worker)
        except OSError as error:
            if user is None:
                raise ValueError("worker %d: %s" % (worker, error.strerror)) from error
    if user is None:
        return None
    try:
        return of_user(user)
    except KeyError:
        raise ValueError("there is no account %s" % user) from None


def cannot_become(identity: Optional[Identity]) -> Optional[str]:
    """Why the connections are not made as nginx would make them, or None."""
    if identity is not None and os.geteuid() not in (0, identity.uid):
        return "connected as uid %d, not as nginx's worker with uid %d: run as root" % (os.geteuid(), identity.uid)
    return None


def reach(
    upstreams: Sequence[Union[str, Mapping[str, Any]]],
    user: Optional[str] = None,
    timeout: float = 5.0,
    deadline: float = 20.0,
    worker: Optional[int] = None,
) -> "List[Reached]":
    """How connecting to each upstream went, in order: `reach` of docs/facts.md. Raises ValueError for a user or worker that is not there.

    connected is null where an upstream could not be tried (error says why), or was not done within deadline seconds.
    """
    identity = identity_for(user, worker)
    prepared = [read_upstream(raw) for raw in upstreams]
    limit = Deadline(deadline)
    # Loaded now: in the child, codecs may lie in folders that the account cannot read.
    "localhost".encode("idna")

    def work(report: Callable[[Any], None]) -> None:
        tasks = [partial(_row_of, upstream, timeout, limit) for upstream in prepared]
        run_all(tasks, THREADS, limit, lambda index, row: report({"index": index, "row": row}))

    reported = reported_by_child(identity, work, Deadline(deadline + _GRACE)) if prepared else []
    rows = {line["index"]: line["row"] for line in reported if "index" in line}
    failed = next((line["failed"] for line in reported if "failed" in line), "not done within %g seconds" % deadline)
    for row in rows.values() if identity is not None else ():
        _ask_as_root(row, Deadline(timeout))
    return [rows.get(index) or _row(upstream, None, failed) for index, upstream in enumerate(prepared)]
