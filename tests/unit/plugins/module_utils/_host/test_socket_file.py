# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a socket's file."""

import os
import struct

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_file import parse_acl, socket_file
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


@pytest.fixture
def host(tmp_path):
    made = FakeHost(tmp_path)
    made.write("/etc/passwd", "www-data:x:33:33::/:/bin/false\n")
    return made


def test_a_file_that_may_not_be_seen_is_not_said_to_be_missing(host, monkeypatch):
    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "stat", refuse)
    found = socket_file(host, "/root/s.sock", 7, Accounts(host))
    assert set(found.values()) == {None}


def test_an_acl_is_shown_as_far_as_its_mask_allows(host):
    everybody = 0xFFFFFFFF
    entries = ((1, 6, everybody), (2, 6, 33), (4, 6, everybody), (8, 7, 5), (16, 4, everybody), (32, 0, everybody))
    raw = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    assert parse_acl(raw, Accounts(host)) == ["u:www-data:r", "g::r", "g:5:r"]
    assert parse_acl(raw[: 4 + 8], Accounts(host)) is None
