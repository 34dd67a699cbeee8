# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds a socket, where several do."""

import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import socket_owners as module
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_owners import socket_owners
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


def owners(host, *inodes):
    found = socket_owners(host, Processes(host), set(inodes)).processes
    return {inode: process.pid for inode, process in found.items()}


def test_the_oldest_process_has_it_and_systemd_only_what_nobody_else_has(tmp_path):
    host = FakeHost(tmp_path)
    host.process(1, "/sbin/init", ticks=1, fds=(5, 6, 7))
    host.process(40, "nginx: worker", ticks=300, fds=(5, 9))
    host.process(30, "nginx: master", ticks=200, fds=(5,))
    host.link("/proc/30/fd/77", "/var/log/nginx/error.log")
    assert owners(host, 5, 6, 8) == {5: 30, 6: 1}


@pytest.mark.parametrize(
    ("files", "log"),
    [
        (["/var/log/odoo/odoo-server.log", "/usr/bin/odoo"], "/var/log/odoo/odoo-server.log"),
        (["/srv/logs/shop.log", "/srv/logs/shop-error.log", "/srv/logs/access.log"], "/srv/logs/shop-error.log"),
        (["/var/log/httpd/access_log"], None),
        (["/srv/shop.log (deleted)", "/dev/null"], None),
        (["/srv/logs/b.log", "/srv/logs/a.log"], "/srv/logs/a.log"),
    ],
)
def test_the_log_that_a_process_has_open(tmp_path, files, log):
    host = FakeHost(tmp_path)
    host.process(30, "app", fds=(5,))
    for number, path in enumerate(files, 70):
        host.link("/proc/30/fd/%d" % number, path)
    host.process(1, "/sbin/init", ticks=1)
    assert socket_owners(host, Processes(host), {5}).logs == {30: log}


def test_of_very_many_open_files_the_first_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FILES_PER_PROCESS", 2)
    host = FakeHost(tmp_path)
    host.process(1, "/sbin/init", ticks=1)
    host.process(30, "app", fds=(5, 6, 7))
    assert owners(host, 5, 6, 7) == {5: 30, 6: 30}


def test_a_process_that_ends_meanwhile_holds_nothing(tmp_path, monkeypatch):
    host = FakeHost(tmp_path)
    host.process(30, "app", fds=(5,))
    assert module.held_sockets(host, 30) == {5}
    descriptors = len(os.listdir("/dev/fd"))

    def ended(_folder):
        raise ProcessLookupError(3, "No such process")

    with monkeypatch.context() as patched:
        patched.setattr(module.os, "listdir", ended)
        assert module.held_sockets(host, 30) == set()
    assert module.held_sockets(host, 31) == set()
    assert len(os.listdir("/dev/fd")) == descriptors


def test_a_file_that_is_closed_meanwhile_is_left_out(tmp_path, monkeypatch):
    host = FakeHost(tmp_path)
    host.process(30, "app", fds=(5, 6))
    listed = os.listdir
    monkeypatch.setattr(module.os, "listdir", lambda folder: ["99", *listed(folder)])
    assert module.held_sockets(host, 30) == {5, 6}


def test_files_that_may_not_be_read_are_said_only_where_an_owner_is_missing(tmp_path, monkeypatch):
    host = FakeHost(tmp_path)
    host.process(1, "/sbin/init", ticks=1)
    host.process(30, "app", fds=(5,))
    host.process(31, "other", ticks=50)
    read = module._open_files
    monkeypatch.setattr(module, "_open_files", lambda host, pid: None if pid == 31 else read(host, pid))
    assert owners(host, 5) == {5: 30}
    assert host.unknown == []
    assert owners(host, 5, 6) == {5: 30}
    assert [one["why"] for one in host.unknown] == ["open files of 1 processes cannot be read"]
