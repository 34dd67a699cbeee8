# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a configuration names itself, and what is only an example of a pattern. Which paths are found, and by which names, is tested with urls_to_ask.py."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look.own_urls import OwnUrls
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.entry_points import Doors
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import written


@pytest.mark.parametrize(
    ("location", "path", "named"),
    [
        ("location /api/ { PASS }", "/api/", True),
        ("location = /x { PASS }", "/x", True),
        (r"location ~ \.php$ { PASS }", "/index.php", True),
        ("location / { try_files $uri @app; } location @app { PASS }", "/", True),
        ("location ~ ^/(news|feed)/all$ { PASS }", "/news/all", False),
    ],
)
def test_an_example_of_a_pattern_is_no_path_that_the_configuration_names(location, path, named):
    routing = Routing(written("server { server_name a; %s }" % location.replace("PASS", "proxy_pass http://b:1;")))
    own = OwnUrls(Doors(routing))
    (found,) = own.found
    assert (found.url, found.path.is_example) == ("http://a" + path, not named)
    assert own.path_of(found.route) == (path if named else None)
    assert own.knows(found.server, path) is named
    assert not own.knows(found.server, "/elsewhere")


@pytest.mark.parametrize(
    ("locations", "found"),
    [
        ("location / { PASS } location = /cron.php { PASS } location /admin/tasks/run { PASS }", ["/"]),
        ("location = /cron.php { PASS }", ["/cron.php"]),
        ("location / { PASS } location = /hook { proxy_pass http://c:1; }", ["/", "/hook"]),
        ("location / { PASS } location ~ ^/(cron|feed)/run$ { PASS }", ["/"]),
    ],
)
def test_where_work_is_done_nothing_is_asked_that_another_url_shows(locations, found):
    text = "server { server_name a; %s }" % locations.replace("PASS", "proxy_pass http://b:1;")
    own = OwnUrls(Doors(Routing(written(text))))
    assert [one.path.text for one in own.found] == found
    assert [own.knows(one.server, one.path.text) for one in own.found] == [path == "/" for path in found]


TENANTS = "map $host $site { a.test http://b:1; } server { server_name NAME; location LOCATION { proxy_pass TARGET; } }"


@pytest.mark.parametrize(
    ("name", "location", "target", "asked"),
    [
        (r"~^(?<tenant>[a-z]+)\.test$", "/", "http://unix:/run/$tenant.sock", []),
        ("*.test", "/", "http://$host:8080", []),
        ("a.test", r"~ ^/(?<app>[a-z]+)/x$", "http://unix:/run/$app.sock", []),
        ("a.test", "/", "http://$host:8080", ["http://a.test/"]),
        (r"~^(?<tenant>[a-z]+)\.test$", "/", "http://b:1", ["http://a.test/"]),
        (r"~^(?<tenant>[a-z]+)\.test$", "/", "$site", ["http://a.test/"]),
    ],
)
def test_a_name_that_was_made_up_is_not_asked_where_it_says_who_is_asked(name, location, target, asked):
    text = TENANTS.replace("NAME", name).replace("LOCATION", location).replace("TARGET", target)
    assert [one.url for one in OwnUrls(Doors(Routing(written(text)))).found] == asked
