# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name without a variable was looked up when nginx started, in /etc/hosts, too: that nginx's resolver does not know it is nobody's fault."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes.resolver_failure import CAUSE
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet


def unknown(name: str) -> dict[str, object]:
    return {"name": name, "addresses": [], "error": "NXDOMAIN", "resolver": "10.0.0.53"}


@pytest.mark.parametrize(
    ("targets", "names", "named"),
    [
        (("http://wiki:7080", "http://$shop:7080"), ("wiki", "shop.test"), "shop.test"),
        (("http://$wiki:7080", "http://$shop:7080"), ("wiki", "shop.test"), "wiki, shop.test"),
        (("http://wiki:7080/docs/", "http://shop.test"), ("wiki", "shop.test"), "wiki, shop.test"),
    ],
    ids=["one at start", "none at start", "all at start"],
)
def test_names_those_alone_that_nginx_asks_its_resolver_for(targets, names, named):
    failing = [small_fleet.answer(signature="resolver_failure", route=1)]
    proxy = small_fleet.proxy(*targets, answers=failing, names=[unknown(name) for name in names])
    (finding,) = CAUSE.find(small_fleet.fleet(web=proxy))
    assert finding.says == "web's nginx gets no address for %s from its resolver" % named
