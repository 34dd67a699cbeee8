# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of http{}: which values they give to a variable."""

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import read_directives
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.tables import tables_of


def rows(text):
    (http,) = read_directives("http { %s }" % text, "nginx.conf").directives
    return {name: [(row.table, row.key, row.value) for row in found] for name, found in tables_of(http).items()}


def test_each_table_names_its_variable_last():
    assert rows(
        'split_clients "$remote_addr" $app { 2% canary; * stable; } geo $net { default near; 10.0.0.0/8 far; }'
        " map $cookie_beta $beta { hostnames; include more.conf; default ''; yes beta; }"
    ) == {
        "app": [("split_clients", "2%", "canary"), ("split_clients", "*", "stable")],
        "net": [("geo", "default", "near"), ("geo", "10.0.0.0/8", "far")],
        "beta": [("map", "yes", "beta")],
    }


def test_a_row_has_its_place():
    (http,) = read_directives("http {\n  map $a $b {\n    default x;\n  }\n}", "nginx.conf").directives
    assert tables_of(http)["b"][0].place == {"file": "nginx.conf", "line": 3}


def test_without_http_there_are_none():
    assert tables_of(None) == rows("map; geo { }") == {}
