# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import errno
import os
import pwd
import shutil
import socket
import ssl
import tempfile
from pathlib import Path

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.run_as import Identity
from ansible_collections.webops.bad_gateway.plugins.module_utils._look import reach as look_reach
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.connection import Dialled
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.net import TLS, over_tls, says, silent

PAGE = b"HTTP/1.0 200 OK\r\nX: y\r\n\r\nbody"


def one(upstream, **how):
    (row,) = look_reach.reach([upstream], **how)
    return row


def test_a_row_has_the_contract_s_keys(peer):
    row = one(peer(silent).address)
    assert set(row) == {"id", "address", "family", "tried", "connected", "error", "real", "tls", "reply"}
    assert row["connected"] is True and row["reply"] is None and row["tls"] is None


def test_rows_come_in_the_order_of_the_upstreams(peer, closed_port):
    good, bad = peer(silent).address, "tcp:127.0.0.1:%d" % closed_port
    rows = look_reach.reach([bad, {"id": "named", "address": good}, "nonsense", bad])
    assert [row["connected"] for row in rows] == [False, True, None, False]
    assert [row["id"] for row in rows] == [bad, "named", "nonsense", bad]
    assert rows[0]["tried"][0]["errno"] == errno.ECONNREFUSED


def test_an_upstream_without_request_hears_nothing(peer):
    heard = []
    row = one({"address": peer(lambda connection: heard.append(connection.recv(100))).address, "family": "proxy"})
    assert row["connected"] is True and row["reply"] is None
    assert b"".join(heard) == b""


@pytest.mark.parametrize(
    ("family", "answer", "protocol"),
    [
        ("fastcgi", b"\x01\x0a\x00\x00\x00\x00\x00\x00", "fastcgi"),
        ("grpc", b"\x00\x00\x00\x04\x00\x00\x00\x00\x00", "http2"),
        ("memcached", b"VERSION 1\r\n", "memcached"),
    ],
)
def test_what_can_be_asked_without_a_trace_is(peer, family, answer, protocol):
    reply = one({"address": peer(says(answer)).address, "family": family})["reply"]
    assert (reply["protocol"], reply["error"]) == (protocol, None)


@pytest.mark.parametrize("family", ["proxy", "uwsgi", "scgi"])
def test_a_request_is_asked(peer, family):
    reply = one({"address": peer(says(PAGE)).address, "family": family, "request": {"uri": "/x"}})["reply"]
    assert (reply["status"], reply["header_bytes"]) == (200, 25)


def test_the_host_that_nginx_would_send(peer):
    heard = []

    def behaviour(connection):
        heard.append(connection.recv(1000))
        connection.sendall(PAGE)

    address = peer(behaviour).address
    for request in ({}, {"host": "a.test", "headers": {"X-A": "b"}, "version": "1.1"}):
        one({"address": address, "family": "proxy", "request": request})
    one({"address": peer(behaviour, unix="a.sock").address, "family": "proxy", "request": {}})
    assert b"\r\nHost: " + address[4:].encode() + b"\r\n" in heard[0] and heard[0].startswith(b"GET / HTTP/1.0\r\n")
    assert (
        b"\r\nHost: a.test\r\n" in heard[1]
        and b"\r\nX-A: b\r\n" in heard[1]
        and heard[1].startswith(b"GET / HTTP/1.1\r\n")
    )
    assert b"\r\nHost: localhost\r\n" in heard[2]


def test_tls_upstreams(peer):
    good = one(
        {
            "address": peer(over_tls(says(PAGE))).address,
            "family": "proxy",
            "scheme": "https",
            "tls": {"server_name": "upstream.test"},
            "request": {},
        }
    )
    assert good["tls"]["ok"] and good["reply"]["status"] == 200
    plain = one(
        {
            "address": peer(says(b"HTTP/1.1 400 Bad Request\r\n\r\n")).address,
            "family": "proxy",
            "scheme": "https",
            "request": {},
        }
    )
    assert plain["connected"] is True
    assert plain["tls"]["error"] == "wrong version number"
    assert plain["reply"] is None


def test_a_handshake_that_fails_without_a_name_is_tried_with_one(peer):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
    made.set_servername_callback(
        lambda _socket, name, _context: None if name == "upstream.test" else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    )

    def behaviour(connection):
        with made.wrap_socket(connection, server_side=True) as secured:
            silent(secured)

    address = peer(behaviour).address
    tls = {
        name: one({"address": address, "family": "proxy", "scheme": "https", "tls": {"spare_name": name}})["tls"]
        for name in ("upstream.test", "b.test")
    }
    assert tls["upstream.test"]["ok"] is False and "unrecognized name" in tls["upstream.test"]["error"]
    assert tls["upstream.test"]["with_name"] == {"name": "upstream.test", "ok": True, "error": None}
    assert tls["b.test"]["with_name"]["ok"] is False
    number = {"server_name": "127.0.0.1", "spare_name": "upstream.test"}
    asked = one({"address": address, "family": "proxy", "scheme": "https", "tls": number})["tls"]
    assert asked["ok"] is False and asked["with_name"] == tls["upstream.test"]["with_name"]
    assert one({"address": address, "family": "proxy", "scheme": "https"})["tls"]["with_name"] is None


def test_tls_files_are_read_before_the_account_is_changed(peer):
    row = one(
        {
            "address": peer(over_tls(silent)).address,
            "family": "proxy",
            "scheme": "https",
            "tls": {"certificate": str(TLS / "none.pem")},
        }
    )
    assert row["connected"] is None
    assert row["error"].startswith("TLS files: No such file")


@pytest.mark.parametrize(
    ("upstream", "why"),
    [
        ({"address": "tcp:127.0.0.1:0"}, "is not an address"),
        ({"address": "unix:/x", "family": "ajp"}, "family is one of"),
        ({"address": "unix:/x", "family": "proxy", "request": {"uri": "/\r\nX: y"}}, "control character"),
        ({"address": "unix:/x", "family": "fastcgi", "request": {"method": "POST"}}, "only GET and HEAD"),
        ({"address": "unix:/x", "family": "uwsgi", "request": {"params": {"A": "x" * 70000}}}, "do not fit"),
        ({}, "is not an address"),
    ],
)
def test_what_cannot_be_tried_says_why(upstream, why):
    row = one(upstream)
    assert (row["connected"], row["tried"]) == (None, [])
    assert why in row["error"]


def test_a_name_without_address_is_not_connected(monkeypatch):
    def nothing(*_arguments):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    row = one("tcp:app.example:80")
    assert (row["connected"], row["tried"], row["error"]) == (False, [], "Name or service not known")


def test_each_address_of_a_name_is_tried(monkeypatch, peer, closed_port):
    port = peer(silent).port
    found = [(socket.AF_INET, 1, 6, "", ("127.0.0.1", closed_port)), (socket.AF_INET, 1, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments: found)
    row = one("tcp:app.example:80")
    assert [attempt["connected"] for attempt in row["tried"]] == [False, True]
    assert row["connected"] is True


def test_one_that_breaks_down_says_with_what_and_holds_up_no_other(monkeypatch, peer):
    def broken(_address):
        raise LookupError("unknown encoding: ascii")

    target = peer(silent).address
    monkeypatch.setattr(look_reach, "router_towards", broken)
    monkeypatch.setattr(look_reach, "_UNANSWERED", (errno.ECONNREFUSED,))
    broke, other = look_reach.reach(["tcp:127.0.0.1:1", target], deadline=60)
    assert (broke["connected"], broke["error"]) == (None, "LookupError: unknown encoding: ascii")
    assert other["connected"] is True


def test_what_is_not_done_in_time_is_unknown_and_the_rest_is_told(peer, closed_port):
    late = {"address": peer(silent).address, "family": "proxy", "request": {}}
    rows = look_reach.reach([late, "tcp:127.0.0.1:%d" % closed_port], timeout=60, deadline=1)
    assert rows[1]["connected"] is False
    assert rows[0]["connected"] is None or rows[0]["reply"]["error"].startswith("no answer")


@pytest.fixture(name="folder")
def _folder():
    made = tempfile.mkdtemp()
    os.chmod(made, 0o755)  # noqa: S103  the other account has to get in
    yield Path(made)
    shutil.rmtree(made)


def test_a_socket_is_connected_to_as_the_account(folder):
    account = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "a.sock"))
        listening.listen(5)
        address = "unix:%s/a.sock" % folder
        os.chmod(str(folder / "a.sock"), 0)
        refused = one(address, user=account)["tried"][0]
        assert (refused["errno"], refused["blocked_at"]) == (errno.EACCES, None)
        os.chmod(str(folder / "a.sock"), 0o666)  # noqa: S103  the other account has to get in
        assert one(address, user=account)["connected"] is True
        assert one(address, worker=os.getpid())["connected"] is True


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gets past a socket's mode")
def test_root_finds_out_whether_anybody_listens_behind_a_closed_mode(folder):
    address = "unix:%s/a.sock" % folder
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "a.sock"))
        os.chmod(str(folder / "a.sock"), 0)
        listening.listen(5)
        assert one(address, user="nobody")["tried"][0]["nobody_listens"] is False
    assert one(address, user="nobody")["tried"][0]["nobody_listens"] is True


@pytest.mark.parametrize("through", ["home", "link"])
def test_the_folder_that_keeps_the_account_out(folder, through):
    account = pwd.getpwuid(os.getuid()).pw_name
    (folder / "home" / "app").mkdir(parents=True)
    os.symlink(str(folder / "home"), str(folder / "link"))
    os.chmod(str(folder / "home"), 0)
    blocked_at = one("unix:%s/%s/app/a.sock" % (folder, through), user="nobody" if os.geteuid() == 0 else account)[
        "tried"
    ][0]["blocked_at"]
    os.chmod(str(folder / "home"), 0o700)
    assert (blocked_at["path"], blocked_at["owner"], blocked_at["mode"]) == (
        os.path.realpath(str(folder / "home")),
        account,
        "0000",
    )


def test_links_in_the_path_are_followed(folder):
    (folder / "real").mkdir()
    os.symlink(str(folder / "real"), str(folder / "link"))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "real" / "a.sock"))
        listening.listen(5)
        assert one("unix:%s/link/a.sock" % folder)["real"] == "unix:%s/real/a.sock" % os.path.realpath(str(folder))
        assert one("unix:%s/link/gone.sock" % folder)["real"] == "unix:%s/real/gone.sock" % os.path.realpath(
            str(folder)
        )
    assert one("tcp:127.0.0.1:1")["real"] is None


def test_an_account_or_worker_that_is_not_there():
    with pytest.raises(ValueError, match="there is no account no-such-account"):
        look_reach.reach(["unix:/x"], user="no-such-account")
    with pytest.raises(ValueError, match="worker 2000000000: No such file"):
        look_reach.reach(["unix:/x"], worker=2000000000)
    assert look_reach.identity_for(pwd.getpwuid(os.getuid()).pw_name, 2000000000).uid == os.getuid()


@pytest.mark.parametrize(("euid", "uid", "said"), [(0, 33, False), (33, 33, False), (1000, 33, True)])
def test_it_is_told_who_could_not_be_impersonated(monkeypatch, euid, uid, said):
    monkeypatch.setattr(look_reach.os, "geteuid", lambda: euid)
    assert bool(look_reach.cannot_become(Identity(uid, uid, ()))) is said
    assert look_reach.cannot_become(None) is None


def test_nothing_to_reach():
    assert look_reach.reach([]) == []


class TestSilent:
    def attempt(self, monkeypatch, code, neighbours):
        """The attempt at 10.0.0.9 that ends so, and whom the kernel then knows to be silent."""
        monkeypatch.setattr(
            look_reach, "dial", lambda targets, _limit: [Dialled(targets[0].address, None, code, "", 3.0)]
        )
        monkeypatch.setattr(look_reach.netlink, "silent_neighbours", lambda: neighbours)
        return one("tcp:10.0.0.9:80")["tried"][0]

    @pytest.mark.parametrize("code", [errno.EHOSTUNREACH, errno.ETIMEDOUT])
    def test_an_address_that_nobody_has_names_the_interface(self, monkeypatch, code):
        index, name = socket.if_nameindex()[0]
        assert self.attempt(monkeypatch, code, {"10.0.0.9": index})["silent"] == name

    def test_another_address_is_silent(self, monkeypatch):
        assert self.attempt(monkeypatch, errno.ETIMEDOUT, {"10.0.0.8": 1})["silent"] is None

    def test_who_refuses_is_not_silent(self, monkeypatch):
        assert "silent" not in self.attempt(monkeypatch, errno.ECONNREFUSED, {"10.0.0.9": 1})
