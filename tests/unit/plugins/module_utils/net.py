# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Peers to connect to: real sockets on loopback, each with a behaviour of one connection."""

import contextlib
import socket
import ssl
import struct
import threading
import typing as t
from pathlib import Path

import pytest

TLS = Path(__file__).parent / "fixtures" / "tls"

Behaviour = t.Callable[[socket.socket], None]


class Peer:
    """A listening socket; each connection gets the behaviour in a thread of its own."""

    def __init__(self, sock: socket.socket, address: str, behaviour: Behaviour) -> None:
        self.sock = sock
        self.address = address
        self.behaviour = behaviour
        self.heard: t.List[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.sock.getsockname()[1])

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self._meet, args=(connection,), daemon=True).start()

    def _meet(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self.behaviour(connection)


@pytest.fixture
def peer(tmp_path: Path) -> t.Iterator[t.Callable[..., Peer]]:
    """Make peers: peer(behaviour) on TCP, peer(behaviour, unix=name) on a unix socket."""
    made: t.List[Peer] = []

    def make(behaviour: Behaviour, unix: t.Optional[str] = None) -> Peer:
        sock = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
        sock.bind(str(tmp_path / unix) if unix else ("127.0.0.1", 0))
        sock.listen(16)
        address = "unix:%s" % (tmp_path / unix) if unix else "tcp:127.0.0.1:%d" % sock.getsockname()[1]
        made.append(Peer(sock, address, behaviour))
        return made[-1]

    yield make
    for one in made:
        one.sock.close()


def says(answer: bytes, after: bytes = b"") -> Behaviour:
    """Read until the request ends so (one read where nothing is given), answer, close."""

    def behaviour(connection: socket.socket) -> None:
        heard = b""
        while not heard or not heard.endswith(after):
            chunk = connection.recv(65536)
            if not chunk:
                return
            heard += chunk
        connection.sendall(answer)

    return behaviour


def silent(connection: socket.socket) -> None:
    """Take the connection and never answer; ends when the other side does."""
    while connection.recv(65536):
        pass


def resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def over_tls(behaviour: Behaviour) -> Behaviour:
    """The behaviour behind a TLS handshake, with the certificate of upstream.test."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")

    def wrapped(connection: socket.socket) -> None:
        with made.wrap_socket(connection, server_side=True) as secured:
            behaviour(secured)

    return wrapped


@pytest.fixture
def closed_port() -> t.Iterator[int]:
    """A port that refuses: bound, so that nobody else takes it, and not listened on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield int(sock.getsockname()[1])
