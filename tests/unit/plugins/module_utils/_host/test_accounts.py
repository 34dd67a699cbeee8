# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of users and groups: the files first, and what no file has as a number."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

#: Two names for one user, and lines that are none.
USERS = "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/:/bin/false\ntoor:x:0:0::/:/bin/sh\nbroken\nx:y:z\n"


@pytest.fixture
def accounts(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/etc/passwd", USERS)
    host.write("/etc/group", "www-data:x:33:\n")
    return Accounts(host)


def test_the_first_name_of_an_id_counts(accounts):
    assert (accounts.user(0), accounts.user(33), accounts.group(33)) == ("root", "www-data", "www-data")


def test_what_nobody_names_is_a_number(accounts):
    assert (accounts.user(4000000000), accounts.group(4000000000)) == ("4000000000", "4000000000")


def test_the_groups_that_the_file_names_a_user_in(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/etc/group", "adm:x:4:syslog,www-data\nwww-data:x:33:\nsite:x:1001:www-data\nbroken\nx:y:z:www-data\n")
    assert Accounts(host).groups_with("www-data") == {4: "adm", 1001: "site"}
    assert Accounts(host).groups_with("nobody") == {}


@pytest.mark.parametrize(
    "line,expected",
    [
        ("group: files sss", {4: "adm", 70001: "70001"}),
        ("group: files\ninitgroups: sss [SUCCESS=continue] files", {4: "adm", 70001: "70001"}),
        ("group: files [NOTFOUND=return] systemd", {4: "adm"}),
        ("# group: files sss\npasswd: files sss", {4: "adm"}),
    ],
)
def test_a_directory_service_is_asked_where_the_host_asks_one(tmp_path, line, expected):
    host = FakeHost(tmp_path, {"id -G www-data": "4 70001\n"})
    host.write("/etc/group", "adm:x:4:www-data\n")
    host.write("/etc/nsswitch.conf", line + "\n")
    accounts = Accounts(host)
    assert (accounts.groups_with("www-data"), accounts.groups_with("www-data")) == (expected, expected)
    assert len(host.commands) <= 1


def test_who_is_there(accounts):
    assert accounts.has_user("www-data") and accounts.has_group("www-data")
    assert not accounts.has_user("nobody-has-this-name") and not accounts.has_group("nobody-has-this-name")


def test_where_no_file_can_be_read_everybody_counts_as_there(tmp_path):
    unread = Accounts(FakeHost(tmp_path))
    assert unread.has_user("nobody-has-this-name") and unread.has_group("nobody-has-this-name")
