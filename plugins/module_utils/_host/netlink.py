# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Linux kernel says over netlink: sockets, addresses, and whether there are packet filters. No tool is needed for it.

Private to this collection: it may change in any release.
"""

import errno
import os
import socket
import struct
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

NETLINK_ROUTE, NETLINK_SOCK_DIAG, NETLINK_NETFILTER = 0, 4, 12
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_DUMP_REQUEST = 0x301
SOCK_DIAG_BY_FAMILY = 20
RTM_GETLINK, RTM_GETADDR, RTM_GETNEIGH = 18, 22, 30
NFT_MSG_GETCHAIN = (10 << 8) | 4
NFTA_CHAIN_HOOK = 4

TCP_LISTEN = 10
TCP_TIME_WAIT = 6
TCP_ESTABLISHED = 1
TCP_CLOSE_WAIT = 8
LISTENING = 1 << TCP_LISTEN
# TIME_WAIT counts for the ports too; sockets that are not connected to anything do not.
CONNECTED = sum(1 << state for state in range(1, 12) if state not in (7, TCP_LISTEN))

INET_DIAG_INFO, INET_DIAG_SKV6ONLY = 2, 11
UNIX_DIAG_NAME, UNIX_DIAG_VFS, UNIX_DIAG_PEER, UNIX_DIAG_RQLEN = 0, 1, 2, 4
UDIAG_SHOW = 0x01 | 0x02 | 0x10
UDIAG_SHOW_PEER = 0x01 | 0x04
IFF_UP, ARPHRD_ETHER = 1, 1
NUD_INCOMPLETE, NUD_FAILED = 0x01, 0x20

_HEADER = struct.Struct("=IHHII")
_INET = struct.Struct("!BBBBHH16s16s")
_INET_NUMBERS = struct.Struct("=IIIII")
_UNIX = struct.Struct("=BBBBI")
# Of struct tcp_info, since Linux 4.6: last_data_sent, last_data_recv, last_ack_recv; data_segs_in, data_segs_out.
_INFO = struct.Struct("=44xI4xII92xII")


class TcpSocket(NamedTuple):
    """One TCP socket. queue (connections that wait to be accepted) and backlog (how many may) mean that for a listening socket only."""

    state: int
    address: str
    port: int
    peer: str
    peer_port: int
    queue: int
    backlog: int
    uid: int
    inode: int
    v6only: bool


class TcpTalk(NamedTuple):
    """How many milliseconds ago a connected socket last sent data, got data and got an acknowledgement, and how many packets of data went each way."""

    sent: int
    received: int
    acknowledged: int
    packets_in: int
    packets_out: int


class UnixListener(NamedTuple):
    """A listening stream socket. file_inode is the 32-bit number of the file that was bound, None for an abstract name."""

    name: str
    inode: int
    file_inode: Optional[int]
    queue: int
    backlog: int


class UnixConnection(NamedTuple):
    """One end of a connection over a unix stream socket. name: where it was accepted; peer: the other end's inode, 0 before that was accepted."""

    name: str
    inode: int
    peer: int


def dump(protocol: int, kind: int, payload: bytes) -> Iterator[bytes]:
    """The bodies of all messages that answer one question. Raises OSError with what the kernel said."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as kernel:
        kernel.settimeout(5.0)
        kernel.send(_HEADER.pack(_HEADER.size + len(payload), kind, NLM_F_DUMP_REQUEST, 1, 0) + payload)
        while True:
            data = kernel.recv(1 << 18)
            offset = 0
            while offset + _HEADER.size <= len(data):
                length, answer, _flags, _sequence, _port = _HEADER.unpack_from(data, offset)
                body = data[offset + _HEADER.size : offset + length]
                if answer == NLMSG_DONE:
                    return
                if answer == NLMSG_ERROR:
                    _raise(body)
                yield body
                offset += max(_HEADER.size, (length + 3) & ~3)


def _raise(body: bytes) -> None:
    code = -struct.unpack_from("=i", body)[0] if len(body) >= 4 else errno.EPROTO
    raise OSError(code, os.strerror(code))


def attributes(body: bytes, offset: int) -> Dict[int, bytes]:
    """Netlink attributes by their numbers, without the flag bits."""
    found: Dict[int, bytes] = {}
    while offset + 4 <= len(body):
        length, kind = struct.unpack_from("=HH", body, offset)
        if length < 4:
            break
        found[kind & 0x3FFF] = body[offset + 4 : offset + length]
        offset += (length + 3) & ~3
    return found


def tcp_sockets(family: int, states: int) -> Iterator[TcpSocket]:
    """TCP sockets of one address family in these states."""
    request = struct.pack("=BBBxI", family, socket.IPPROTO_TCP, 0, states) + b"\0" * 48
    for body in dump(NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, request):
        yield parse_tcp(body)


def parse_tcp(body: bytes) -> TcpSocket:
    """The socket of one struct inet_diag_msg."""
    family, state, _timer, _retrans, port, peer_port, address, peer = _INET.unpack_from(body)
    _expires, queue, backlog, uid, inode = _INET_NUMBERS.unpack_from(body, 52)
    v6only = attributes(body, 72).get(INET_DIAG_SKV6ONLY, b"\0")[:1] != b"\0" if state == TCP_LISTEN else False
    return TcpSocket(
        state, ip_text(family, address), port, ip_text(family, peer), peer_port, queue, backlog, uid, inode, v6only
    )


def outgoing(family: int, skip_ports: "frozenset[int]") -> Iterator[Tuple[int, str, int]]:
    """(state, peer, peer's port) of each TCP connection whose local port is none of skip_ports. Made for tens of thousands of sockets."""
    request = struct.pack("=BBBxI", family, socket.IPPROTO_TCP, 0, CONNECTED) + b"\0" * 48
    names: Dict[bytes, str] = {}
    for body in dump(NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, request):
        if (body[4] << 8) | body[5] not in skip_ports:
            raw = body[24:40]
            if raw not in names:
                names[raw] = ip_text(family, raw)
            yield body[1], names[raw], (body[6] << 8) | body[7]


def tcp_talks(family: int) -> Iterator[Tuple[int, int, TcpTalk]]:
    """Inode, local port and what was said of each TCP connection that this end has not closed. Made for tens of thousands of sockets."""
    states = 1 << TCP_ESTABLISHED | 1 << TCP_CLOSE_WAIT
    request = struct.pack("=BBBxI", family, socket.IPPROTO_TCP, 1 << INET_DIAG_INFO - 1, states) + b"\0" * 48
    for body in dump(NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, request):
        info = attributes(body, 72).get(INET_DIAG_INFO, b"")
        if len(info) >= _INFO.size:
            yield _INET_NUMBERS.unpack_from(body, 52)[4], (body[4] << 8) | body[5], TcpTalk(*_INFO.unpack_from(info))


def ip_text(family: int, raw: bytes) -> str:
    """An address as text; one of IPv4 that is mapped into IPv6 as IPv4."""
    if family == socket.AF_INET:
        return socket.inet_ntop(family, raw[:4])
    text = socket.inet_ntop(socket.AF_INET6, raw)
    return text[7:] if text.startswith("::ffff:") and "." in text else text


def unix_listeners() -> Iterator[UnixListener]:
    """Listening stream sockets of the unix family."""
    request = struct.pack("=BBHIII2I", socket.AF_UNIX, 0, 0, LISTENING, 0, UDIAG_SHOW, 0xFFFFFFFF, 0xFFFFFFFF)
    for body in dump(NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, request):
        listener = parse_unix(body)
        if listener:
            yield listener


def unix_connections() -> Iterator[UnixConnection]:
    """Both ends of each connection over a unix stream socket."""
    states = 1 << TCP_ESTABLISHED
    request = struct.pack("=BBHIII2I", socket.AF_UNIX, 0, 0, states, 0, UDIAG_SHOW_PEER, 0xFFFFFFFF, 0xFFFFFFFF)
    for body in dump(NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, request):
        _family, kind, _state, _pad, inode = _UNIX.unpack_from(body)
        if kind == socket.SOCK_STREAM:
            found = attributes(body, 16)
            peer = found.get(UNIX_DIAG_PEER, b"")
            name = found.get(UNIX_DIAG_NAME, b"").rstrip(b"\0").decode("utf-8", "surrogateescape")
            yield UnixConnection(name, inode, struct.unpack_from("=I", peer)[0] if len(peer) >= 4 else 0)


def parse_unix(body: bytes) -> Optional[UnixListener]:
    """The listener of one struct unix_diag_msg, None where it is not a stream socket."""
    _family, kind, _state, _pad, inode = _UNIX.unpack_from(body)
    if kind != socket.SOCK_STREAM:
        return None
    found = attributes(body, 16)
    name = found.get(UNIX_DIAG_NAME, b"")
    file_inode: Optional[int] = None
    if len(found.get(UNIX_DIAG_VFS, b"")) >= 8:
        file_inode = struct.unpack_from("=I", found[UNIX_DIAG_VFS])[0]
    queue, backlog = struct.unpack_from("=II", found[UNIX_DIAG_RQLEN]) if UNIX_DIAG_RQLEN in found else (0, 0)
    shown = (
        "@" + name[1:].decode("utf-8", "replace")
        if name[:1] == b"\0"
        else name.rstrip(b"\0").decode("utf-8", "surrogateescape")
    )
    return UnixListener(shown, inode, file_inode, queue, backlog)


def interface_addresses() -> Dict[str, List[str]]:
    """ADDRESS/PREFIX strings of each interface that is up."""
    up: Dict[int, str] = {}
    for body in dump(NETLINK_ROUTE, RTM_GETLINK, struct.pack("=BxHiII", 0, 0, 0, 0, 0)):
        index, flags = struct.unpack_from("=iI", body, 4)
        if flags & IFF_UP:
            up[index] = attributes(body, 16).get(3, b"").rstrip(b"\0").decode("utf-8", "replace")
    found: Dict[str, List[str]] = {name: [] for name in up.values()}
    for body in dump(NETLINK_ROUTE, RTM_GETADDR, struct.pack("=BBBBI", 0, 0, 0, 0, 0)):
        family, prefix, _flags, _scope, index = struct.unpack_from("=BBBBI", body)
        parts = attributes(body, 8)
        # On a point-to-point link IFA_ADDRESS is the peer's; ours is IFA_LOCAL.
        raw = parts.get(2) or parts.get(1)
        if raw and index in up and family in (socket.AF_INET, socket.AF_INET6):
            found[up[index]].append("%s/%d" % (socket.inet_ntop(family, raw), prefix))
    return found


def hardware_addresses() -> Dict[str, str]:
    """The hardware address of each Ethernet interface that is up, by its name."""
    found: Dict[str, str] = {}
    for body in dump(NETLINK_ROUTE, RTM_GETLINK, struct.pack("=BxHiII", 0, 0, 0, 0, 0)):
        kind, _index, flags = struct.unpack_from("=HiI", body, 2)
        parts = attributes(body, 16)
        if kind == ARPHRD_ETHER and flags & IFF_UP and parts.get(1):
            found[parts.get(3, b"").rstrip(b"\0").decode("utf-8", "replace")] = _hardware_text(parts[1])
    return found


def _neighbours() -> Iterator[Tuple[str, int, Optional[str]]]:
    """Each address that was asked for in the host's own networks: the index of the interface, and the hardware address; None where nobody answers."""
    for body in dump(NETLINK_ROUTE, RTM_GETNEIGH, struct.pack("=BxxxiHBB", 0, 0, 0, 0, 0)):
        family, index, state = struct.unpack_from("=BxxxiH", body)
        parts = attributes(body, 12)
        if parts.get(1) and family in (socket.AF_INET, socket.AF_INET6):
            silent = state & (NUD_INCOMPLETE | NUD_FAILED)
            yield socket.inet_ntop(family, parts[1]), index, None if silent else _hardware_text(parts.get(2, b""))


def _hardware_text(raw: bytes) -> str:
    return ":".join("%02x" % byte for byte in raw)


def silent_neighbours() -> Dict[str, int]:
    """Addresses of the host's own networks for which nobody answers, each with the index of the interface where they were asked for."""
    return {address: index for address, index, hardware in _neighbours() if hardware is None}


def neighbours() -> Dict[str, str]:
    """The hardware address that answers for each address of the host's own networks; none for an address that two answer for."""
    found: Dict[str, str] = {}
    for address, _index, hardware in _neighbours():
        if hardware:
            found[address] = hardware if found.get(address, hardware) == hardware else ""
    return {address: hardware for address, hardware in found.items() if hardware}


def has_nft_base_chains() -> bool:
    """Whether any nftables chain is hooked into the way of packets. Raises OSError; for all but root with EPERM."""
    try:
        return any(
            NFTA_CHAIN_HOOK in attributes(body, 4)
            for body in dump(NETLINK_NETFILTER, NFT_MSG_GETCHAIN, struct.pack("!BBH", 0, 0, 0))
        )
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOENT, errno.EPROTONOSUPPORT, errno.EOPNOTSUPP):
            return False
        raise
