# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that has moved is named for the one port that lacks its own, and for none where several do."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._who_should_listen import (
    moved,
    of_its_name,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes.backend_not_listening import listens_elsewhere
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    fleet,
    host,
    listener,
    proxy,
)

SHOP = {"active": "active", "sub": "running", "fragment": "/etc/systemd/system/shop.service", "declares": []}
CLOSED = ("http://10.0.0.2:8101", "http://10.0.0.2:8102")


@pytest.mark.parametrize(("targets", "name"), [(CLOSED[:1], "shop.service"), (CLOSED, None)])
def test_a_service_has_moved_from_one_port_alone(targets, name):
    units, listeners = {"shop.service": SHOP}, {"tcp": [listener("0.0.0.0", 9101, unit="shop.service")], "unix": []}  # noqa: S104  a fake host's
    hosts = fleet(web=proxy(*targets), app=host("10.0.0.2", units=units, listeners=listeners))
    app = hosts.hosts["app"]
    assert [moved(hosts, hop, app) for hop in hosts.hops_to(app)] == [name] * len(targets)


@pytest.mark.parametrize(
    ("address", "is_elsewhere"), [("127.0.0.2", True), ("10.0.0.5", True), ("127.0.0.1", False), ("::1", False)]
)
def test_another_address_of_the_host_can_be_asked(address, is_elsewhere):
    listeners = {"tcp": [listener(address, 5280, unit="prosody.service")], "unix": []}
    found = fleet(web=proxy("http://127.0.0.1:5280", listeners=listeners))
    assert listens_elsewhere(found.hops[0], found.hosts["web"]) is is_elsewhere


@pytest.mark.parametrize(
    ("program", "name"),
    [("/opt/shop/bin/shop", "shop.service"), ("/usr/local/bin/shop", "shop.service"), ("/usr/bin/shop", None)],
)
def test_a_unit_below_lib_is_an_administrators_where_its_program_is_no_packages(program, name):
    units = {"shop.service": {**SHOP, "fragment": "/lib/systemd/system/shop.service", "exec": [program]}}
    listeners = {"tcp": [listener("0.0.0.0", 9101, unit="shop.service")], "unix": []}  # noqa: S104  a fake host's
    hosts = fleet(web=proxy(CLOSED[0]), app=host("10.0.0.2", units=units, listeners=listeners))
    assert moved(hosts, hosts.hops[0], hosts.hosts["app"]) == name


@pytest.mark.parametrize(
    ("unit", "targets", "name"),
    [
        ("rstudio-server.service", ("http://10.0.0.2:8787",), "rstudio-server.service"),
        ("rstudio-server.service", ("http://10.0.0.2:8787", "http://10.0.0.2:9101"), None),
        ("plain.service", ("http://10.0.0.2:8787",), None),
        ("rstudio-exporter.service", ("http://10.0.0.2:8787",), None),
    ],
    ids=["of the site's name", "asked for itself", "of another name", "measures"],
)
def test_a_packaged_service_of_the_sites_name_has_moved(unit, targets, name):
    units = {unit: {**SHOP, "fragment": "/lib/systemd/system/" + unit, "exec": ["/usr/lib/x/server"]}}
    listeners = {"tcp": [listener("0.0.0.0", 9101, unit=unit)], "unix": []}  # noqa: S104  a fake host's
    web = proxy(*targets)
    for route in web["nginx"]["config"]["routes"]:
        route["server_names"] = ["rstudio.test"]
    hosts = fleet(web=web, app=host("10.0.0.2", units=units, listeners=listeners))
    assert of_its_name(hosts, hosts.hops[0], hosts.hosts["app"]) == name
