# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be a secret is not shown; what is edited, and where it stands, is."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.masked import masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("listen 80; server_name a;", "listen 80; server_name a;"),
        ("# the key is sesame\nuser www;", "# ********\nuser www;"),
        ('proxy_set_header Authorization "Basic sesame";', "proxy_set_header ********;"),
        ("gzip on;", "gzip on;"),
        ("location /a { return 200 sesame; }", "location /a { return ********; }"),
        ("map $arg_key $ok { sesame 1; }", "map ******** { ********; }"),
        ('content_by_lua_block { local key = "sesame" }', "content_by_lua_block { ******** }"),
        ("server_name a; # sesame", "server_name a; # ********"),
    ],
)
def test_what_may_be_a_secret_is_masked(text, shown):
    assert masked(text, {"gzip"}) == shown


def test_a_target_is_shown_without_its_password():
    found = masked("proxy_pass http://app:sesame@10.0.0.2/;", set())
    assert "sesame" not in found and "10.0.0.2" in found


def test_what_is_edited_is_shown_and_all_else_stays_in_its_place():
    text = "a 1;\nhttp {\n    gzip  on;\n    secure_link_md5 sesame;\n}\n"
    assert masked(text, {"gzip"}) == "a ********;\nhttp {\n    gzip  on;\n    secure_link_md5 ********;\n}\n"
