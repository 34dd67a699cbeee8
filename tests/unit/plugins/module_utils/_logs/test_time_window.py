# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When lines were written, and whether that counts as now."""

import time

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.time_window import Window

NOW = time.mktime((2026, 1, 2, 3, 4, 5, 0, 0, -1))


@pytest.mark.parametrize(
    ("line", "kind", "when"),
    [
        ("2026/01/02 03:04:05 [error] 1#1: x", "nginx", NOW),
        ("[02-Jan-2026 03:04:05] WARNING: x", "php_fpm", NOW),
        ("[02-Jan-2026 03:04:05.123456] WARNING: x", "php_fpm", NOW),
        ("type=AVC msg=audit(1767323045.123:9): avc: denied", "kernel", 1767323045.123),
        ("x 2026/01/02 03:04:05", "nginx", None),
        ("[02-Jan-2026 03:04:05] x", "nginx", None),
        ("2026/13/02 03:04:05 [error]", "nginx", None),
        ("2026/01/32 03:04:05 [error]", "nginx", None),
        ("[02-Foo-2026 03:04:05] WARNING: x", "php_fpm", None),
        ("avc: denied", "kernel", None),
        ("", "nginx", None),
    ],
)
def test_when_a_line_was_written(line, kind, when):
    assert Window(NOW, 60).when(line, kind) == when


@pytest.mark.parametrize(
    ("when", "is_now"), [(NOW - 60, True), (NOW - 61, False), (NOW + 120, True), (NOW + 121, False), (None, False)]
)
def test_clocks_may_differ_a_little_and_what_has_no_time_is_not_now(when, is_now):
    assert Window(NOW, 60).has(when) is is_now


def test_as_text_the_window_begins_an_hour_earlier_and_never_before_the_epoch():
    assert Window(NOW, 60).since_text == b"2026/01/02 02:03:05"
    assert Window(10.0, 3600).since_text == time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(0)).encode()
