# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that failed without a line in any error log become records all the same."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look import unlogged as unlogged_module
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.unlogged import unlogged
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.entry_points import (
    Doors,
    logged_requests,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import parse
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import MAIN

ROW = {"source": "/log/a", "method": "GET", "path": "/cart", "last": 900.0, "failed": 3}
SITES = """
server { listen 80; server_name a.test; access_log /log/a; location / { proxy_pass http://10.0.0.2:8080; } location /static/ { root /srv; } }
server { listen 80; server_name b.test; access_log /log/b; location / { proxy_pass http://both; } }
server { listen 80; server_name c.test; access_log /log/b; location / { proxy_pass http://10.0.0.2:8080; } }
server { listen 80 default_server; access_log /log/d; location / { proxy_pass http://both; } }
upstream both { server 10.0.0.2:80; server 10.0.0.3:80; }
"""


def routing():
    return Routing(parse({MAIN: "events {}\nhttp {\n%s\n}\n" % SITES}, MAIN, "/etc/nginx"))


def test_it_is_a_record_of_the_site_that_has_the_log_and_can_be_asked_again():
    (record,) = unlogged([ROW], [], routing())
    assert (record["kind"], record["signature"], record["level"], record["count"], record["last"]) == (
        "nginx",
        "upstream_failed",
        "access",
        3,
        900.0,
    )
    assert record["upstream"] == {"scheme": "http", "address": "tcp:10.0.0.2:8080", "text": "http://10.0.0.2:8080"}
    assert record["message"] == "GET /cart was answered 502 or 504, and no error log has a line of it"
    (failed,) = Doors(routing()).failed(logged_requests([record]))
    assert failed.door.url(failed.host, failed.logged.path) == "http://a.test/cart"


def test_of_several_servers_of_an_upstream_nobody_knows_which_it_was():
    (record,) = unlogged([{**ROW, "source": "/log/d"}], [], routing())
    assert (record["upstream"], record["server"], record["host"]) == (None, "_", "_")


def test_of_a_log_that_several_sites_have_each_is_asked():
    records = unlogged([{**ROW, "source": "/log/b"}], [], routing())
    assert [(one["server"], one["upstream"], one["count"]) for one in records] == [
        ("b.test", None, 3),
        ("c.test", None, 3),
    ]
    failed = Doors(routing()).failed(logged_requests(records))
    assert [one.host for one in failed] == ["b.test", "c.test"]


@pytest.mark.parametrize("change", [{"path": "/static/x"}, {"source": "/log/of-nobody"}, {"source": "/log/b"}])
def test_what_no_site_passes_on_or_too_many_is_not_asked(change, monkeypatch):
    monkeypatch.setattr(unlogged_module, "SHARING", 1)
    (record,) = unlogged([{**ROW, **change}], [], routing())
    assert (record["upstream"], record["server"], record["host"]) == (None, None, None)
    assert Doors(routing()).failed(logged_requests([record])) == []


def test_what_has_no_time_makes_no_record():
    assert unlogged([{**ROW, "last": 0.0}], [], routing()) == []


def test_a_request_that_an_error_log_knows_is_told_already():
    told = {"request": {"method": "GET", "path": "/cart"}}
    assert unlogged([ROW], [{"request": None}, told], routing()) == []
    assert unlogged([ROW], [{"request": {"method": "POST", "path": "/cart"}}], routing()) != []
