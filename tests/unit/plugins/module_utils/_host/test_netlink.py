# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Netlink messages as a kernel sent them, and questions to the kernel that runs this test."""

import os
import socket
import struct
import sys

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what others bind to
# Captured on Linux 6.18: sshd on [::]:22 with a backlog of 128, nginx on 0.0.0.0:80 with 511, PHP-FPM's socket.
SSH = (
    "0a0a00000016000000000000000000000000000000000000000000000000000000000000000000000000000012000000000000000000000000000000800000000000000038c50000"
    "050008000000000005000b000100000008000f00000000000c00150085070000000000000600160012000000"
)
NGINX = (
    "020a0000005000000000000000000000000000000000000000000000000000000000000000000000000000000f000000000000000000000000000000ff010000000000000ec50000"
    "050008000000000008000f00000000000c0015005f070000000000000600160052000000"
)
FPM = (
    "01010a0041c5000019000000000000001d0000002f72756e2f7068702f706870382e322d66706d2e736f636b000000000c00010067000000760000000c00040000000000001000000"
    "500060000000000"
)


def test_a_listening_tcp_socket_is_read():
    nginx = netlink.parse_tcp(bytes.fromhex(NGINX))
    assert (nginx.address, nginx.port, nginx.queue, nginx.backlog, nginx.inode, nginx.v6only) == (
        EVERYWHERE,
        80,
        0,
        511,
        50446,
        False,
    )
    ssh = netlink.parse_tcp(bytes.fromhex(SSH))
    assert (ssh.address, ssh.port, ssh.backlog, ssh.inode, ssh.v6only) == ("::", 22, 128, 50488, True)


def test_a_listening_unix_socket_is_read():
    assert netlink.parse_unix(bytes.fromhex(FPM)) == ("/run/php/php8.2-fpm.sock", 50497, 103, 0, 4096)


def test_a_unix_socket_of_another_kind_is_left_out():
    assert netlink.parse_unix(bytes.fromhex("0105" + FPM[4:])) is None


@pytest.mark.parametrize(
    ("family", "raw", "text"),
    [
        (socket.AF_INET, "0a0000020000", "10.0.0.2"),
        (socket.AF_INET6, "00" * 10 + "ffff0a000002", "10.0.0.2"),
        (socket.AF_INET6, "fd" + "00" * 14 + "01", "fd00::1"),
    ],
)
def test_an_address_is_text_and_ipv4_is_ipv4(family, raw, text):
    assert netlink.ip_text(family, bytes.fromhex(raw)) == text


def test_attributes_that_are_cut_short_end_the_list():
    assert netlink.attributes(b"\x08\x00\x01\x00abcd\x00\x00", 0) == {1: b"abcd"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="netlink is Linux's")
class TestThisKernel:
    def test_the_loopback_has_its_address(self):
        assert "127.0.0.1/8" in netlink.interface_addresses()["lo"]

    def test_a_question_that_the_kernel_refuses_raises(self):
        with pytest.raises(OSError):
            list(netlink.dump(netlink.NETLINK_SOCK_DIAG, 999, b"\0" * 8))

    def test_an_outgoing_connection_is_counted_and_an_incoming_is_not(self):
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen(1)
            port = server.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)):
                found = list(netlink.outgoing(socket.AF_INET, frozenset([port])))
        assert found.count((netlink.TCP_ESTABLISHED, "127.0.0.1", port)) == 1

    def test_what_was_said_over_a_connection(self):
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen(1)
            port = server.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)) as client:
                accepted, _peer = server.accept()
                with accepted:
                    client.sendall(b"question")
                    accepted.recv(8)
                    number = os.fstat(accepted.fileno()).st_ino
                    said = {inode: (at, talk) for inode, at, talk in netlink.tcp_talks(socket.AF_INET)}
        at, talk = said[number]
        assert (at, talk.packets_in, talk.packets_out) == (port, 1, 0)
        assert 0 <= talk.received < 60000


def test_a_kernel_that_says_little_of_a_connection_says_nothing(monkeypatch):
    message = bytes(72) + struct.pack("=HH", 4 + 104, netlink.INET_DIAG_INFO) + bytes(104)
    monkeypatch.setattr(netlink, "dump", lambda *_question: iter([message]))
    assert list(netlink.tcp_talks(socket.AF_INET)) == []


def attribute(kind, raw):
    return (struct.pack("=HH", 4 + len(raw), kind) + raw).ljust((4 + len(raw) + 3) & ~3, b"\0")


def neighbours_are(monkeypatch, *entries):
    """The kernel's table of neighbours: family, interface, state, address, and the hardware address where one answers."""
    bodies = [
        struct.pack("=BxxxiHBB", family, index, state, 0, 1)
        + b"".join(attribute(kind, raw) for kind, raw in enumerate(known, 1))
        for family, index, state, *known in entries
    ]
    monkeypatch.setattr(netlink, "dump", lambda *_question: iter(bodies))


class TestNeighbours:
    ONE, OTHER = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")

    def test_who_answers_has_a_hardware_address(self, monkeypatch):
        v6 = socket.inet_pton(socket.AF_INET6, "2001:db8::9")
        answers = (socket.AF_INET, 2, 0x04, bytes([10, 0, 0, 9]), self.ONE)
        silent = (socket.AF_INET, 2, netlink.NUD_FAILED, bytes([10, 0, 0, 8]), self.OTHER)
        neighbours_are(monkeypatch, answers, silent, (socket.AF_INET6, 3, 0x02, v6, self.OTHER))
        assert netlink.neighbours() == {"10.0.0.9": "02:00:00:00:00:01", "2001:db8::9": "02:00:00:00:00:02"}

    @pytest.mark.parametrize("others", [[OTHER], [OTHER, OTHER], [OTHER, ONE]])
    def test_an_address_that_two_answer_for_says_nothing(self, monkeypatch, others):
        there = [
            (socket.AF_INET, 2 + at, 0x02, bytes([10, 0, 0, 9]), one) for at, one in enumerate([self.ONE, *others])
        ]
        neighbours_are(monkeypatch, *there)
        assert netlink.neighbours() == {}


def test_ethernet_interfaces_that_are_up_have_a_hardware_address(monkeypatch):
    bodies = [
        struct.pack("=BxHiII", 0, kind, 2, flags, 0) + attribute(3, name + b"\0") + attribute(1, bytes(range(6)))
        for name, kind, flags in ((b"eth0", 1, 1), (b"eth1", 1, 0), (b"lo", 772, 1), (b"ib0", 32, 1))
    ]
    monkeypatch.setattr(netlink, "dump", lambda *_question: iter(bodies))
    assert netlink.hardware_addresses() == {"eth0": "00:01:02:03:04:05"}


class TestSilentNeighbours:
    def answers(self, monkeypatch, *entries):
        neighbours_are(monkeypatch, *entries)
        return netlink.silent_neighbours()

    def test_nobody_answered_for_these(self, monkeypatch):
        v6 = socket.inet_pton(socket.AF_INET6, "2001:db8::9")
        entries = [(socket.AF_INET, 2, netlink.NUD_FAILED, bytes([10, 0, 0, 9])), (socket.AF_INET6, 3, 0x01, v6)]
        assert self.answers(monkeypatch, *entries) == {"10.0.0.9": 2, "2001:db8::9": 3}

    def test_who_answers_or_is_of_another_family_is_left_out(self, monkeypatch):
        reachable = (socket.AF_INET, 2, 0x02, bytes([10, 0, 0, 1]))
        bridge = (socket.AF_BRIDGE if hasattr(socket, "AF_BRIDGE") else 7, 2, netlink.NUD_FAILED, bytes(6))
        assert self.answers(monkeypatch, reachable, bridge) == {}

    def test_the_kernel_understands_the_question(self):
        assert isinstance(netlink.silent_neighbours(), dict)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="netlink is Linux's")
def test_both_ends_of_a_connection_over_a_unix_socket(tmp_path):
    path = str(tmp_path / "a.sock")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as waiting, socket.socket(
        socket.AF_UNIX
    ) as client:
        server.bind(path)
        server.listen(5)
        client.connect(path)
        accepted, _address = server.accept()
        waiting.connect(path)
        ends = {one.inode: one for one in netlink.unix_connections()}
        numbers = {
            one: int(os.readlink("/proc/self/fd/%d" % one.fileno())[8:-1]) for one in (client, accepted, waiting)
        }
        accepted.close()
    assert ends[numbers[client]] == ("", numbers[client], numbers[accepted])
    assert ends[numbers[accepted]] == (path, numbers[accepted], numbers[client])
    assert ends[numbers[waiting]] == ("", numbers[waiting], 0)
