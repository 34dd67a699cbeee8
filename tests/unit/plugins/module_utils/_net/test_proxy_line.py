# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The line of the PROXY protocol."""

import errno
import socket

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._net.proxy_line import proxy_line


class Connection:
    """One from port 50000 to port 80 of the same address."""

    def __init__(self, family, host):
        self.family, self.host = family, host

    def getsockname(self):
        return (self.host, 50000)

    def getpeername(self):
        return (self.host, 80)


@pytest.mark.parametrize(
    ("family", "host", "line"),
    [
        (socket.AF_INET, "10.0.0.1", b"PROXY TCP4 10.0.0.1 10.0.0.1 50000 80\r\n"),
        (socket.AF_INET6, "::1", b"PROXY TCP6 ::1 ::1 50000 80\r\n"),
    ],
)
def test_it_names_both_ends(family, host, line):
    assert proxy_line(Connection(family, host)) == line


def test_a_unix_socket_has_no_ends_to_name():
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert proxy_line(ours) == b"PROXY UNKNOWN\r\n"


class HungUp(Connection):
    def getpeername(self):
        raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")


def test_one_that_the_other_end_has_hung_up_has_none_either():
    assert proxy_line(HungUp(socket.AF_INET, "10.0.0.1")) == b"PROXY UNKNOWN\r\n"
