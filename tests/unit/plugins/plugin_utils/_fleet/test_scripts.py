# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of PHP that a failing URL leads to, where URL and root say it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.scripts import failing_scripts


def hop(*urls, family="fastcgi", root="/var/www/html/"):
    failing = [{"url": "http://shop.example" + url, "route": 3} for url in urls]
    return SimpleNamespace(family=family, routes=[{"id": 3, "root": root}], failing=failing)


def test_each_script_is_named_once_without_its_query():
    assert failing_scripts(hop("/a%20b.php?x=1", "/a%20b.php", "/pay/c.php")) == [
        "/var/www/html/a b.php",
        "/var/www/html/pay/c.php",
    ]


@pytest.mark.parametrize(
    "one",
    [hop("/cart"), hop("/../a.php"), hop("/a.php", root=None), hop("/a.php", family="proxy"), hop()],
    ids=["no script", "out of the root", "no root", "no PHP", "no failure"],
)
def test_nothing_is_guessed(one):
    assert failing_scripts(one) == []
