# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the log names is asked as a visitor asks, wherever the server has such a way in."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look.from_outside import from_outside
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.entry_points import Doors, door_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import written

OWN = ("127.0.0.1", "169.254.3.4", "10.0.0.7", "203.0.113.9", "8.8.4.4", "::1", "fe80::1", "2001:db8::7")


def asked_at(listen, addresses=OWN, beside=""):
    """Where the first listener of a server is connected to."""
    routing = Routing(written("server { %s location / { proxy_pass http://127.0.0.1:1; } } %s" % (listen, beside)))
    doors, server = Doors(routing), routing.servers[0]
    return from_outside(doors, server, door_of(server["listens"][0]), addresses).connect


@pytest.mark.parametrize(
    ("listen", "where"),
    [
        ("listen 80;", "tcp:8.8.4.4:80"),
        ("listen 0.0.0.0:8080;", "tcp:8.8.4.4:8080"),
        ("listen [::]:80;", "tcp:[2001:db8::7]:80"),
        ("listen 127.0.0.1:80;", "tcp:127.0.0.1:80"),
        ("listen localhost:80;", "tcp:127.0.0.1:80"),
        ("listen [::1]:80;", "tcp:[::1]:80"),
        ("listen 10.0.0.7:80;", "tcp:10.0.0.7:80"),
        ("listen unix:/run/n.sock;", "unix:/run/n.sock"),
    ],
)
def test_a_server_for_all_addresses_is_asked_at_one_that_visitors_use(listen, where):
    assert asked_at(listen) == where


@pytest.mark.parametrize("addresses", [None, [], ["127.0.0.1", "::1"], ["127.0.0.1", "2001:db8::7", "169.254.3.4"]])
def test_a_host_that_has_none_is_asked_at_its_loopback(addresses):
    assert asked_at("listen 80;", addresses) == "tcp:127.0.0.1:80"


def test_an_address_that_another_server_has_to_itself_is_left_out():
    beside = "server { listen 8.8.4.4:80; server_name other; } server { listen 10.0.0.7:81; server_name third; }"
    assert asked_at("listen 80;", ["10.0.0.7", "8.8.4.4"], beside) == "tcp:10.0.0.7:80"
    assert asked_at("listen 80;", ["8.8.4.4"], beside) == "tcp:127.0.0.1:80"
