# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import errno
import os
import socket

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm import live_backlog
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.live_backlog import listen_again


class Kernel:
    """Hands out copies of our own sockets, as pidfd_getfd does, and notes the queues that are asked of them."""

    def __init__(self, monkeypatch, error=None):
        self.error = error
        self.queued = []
        kernel = self

        class Copy(socket.socket):
            def listen(self, backlog):
                kernel.queued.append((self.getsockname(), backlog))
                super().listen(backlog)

        monkeypatch.setattr(live_backlog, "_call", self.call)
        monkeypatch.setattr(live_backlog.socket, "socket", Copy)

    def call(self, number, *args):
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        return os.open(os.devnull, os.O_RDONLY) if number == live_backlog.PIDFD_OPEN else os.dup(args[1])


@pytest.fixture
def path(tmp_path):
    """Address of a socket that listens, beside one that is connected to it."""
    where = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as client:
        listening.bind(where)
        listening.listen(5)
        client.connect(where)
        yield where


def test_only_the_wanted_socket_that_listens_gets_a_new_queue(monkeypatch, path):
    kernel = Kernel(monkeypatch)
    assert listen_again(os.getpid(), {Address("", 0, path): 77}) is None
    assert kernel.queued == [(path, 77)]


@pytest.mark.parametrize("host", ["::", "127.0.0.1"])
def test_a_tcp_socket_is_known_by_its_port(monkeypatch, host):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(5)
        kernel = Kernel(monkeypatch)
        assert listen_again(os.getpid(), {Address(host, listening.getsockname()[1]): 78}) is None
        assert kernel.queued == [(listening.getsockname(), 78)]


def test_a_socket_that_is_not_there_is_an_error(monkeypatch, path):
    Kernel(monkeypatch)
    error = listen_again(os.getpid(), {Address("", 0, path): 77, Address("", 0, "/run/other.sock"): 77})
    assert error == "process %d does not listen on unix:/run/other.sock" % os.getpid()


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM])
def test_a_kernel_that_refuses_is_an_error(monkeypatch, path, number):
    kernel = Kernel(monkeypatch, number)
    assert os.strerror(number) in listen_again(os.getpid(), {Address("", 0, path): 77})
    assert kernel.queued == []
