# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders that PHP-FPM's files name and that are not there."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import parse
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.missing_folders import missing_folders
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.php_fpm_host import FpmHost

MAIN = "/etc/php-fpm.conf"


@pytest.fixture
def host(tmp_path):
    return FpmHost(tmp_path)


def missing(host, text):
    host.write(MAIN, text)
    return [
        (one["setting"], one["folder"], one["pool"], one["user"]) for one in missing_folders(host, parse(host, MAIN))
    ]


def test_each_folder_is_named_by_the_first_setting_that_needs_it(host):
    host.write("/var/log/php.log", "")
    text = "[global]\npid = /run/shop/fpm.pid\nerror_log = /var/log/php.log\n[www]\nuser = shop\nslowlog = /run/shop/slow.log\n"
    text += "access.log = /srv/log/$pool.log\nchdir = /srv/shop\n"
    assert missing(host, text) == [
        ("pid", "/run/shop", None, None),
        ("access.log", "/srv/log", "www", "shop"),
        ("chdir", "/srv/shop", "www", "shop"),
    ]


def test_the_place_and_the_path_of_the_setting(host):
    host.write(MAIN, "[global]\n\npid = /run//shop/fpm.pid\n")
    assert missing_folders(host, parse(host, MAIN)) == [
        {
            "folder": "/run/shop",
            "setting": "pid",
            "path": "/run/shop/fpm.pid",
            "pool": None,
            "user": None,
            "place": {"file": MAIN, "line": 3},
            "others": "/run: No such file or directory",
            "unmounted": None,
        }
    ]


@pytest.mark.parametrize("value", ["syslog", "log/php.log", "/proc/self/fd/2", "no"])
def test_what_is_no_path_of_its_own_needs_no_folder(host, value):
    host.write("/proc/self/fd/2", "")
    assert missing(host, "[global]\nerror_log = %s\n" % value) == []


def test_the_folder_in_a_chroot_is_another_one(host):
    host.write("/srv/jail/etc/hosts", "")
    assert missing(host, "[www]\nchroot = /srv/jail\nchdir = /htdocs\n") == []
