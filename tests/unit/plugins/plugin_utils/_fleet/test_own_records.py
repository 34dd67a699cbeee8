# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lines of nginx's log are about a hop where two sites ask for the same place."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.own_records import of_other_site


def hop(path, *names):
    number = Address("", 0, path)
    return Hop(None, number, "fastcgi", "", [{"id": 0, "server_names": list(names)}], None, None, number)


DEFAULT, SHOP = hop("/run/php.sock", "_"), hop("/var/run/php.sock", "shop.example", "www.shop.example")


@pytest.mark.parametrize(
    ("one", "server", "others", "expected"),
    [
        (DEFAULT, "shop.example", SHOP, True),
        (SHOP, "shop.example", DEFAULT, False),
        (DEFAULT, "_", SHOP, False),
        # A name that no server has any more, and lines without one.
        (DEFAULT, "gone.example", SHOP, False),
        (DEFAULT, None, SHOP, False),
    ],
)
def test_lines_of_another_site(one, server, others, expected):
    assert of_other_site(one, {"server": server}, [one, others]) is expected
