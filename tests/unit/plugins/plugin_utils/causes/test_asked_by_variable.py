# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a variable in a pass directive may stand for where a service listens; and servers of one name."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._same_names import ignored
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._who_should_listen import by_variable
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet

DEAD = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("target", "place", "may_be"),
    [
        ("http://unix:/run/app-$app.sock:", "unix:/run/app-alpha.sock", True),
        ("http://unix:/run/app-${app}.sock:/x", "unix:/run/app-alpha.sock", True),
        ("http://unix:/run/app-$app.sock:", "unix:/run/other.sock", False),
        ("http://unix:/run/app-$app.sock:", "tcp:0.0.0.0:8080", False),
        ("http://127.0.0.1:$port/x", "tcp:0.0.0.0:8080", True),
        ("http://$app:8080", "tcp:127.0.0.1:8080", True),
        ("http://$app:8080", "tcp:127.0.0.1:8081", False),
        ("http://$app", "tcp:127.0.0.1:8081", True),
        ("http://$app", "unix:/run/app-alpha.sock", False),
        ("http://127.0.0.1:8080", "tcp:127.0.0.1:8080", False),
    ],
)
def test_a_variable_may_stand_for_a_place(target, place, may_be):
    fleet = small_fleet.fleet(web=small_fleet.proxy(DEAD, target))
    assert by_variable(read_address(place), fleet.hops[0]) is may_be


SITE = "server { listen %s; server_name %s; location / { proxy_pass %s; } }"


@pytest.mark.parametrize(
    ("second", "is_named"),
    [
        (("80", "www.test shop.test", "http://127.0.0.1:10"), True),
        (("81", "shop.test", "http://127.0.0.1:10"), False),
        (("80", "wiki.test", "http://127.0.0.1:10"), False),
    ],
)
def test_of_two_servers_with_one_name_the_first_is_in_force(second, is_named):
    config = "%s\n%s" % (SITE % ("80", "shop.test", DEAD), SITE % second)
    first, other = small_fleet.fleet(web=small_fleet.proxy(http=config)).hops[:2]
    assert bool(ignored(first)) is is_named
    assert ignored(other) == ()
    for line in ignored(first):
        assert "has the server name shop.test, too, and nginx ignores that one" in line
