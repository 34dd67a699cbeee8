# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pass directive says, taken apart. How nginx chooses among what is written is tested with model.py."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pass_target import canonical, read_target


@pytest.mark.parametrize(
    ("family", "text", "address", "name", "uri"),
    [
        ("proxy", "http://10.0.0.2", "tcp:10.0.0.2:80", "10.0.0.2", None),
        ("proxy", "https://app.example/x/", "tcp:app.example:443", "app.example", "/x/"),
        ("proxy", "http://[fd00::2]:81/", "tcp:[fd00::2]:81", None, "/"),
        ("proxy", "http://unix:/run/a.sock:/x", "unix:/run/a.sock", None, "/x"),
        ("proxy", "HTTPS://app", "tcp:app:443", "app", None),
        ("proxy", "http://$backend/x", None, None, "/x"),
        ("proxy", "http://app$request_uri", "tcp:app:80", "app", "$request_uri"),
        ("fastcgi", "127.0.0.1:9000", "tcp:127.0.0.1:9000", None, None),
        ("fastcgi", "app", None, "app", None),
        ("uwsgi", "suwsgi://app:1", "tcp:app:1", None, None),
        ("grpc", "grpcs://app", "tcp:app:443", "app", None),
    ],
)
def test_targets(family, text, address, name, uri):
    target = read_target(family, text)
    assert (target.address, target.name, target.uri) == (address, name, uri)


@pytest.mark.parametrize(
    ("text", "port", "address"),
    [
        ("10.0.0.2", 80, "tcp:10.0.0.2:80"),
        ("10.0.0.2", None, None),
        ("[::1]:81", None, "tcp:[::1]:81"),
        ("unix:/run/a.sock:", None, "unix:/run/a.sock"),
        ("unix:", 80, None),
        ("a:0", 80, None),
        ("a:65536", 80, None),
        ("::1", 80, None),
        ("a b", 80, None),
        ("", 80, None),
    ],
)
def test_the_one_form_of_an_address(text, port, address):
    assert canonical(text, port) == address
