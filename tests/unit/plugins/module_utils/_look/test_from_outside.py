# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the log names is asked as a visitor asks, wherever the server has such a way in."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look.from_outside import from_outside, with_care
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.own_urls import OwnUrls
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.entry_points import (
    Doors,
    Logged,
    door_of,
)
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


SITE = """server { listen 80; server_name a; index index.php;
    location / { try_files $uri /index.php?$args; } location ~ [.]php$ { fastcgi_pass unix:/run/php.sock; }
    location /api/ { proxy_pass http://10.0.0.2:1; } location /by/ { proxy_pass http://$arg_backend; }
    location ~ ^/(?:a|b)/run$ { proxy_pass http://10.0.0.2:3; } location /files/ { } location = /status { proxy_pass http://10.0.0.2:2; } }"""


def made(path, connecting=True, method="GET", urls=(), blamed=None):
    """The method and path by which a request is made that the log shows failing."""
    doors = Doors(Routing(written(SITE)))
    failed = doors.failed([Logged("a", "a", method, path, blamed, connecting=connecting)])
    (one,) = with_care(OwnUrls(doors), failed, urls)
    return one.logged.method, one.logged.path


@pytest.mark.parametrize(
    ("path", "instead"),
    [("/cron.php", "/index.php"), ("/any/page", "/index.php"), ("/api/pay/7", "/api/"), ("/status", "/status")],
)
def test_a_request_that_got_no_connection_is_not_made_but_the_routes_own(path, instead):
    assert made(path) == ("GET", instead)


@pytest.mark.parametrize(
    ("listen", "path", "made_again"),
    [
        ("80", "/big.php", ("HEAD", "/big.php")),
        ("80", "/cron.php", ("GET", "/")),
        ("127.0.0.1:80", "/big.php", ("GET", "/")),
    ],
)
def test_once_the_host_was_changed_it_is_made_but_for_work_and_from_the_loopback(listen, path, made_again):
    doors = Doors(Routing(written("server { listen %s; location / { proxy_pass http://10.0.0.2:1; } }" % listen)))
    failed = doors.failed([Logged("a", "a", "GET", path, "tcp:10.0.0.2:1", connecting=True)])
    (one,) = with_care(OwnUrls(doors), failed, is_again=True, addresses=OWN)
    assert (one.logged.method, one.logged.path) == made_again


@pytest.mark.parametrize(
    ("path", "connecting"),
    [
        ("/cron.php", False),
        ("/api/pay/7", False),
        ("/by/7", True),
        ("/files/7", True),
        ("/a/run", True),
        ("/b/run", True),
    ],
)
def test_where_its_own_path_matters_it_is_asked_with_head(path, connecting):
    assert made(path, connecting) == ("HEAD", path)


@pytest.mark.parametrize(
    ("blamed", "instead"),
    [
        ("tcp:10.0.0.2:2", ("HEAD", "/api/pay/7")),  # the application had nginx answer it from there
        ("tcp:10.0.0.2:1", ("GET", "/api/")),
        ("tcp:10.0.0.9:1", ("GET", "/api/")),  # a name that has moved since
    ],
)
def test_what_got_no_connection_over_another_route_is_made_itself(blamed, instead):
    assert made("/api/pay/7", blamed=blamed) == instead


def test_a_request_for_work_is_not_made_where_another_shows_its_upstream():
    text = "server { listen 80; server_name a; location / { proxy_pass http://b:1; } location = /cron.php { proxy_pass http://b:1; } }"
    doors = Doors(Routing(written(text)))
    failed = doors.failed([Logged("a", "a", "GET", "/cron.php", "tcp:10.0.0.2:1", connecting=True)])
    assert [one.logged.path for one in with_care(OwnUrls(doors), failed)] == ["/"]


@pytest.mark.parametrize("urls", [["https://a/api/pay/7?key=1"], ["http://[::1", "http://a:8080/api/pay/7"]])
def test_what_the_configuration_or_the_user_names_is_asked_as_it_was(urls):
    assert made("/api/pay/7", False, "GET", urls) == ("GET", "/api/pay/7")
    assert made("/index.php", False) == ("GET", "/index.php")
    assert made("/status", False) == ("GET", "/status")
    assert (made("/", False, urls=["http://a"]), made("/", False)) == (("GET", "/"), ("HEAD", "/"))
