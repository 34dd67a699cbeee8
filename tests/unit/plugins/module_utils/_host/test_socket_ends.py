# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The other ends of connections, as the kernel lists them."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.netlink import TcpTalk
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_ends import (
    resolver_ends,
    tcp_ends,
    tcp_talks,
    unanswered,
    unserved,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ROW = "   0: %s %s %s 00000000:00000000 00:00000000 00000000  1000        0 %d 1 0000000000000000 100 0 0 10 0\n"
V6 = "0" * 24 + "01000000"


def test_of_tcp_those_that_the_host_has_made(tmp_path):
    host = FakeHost(tmp_path)
    rows = [("0100007F:9C40", "0900000A:1538", "01", 1), ("0100007F:9C41", "0900000A:1538", "02", 2)]
    rows += [("0100007F:1F40", "0200000A:9C41", "01", 3), ("0100007F:9C43", "0900000A:1538", "06", 4)]
    host.write("/proc/net/tcp", HEAD + "".join(ROW % row for row in rows) + "cut off\n")
    host.write("/proc/net/tcp6", HEAD + ROW % (V6 + ":9C44", V6 + ":0CEA", "01", 5))
    assert tcp_ends(host, {8000}) == {
        1: ("tcp:10.0.0.9:5432", False, None),
        2: ("tcp:10.0.0.9:5432", True, None),
        5: ("tcp:[::1]:3306", False, None),
    }


@pytest.mark.parametrize(
    ("talk", "owes", "is_owed"),
    [
        # sent, received, acknowledged: milliseconds ago; packets in, out
        (TcpTalk(3000, 3100, 2960, 1, 2), 3.0, 0.0),
        (TcpTalk(3000, 3000, 2960, 1, 2), 3.0, 0.0),
        (TcpTalk(3000, 3000, 3000, 1, 2), None, 0.0),
        (TcpTalk(3000, 2900, 2900, 1, 2), 0.0, 2.9),
        (TcpTalk(3000, 3000, 3000, 0, 0), 3.0, 0.0),
        (TcpTalk(3000, 3000, 3000, 0, 1), 3.0, 0.0),
        (TcpTalk(3000, 3000, 3000, 1, 0), None, 3.0),
    ],
    ids=["asked", "asked at once", "either", "answered", "silent", "not answered", "request"],
)
def test_who_owes_an_answer(talk, owes, is_owed):
    assert (unanswered(talk), unserved(talk)) == (owes, is_owed)


def test_an_end_says_for_how_long_it_has_been_silent(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/proc/net/tcp", HEAD + ROW % ("0100007F:9C40", "0900000A:1538", "01", 1))
    assert tcp_ends(host, set(), {1: (40000, TcpTalk(3000, 3100, 2960, 1, 2))})[1].silent == 3.0


def test_where_the_kernel_says_nothing_that_is_remembered(tmp_path, monkeypatch):
    def refused(_family):
        raise OSError("not permitted")

    monkeypatch.setattr(netlink, "tcp_talks", refused)
    host = FakeHost(tmp_path)
    assert tcp_talks(host) == {}
    assert host.unknown == [{"missing": "answers that are owed", "why": "netlink: not permitted"}]


def test_of_udp_those_that_ask_a_name_server(tmp_path):
    host = FakeHost(tmp_path)
    rows = [("0100007F:9C40", "3500000A:0035", "01", 1), ("0100007F:9C41", "3500000A:01BB", "01", 2)]
    host.write("/proc/net/udp", HEAD + "".join(ROW % row for row in rows))
    assert resolver_ends(host) == {1: ("udp:10.0.0.53:53", False, None)}
    assert tcp_ends(host, set()) == {}
