# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One contact: what was asked again of a request that the log has."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.contact import Contact

OWN, OTHER = {"url": "http://shop.example/index.php", "route": 1}, {"url": "http://localhost/index.php", "route": 0}


def record(path, host):
    return {"request": {"method": "GET", "path": path}, "host": host}


@pytest.mark.parametrize(
    ("path", "host", "expected"),
    [
        ("/index.php", "shop.example", [OWN, OTHER]),
        # A path that nginx leads to another one inside (try_files): of its site, what was asked.
        ("/dashboard", "shop.example", [OWN]),
        ("/dashboard", "blog.example", [OWN, OTHER]),
        ("/dashboard", None, [OWN, OTHER]),
    ],
)
def test_what_was_asked_again(path, host, expected):
    number = Address("", 0, "/run/php.sock")
    contact = Contact(None, number, "fastcgi", "", [], None, None, number, answers=[OWN, OTHER])
    assert contact.asked_again(record(path, host)) == expected
