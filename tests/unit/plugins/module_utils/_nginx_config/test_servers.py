# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names and sockets of servers. Whole trees are read by model.py."""

import pytest

from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import written


def listens(*servers):
    config = written(" ".join("server { %s }" % inside for inside in servers))
    return [block["listens"] for block in config["blocks"] if block["name"] == "server"]


@pytest.mark.parametrize(
    ("inside", "sockets"),
    [
        ("", [("*", 80)]),
        ("listen 8080;", [("*", 8080)]),
        ("listen 0.0.0.0:80; listen [::1]:81;", [("*", 80), ("[::1]", 81)]),
        ("listen example.org;", [("example.org", 80)]),
        ("listen 9000-9002;", [("*", 9000), ("*", 9001), ("*", 9002)]),
        ("listen unix:/run/a.sock;", ["/run/a.sock"]),
    ],
)
def test_each_socket(inside, sockets):
    (found,) = listens(inside)
    assert [one.get("path") or (one["address"], one["port"]) for one in found] == sockets


def test_a_range_of_ports_has_an_end():
    (found,) = listens("listen 1000-60000;")
    assert len(found) == 65


def test_one_server_answers_on_a_socket_what_no_name_matches():
    found = listens("listen 80; listen 81;", "listen 80 default_server;", "listen 81;")
    assert [[one["default"] for one in sockets] for sockets in found] == [[False, True], [True], [False]]


def test_switches_of_the_server_count_for_all_its_sockets():
    ((first, second),) = listens("listen 80 proxy_protocol; listen 81; ssl on; http2 on;")
    assert (first["ssl"], first["http2"], first["proxy_protocol"]) == (True, True, True)
    assert (second["ssl"], second["http2"], second["proxy_protocol"]) == (True, True, False)


def test_names_and_the_name_that_is_empty():
    config = written("server { server_name a; server_name b *.c; } server { }")
    assert [block["server_names"] for block in config["blocks"] if block["name"] == "server"] == [
        ["a", "b", "*.c"],
        [""],
    ]
