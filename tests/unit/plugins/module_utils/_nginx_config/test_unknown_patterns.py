# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns that requests cannot be matched with are named, each once, with their places."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre import NotKnown, Patterns
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.unknown_patterns import (
    PATTERNS_LIMIT,
    unknown_patterns,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import written


def found(http, patterns=None):
    return [tuple(one) for one in unknown_patterns(written(http), patterns or Patterns())]


def test_of_locations_and_servers_each_once_with_its_places():
    server = "server { server_name a '~(?R)'; location ~ '(?R)' { } location ~* x(?R) { } location ~ y { } location /(?R) { } }\n"
    assert found(server * 2) == [
        ("pattern (?R)", "/etc/nginx/nginx.conf:3 and 3 more places: (?R) is not known here"),
        ("pattern x(?R)", "/etc/nginx/nginx.conf:3 and 1 more places: (?R) is not known here"),
    ]
    assert found("server { server_name ~a; location ~ b { } }") == []


def test_those_that_took_too_long():
    patterns = Patterns()
    slow = "(?>a+)+b"
    with pytest.raises(NotKnown):
        patterns.search(slow, "a" * 2000)
    why = "comparing it with a request takes more than 100000 steps"
    assert found("server { location ~ '%s' { } }" % slow, patterns) == [
        ("pattern " + slow, "/etc/nginx/nginx.conf:3: " + why)
    ]


def test_that_all_steps_were_used_up():
    patterns = Patterns(steps=0)
    with pytest.raises(NotKnown):
        patterns.search("a", "a")
    ((name, why),) = found("server { location ~ a { } }", patterns)
    assert (name, why.partition(":")[0]) == (
        "patterns",
        "comparing requests with patterns took more steps than are allowed",
    )


def test_no_more_than_some_are_named():
    http = "server { %s }" % " ".join("location ~ '%d(?R)' { }" % number for number in range(PATTERNS_LIMIT + 5))
    named = found(http)
    assert len(named) == PATTERNS_LIMIT + 1
    assert named[-1] == ("patterns", "5 more are as those that are named")


def test_what_is_not_printable_is_escaped():
    (one,) = found("server { location ~ '(?R)\x1b' { } }")
    assert "\x1b" not in one[0]
