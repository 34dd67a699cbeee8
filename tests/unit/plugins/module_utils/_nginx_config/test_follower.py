# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a pass directive with a variable leads: to each row of the table that gives the variable its value."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.follower import ROWS_LIMIT
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import written

UPSTREAMS = "upstream stable { server 10.0.0.1:8001; server 10.0.0.2:8001; } upstream canary { server 10.0.0.3:8002; }"
SPLIT = 'split_clients "$remote_addr" $app { 2% canary; * stable; }'


def route(tables, passing="proxy_pass http://$app;", around=""):
    text = "%s %s server { listen 80; %s location / { %s } }" % (UPSTREAMS, tables, around, passing)
    (found,) = written(text)["routes"]
    return found


def test_each_row_is_a_branch_with_the_servers_of_its_upstream():
    found = route(SPLIT)
    assert found["peers"] == ["tcp:10.0.0.3:8002", "tcp:10.0.0.1:8001", "tcp:10.0.0.2:8001"]
    assert (found["pass"]["scheme"], found["pass"]["upstream"]) == ("http", None)
    branch = found["branches"]["tcp:10.0.0.3:8002"]
    assert (branch["table"], branch["source"], branch["upstream"]) == ("split_clients", "$remote_addr", "canary")
    assert (branch["key"], branch["keys"]) == ("2%", ["2%"])


@pytest.mark.parametrize(
    ("tables", "passing", "around", "peers"),
    [
        # whole targets in the table, and one scheme in all of them
        ("map $host $to { default https://10.0.0.9:8443; }", "proxy_pass $to;", "", ["tcp:10.0.0.9:8443"]),
        # another variable stands for it
        (SPLIT, "proxy_pass http://$to$request_uri;", "set $to $app;", ["tcp:10.0.0.3:8002", "tcp:10.0.0.1:8001", "tcp:10.0.0.2:8001"]),
        # a part of the path of a socket
        ("map $host $php { default 8.2; old.test 7.4; }", "fastcgi_pass unix:/run/php$php.sock;", "", ["unix:/run/php8.2.sock", "unix:/run/php7.4.sock"]),
    ],
)  # fmt: skip
def test_targets_that_are_followed(tables, passing, around, peers):
    assert route(tables, passing, around)["peers"] == peers


@pytest.mark.parametrize(
    ("tables", "passing"),
    [
        ("", "proxy_pass http://$app;"),
        ("map $host $app { default $host; }", "proxy_pass http://$app;"),
        ("map $host $app { default http://10.0.0.9; x https://10.0.0.8; }", "proxy_pass $app;"),
        ("map $host $app { default nowhere; }", "fastcgi_pass $app;"),
        (SPLIT + "map $host $port { default 80; }", "proxy_pass http://$app:$port;"),
        ("map $host $app { %s }" % "".join("h%d 10.0.0.9:%d; " % (n, 8000 + n) for n in range(ROWS_LIMIT + 1)), "proxy_pass http://$app;"),
    ],
)  # fmt: skip
def test_what_is_not_known_for_all_requests_is_not_followed(tables, passing):
    found = route(tables, passing)
    assert (found["peers"], found["branches"]) == ([], {})


def test_a_plain_target_has_no_branches():
    assert route(SPLIT, "proxy_pass http://canary;")["branches"] == {}


@pytest.mark.parametrize(
    ("around", "passing", "mirrored"),
    [
        ("", "proxy_pass http://stable;", False),
        ("mirror /copy;", "proxy_pass http://stable;", True),
        ("mirror /copy;", "mirror off; proxy_pass http://stable;", False),
    ],
)
def test_whether_requests_are_copied(around, passing, mirrored):
    assert route("", passing, around)["mirrored"] is mirrored
