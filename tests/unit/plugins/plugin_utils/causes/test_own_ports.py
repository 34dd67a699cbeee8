# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports that services of packages have by themselves."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._own_ports import (
    COMMON,
    is_its_own,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._who_should_listen import with_a_port_of_its_own
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import fleet, proxy


@pytest.mark.parametrize(
    ("name", "program", "port", "wanted"),
    [
        ("varnish.service", "/usr/sbin/varnishd", 6081, True),
        ("hooks.service", "/usr/bin/webhook", 9000, True),
        ("icinga2.service", "/usr/sbin/icinga2", 5665, True),
        ("rspamd.service", "/usr/bin/rspamd", 11334, True),
        ("pdns-recursor.service", "/usr/sbin/pdns_recursor", 8082, True),
        ("varnish.service", "/usr/sbin/varnishd", 6082, False),
        ("shop.service", "/usr/bin/node", 6081, False),
        ("rabbitmq-exporter.service", "/usr/bin/exporter", 9419, False),
    ],
)
def test_a_port_is_a_programs_own(name, program, port, wanted):
    assert is_its_own(name, [program], port) is wanted


RUNS = {"active": "active", "exec": ["/usr/sbin/varnishd"]}


@pytest.mark.parametrize(
    ("port", "units", "wanted"),
    [
        (6081, {"varnish.service": RUNS, "shop.service": {"active": "active"}}, "varnish.service"),
        (6081, {"varnish.service": RUNS, "varnish2.service": RUNS}, None),
        (6081, {"varnish.service": {**RUNS, "active": "failed"}}, None),
        (6081, {"varnish.socket": RUNS}, None),
        (min(COMMON), {"icecast2.service": {"active": "active", "exec": ["/usr/bin/icecast2"]}}, None),
    ],
    ids=["the only one", "two", "down", "a socket", "a port of many"],
)
def test_the_only_one_that_runs_is_meant(port, units, wanted):
    found = fleet(web=proxy("http://127.0.0.1:%d" % port, units=units))
    assert with_a_port_of_its_own(found.hops[0], found.hosts["web"]) == wanted
