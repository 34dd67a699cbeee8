# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directive that is advised for what a backend speaks is written out, for the place of the one that is there."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import upstream_protocol_mismatch as mismatch
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet

APP = "tcp:10.0.0.2:3031"
BLOCK = "\nupstream app { server 10.0.0.2:3031; }\n"


def hop_and_line(target, spoken, http="", family="proxy"):
    reply = {"protocol": spoken, "began": "...", "status": None}
    reach = [small_fleet.reached(APP, small_fleet.tried(APP), family=family, reply=reply)]
    answers = [small_fleet.answer(signature="upstream_protocol_mismatch", upstream=APP)]
    web = small_fleet.proxy(target, http=http, reach=reach, answers=answers)
    found = small_fleet.fleet(web=web, app=small_fleet.host("10.0.0.2"))
    (finding,) = mismatch.find(found)
    return found.hops[0], finding.advice[0]


@pytest.mark.parametrize(
    ("target", "spoken", "written"),
    [
        ("http://10.0.0.2:3031", "uwsgi", "`uwsgi_pass 10.0.0.2:3031;` and `include uwsgi_params;` in place of proxy_"),
        ("http://10.0.0.2:3031", "http2", "`grpc_pass 10.0.0.2:3031;` in place of proxy_pass at "),
        ("http://10.0.0.2:3031", "fastcgi", "`fastcgi_pass 10.0.0.2:3031;`, `include fastcgi_params;` and `fastcgi_"),
        (
            "10.0.0.2:3031",
            "http",
            "`proxy_pass http://10.0.0.2:3031;` and `proxy_set_header Host $host;` in place of f",
        ),
    ],
)
def test_it_has_the_address(target, spoken, written):
    family = "proxy" if "://" in target else "fastcgi"
    assert "# write " + written in hop_and_line(target, spoken, family=family)[1]


def test_an_upstream_keeps_its_name_and_its_lines():
    hop, line = hop_and_line("http://app", "uwsgi", http=BLOCK)
    assert "`uwsgi_pass app;`" in line
    assert "in place of proxy_pass at %s, " % file_and_line(hop.routes[0]["pass"]["place"]) in line
    assert named_at(hop) not in line
