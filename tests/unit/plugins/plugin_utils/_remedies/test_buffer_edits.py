# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits go where the size is in force, are as few as nginx's rules allow, and leave generated files alone."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffer_edits import place_for
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffer_rules import validate_all
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffers import BufferPlan, plan
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import (
    MAIN,
    config_of,
    files_of,
    route_at,
    written,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.buffer_trees import (
    PAGE,
    carried_out,
    model,
    planned_for,
)

CASES = {
    "in the location that sets it": (
        "server { location / {\nproxy_buffer_size 4k;\nproxy_pass http://a; } }",
        [("location", 2, "proxy_buffer_size", ["32k"]), ("location", 2, "proxy_buffers", ["8", "16k"])],
    ),
    "at the server that sets it": (
        "server {\nproxy_buffer_size 8k;\nlocation / { proxy_pass http://a; } }",
        [("server", 2, "proxy_buffer_size", ["32k"]), ("server", 2, "proxy_buffers", ["8", "16k"])],
    ),
    "in http where http sets one of them": (
        "include conf.d/*.conf;\nproxy_buffers 8 8k;\nserver { location / { proxy_pass http://a; } }",
        [("http", 1, "proxy_buffer_size", ["32k"]), ("http", 1, "proxy_buffers", ["8", "16k"])],
    ),
    "buffers that suffice stay": (
        "proxy_buffers 16 16k;\nserver { location / { proxy_pass http://a; } }",
        [("http", 1, "proxy_buffer_size", ["32k"])],
    ),
    "in the location where http would break another": (
        "include conf.d/*.conf;\nserver { location /b { proxy_buffers 4 4k; proxy_pass http://b; }\nlocation / {\nproxy_pass http://a; } }",
        [("location", 4, "proxy_buffer_size", ["32k"]), ("location", 4, "proxy_buffers", ["8", "16k"])],
    ),
    "with the busy ones that are set too small": (
        "proxy_buffer_size 8k; proxy_buffers 8 8k; proxy_busy_buffers_size 16k;\nserver { location / { proxy_pass http://a; } }",
        [("http", 1, "proxy_buffer_size", ["32k"]), ("http", 1, "proxy_buffers", ["8", "16k"]), ("http", 1, "proxy_busy_buffers_size", ["64k"])],
    ),
    "busy ones that just hold the header stay": (
        "proxy_buffer_size 8k; proxy_buffers 8 8k; proxy_busy_buffers_size 32k;\nserver { location / { proxy_pass http://a; } }",
        [("http", 1, "proxy_buffer_size", ["32k"])],
    ),
    "busy ones that take all but one buffer stay": (
        "proxy_buffer_size 8k; proxy_buffers 8 8k; proxy_busy_buffers_size 56k;\nserver { location / { proxy_pass http://a; } }",
        [("http", 1, "proxy_buffer_size", ["32k"])],
    ),
    "buffers that just suffice stay": (
        "proxy_buffers 5 16k;\nserver { location / { proxy_pass http://a; } }",
        [("http", 1, "proxy_buffer_size", ["32k"])],
    ),
    "buffers that are small and many stay": (
        "proxy_buffers 32 8k;\nserver { location / { proxy_pass http://a; } }",
        [("http", 1, "proxy_buffer_size", ["32k"])],
    ),
    "temporary files that are just large enough stay": (
        "proxy_buffers 8 16k; proxy_temp_file_write_size 32k; proxy_max_temp_file_size 32k;\nserver { location / { proxy_pass http://a; } }",
        [("http", 1, "proxy_buffer_size", ["32k"])],
    ),
    "no temporary files stay none": (
        "proxy_buffers 8 16k; proxy_max_temp_file_size 0;\nserver { location / { proxy_pass http://a; } }",
        [("http", 1, "proxy_buffer_size", ["32k"])],
    ),
    "no more buffers than the larger size needs": (
        "proxy_buffers 9 4k;\nserver { location / { proxy_pass http://a; } }",
        [("http", 1, "proxy_buffer_size", ["64k"]), ("http", 1, "proxy_buffers", ["9", "16k"])],
    ),
    "with temporary files that are set too small": (
        "proxy_buffer_size 8k; proxy_buffers 8 32k; proxy_temp_file_write_size 32k; proxy_max_temp_file_size 32k;\n"
        "server { location / { proxy_pass http://a; } }",
        [("http", 1, "proxy_buffer_size", ["64k"]), ("http", 1, "proxy_temp_file_write_size", ["128k"]), ("http", 1, "proxy_max_temp_file_size", ["64k"])],
    ),
    "in locations inside that have their own": (
        "server { location / {\nproxy_buffer_size 8k; proxy_pass http://a;\nlocation /b {\nproxy_buffers 4 8k; } } }",
        [("location", 2, "proxy_buffer_size", ["32k"]), ("location", 2, "proxy_buffers", ["8", "16k"]), ("location", 4, "proxy_buffers", ["8", "16k"])],
    ),
    "each location inside by what it has": (
        "server { location / {\nproxy_buffer_size 8k; proxy_pass http://a;\nlocation /b {\nproxy_buffers 16 4k; }\n"
        "location /c {\nproxy_busy_buffers_size 16k; proxy_temp_file_write_size 16k; proxy_max_temp_file_size 16k; } } }",
        [
            ("location", 2, "proxy_buffer_size", ["32k"]), ("location", 2, "proxy_buffers", ["8", "16k"]), ("location", 4, "proxy_buffers", ["16", "16k"]),
            ("location", 6, "proxy_busy_buffers_size", ["64k"]), ("location", 6, "proxy_temp_file_write_size", ["64k"]),
            ("location", 6, "proxy_max_temp_file_size", ["32k"]),
        ],
    ),
    "once where a location inside and the one around it want different busy ones": (
        "server { location / {\nproxy_buffer_size 4k; proxy_buffers 3 4k; proxy_busy_buffers_size 4k;\n"
        "location ~ x$ {\nproxy_buffers 2 64k; proxy_pass http://a; } } }",
        [
            ("location", 2, "proxy_buffer_size", ["32k"]), ("location", 4, "proxy_buffers", ["8", "64k"]), ("location", 2, "proxy_buffers", ["8", "16k"]),
            ("location", 2, "proxy_busy_buffers_size", ["64k"]),
        ],
    ),
    "in the location around an if": (
        "server { location / {\nproxy_buffer_size 8k; if ($arg_a) { proxy_pass http://a; } } }",
        [("location", 2, "proxy_buffer_size", ["32k"]), ("location", 2, "proxy_buffers", ["8", "16k"])],
    ),
    "the one buffer of grpc": (
        "server { location / {\ngrpc_buffer_size 8k; grpc_pass a:1; } }",
        [("location", 2, "grpc_buffer_size", ["32k"])],
    ),
}  # fmt: skip


#: Cases with a header that takes 64k.
LARGE = {"no more buffers than the larger size needs", "with temporary files that are set too small"}


@pytest.mark.parametrize("name", CASES)
def test_edits_go_where_it_is_in_force(name):
    text, expected = CASES[name]
    files = {MAIN: "events {} http {\n%s\n}\n" % text}
    config = model(files)
    planned = plan(config, config["routes"][-1], 40000 if name in LARGE else 6200)
    assert planned.refusal is None
    assert planned.dropin is None
    assert [
        (edit["block"]["name"], edit["block"]["line"], edit["directive"], edit["args"]) for edit in planned.edits
    ] == expected
    assert {edit["path"] for edit in planned.edits} == {MAIN}
    assert validate_all(model(carried_out(files, planned)), (), PAGE) == []


def test_edits_are_whole():
    planned = planned_for("server { location / {\nproxy_buffer_size 8k; proxy_buffers 32 8k; proxy_pass http://a; } }")
    edit = {
        "path": MAIN,
        "block": {"name": "location", "line": 3},
        "directive": "proxy_buffer_size",
        "args": ["32k"],
        "state": "present",
    }
    how = "measured header 6200 bytes + 775 margin = 6975; next power of two, at least 32k: 32k; buffers 32 x 8k: busy 64k <= 31 x 8k = 248k"
    assert planned == BufferPlan(
        "proxy", size="32k", number=32, each="8k", edits=[edit], dropin=None, level="location", sum=how
    )


def test_large_pages_are_written_down():
    """Of 16k, nginx's own buffers suffice: they stay what they are if the size changes again."""
    planned = planned_for("server { location / {\nproxy_pass http://a; } }", None, 16384)
    assert [(edit["directive"], edit["args"]) for edit in planned.edits] == [
        ("proxy_buffer_size", ["32k"]),
        ("proxy_buffers", ["8", "16k"]),
    ]


def test_a_location_inside_that_nginx_refuses_already_is_left_alone():
    planned = planned_for(
        "server { location / {\nproxy_buffer_size 8k; proxy_pass http://a;\nlocation /b { proxy_buffers 2 4k; } } }"
    )
    assert [(edit["block"]["line"], edit["directive"]) for edit in planned.edits] == [
        (3, "proxy_buffer_size"),
        (3, "proxy_buffers"),
    ]


def test_a_value_in_an_included_file_is_changed_there_for_all_that_include_it():
    files = {
        MAIN: "events {} http {\nserver { location /a { include s.conf; fastcgi_pass a:1; }\nlocation /b { include s.conf; fastcgi_pass b:1; } }\n}\n",
        "/etc/nginx/s.conf": "fastcgi_buffer_size 4k;\n",
    }
    planned = plan(model(files), route_at(model(files), "/a"), 9000)
    assert [(edit["path"], edit["block"], edit["directive"]) for edit in planned.edits] == [
        ("/etc/nginx/s.conf", None, "fastcgi_buffer_size"),
        ("/etc/nginx/s.conf", None, "fastcgi_buffers"),
    ]
    after = model(carried_out(files, planned))
    assert route_at(after, "/b")["settings"]["fastcgi_buffer_size"]["args"] == ["32k"]


def test_no_duplicate_is_put_into_a_shared_file():
    files = {
        MAIN: "events {} http {\nserver { location /a { include s.conf; fastcgi_pass a:1; }\n"
        "location /b {\ninclude s.conf; fastcgi_buffers 64 4k; fastcgi_pass b:1; } }\n}\n",
        "/etc/nginx/s.conf": "fastcgi_buffer_size 4k;\n",
    }
    planned = plan(model(files), route_at(model(files), "/a"), 9000)
    assert planned.refusal == (
        'no place to set fastcgi_buffer_size 32k: in /etc/nginx/nginx.conf:3 "fastcgi_buffers" directive is duplicate'
    )


def test_files_of_a_panel_are_left_alone_and_its_custom_file_is_not():
    config = config_of("plesk")
    over_tls, plain = config["routes"][0], config["routes"][2]
    planned = plan(config, over_tls, 9000)
    assert {edit["path"] for edit in planned.edits} == {"/var/www/vhosts/system/example.org/conf/vhost_nginx.conf"}
    assert [(edit["directive"], edit["args"]) for edit in planned.edits] == [
        ("proxy_buffer_size", ["32k"]),
        ("proxy_buffers", ["8", "16k"]),
    ]
    assert plan(config, plain, 9000).dropin == "/etc/nginx/conf.d/bad_gateway_proxy_buffers.conf"
    files = {**files_of("plesk"), "/var/www/vhosts/system/example.org/conf/vhost_nginx.conf": ""}
    own = "/var/www/vhosts/system/example.org/conf/nginx.conf"
    files[own] = files[own].replace("client_max_body_size 128m;", "proxy_buffer_size 8k;")
    only = plan(model(files), model(files)["routes"][0], 9000)
    assert {edit["path"] for edit in only.edits} == {own} and only.size == "32k"


def test_a_file_of_a_panel_is_named_where_no_other_would_do():
    own = "/var/www/vhosts/system/example.org/conf/nginx.conf"
    text = (
        "include conf.d/*.conf; include %s;\nserver { location /b { proxy_buffers 4 4k; proxy_pass http://b; } }" % own
    )
    only = planned_for(text, files={own: "server { location / { proxy_pass http://a; } }"}, which="/")
    assert {edit["path"] for edit in only.edits} == {own} and only.refusal is None


def test_a_dropin_of_an_earlier_run_is_written_again():
    files = {
        MAIN: "events {} http {\ninclude conf.d/*.conf;\nserver { location / { uwsgi_pass a:1; } }\n}\n",
        "/etc/nginx/conf.d/bad_gateway_uwsgi_buffers.conf": "# Managed by webops.bad_gateway\nuwsgi_buffer_size 32k;\nuwsgi_buffers 8 16k;\n",
    }
    planned = plan(model(files), model(files)["routes"][0], 50000)
    assert (planned.dropin, planned.size, planned.number, planned.each, planned.edits) == (
        "/etc/nginx/conf.d/bad_gateway_uwsgi_buffers.conf", "64k", 8, "32k", [],
    )  # fmt: skip


def test_what_a_location_had_room_for_follows_the_dropin():
    """The drop-in of somebody's own numbers is written again with fewer: all that may be busy in a location would be more than there is."""
    files = {
        "/etc/nginx/conf.d/bad_gateway_uwsgi_buffers.conf": "uwsgi_buffer_size 16k;\nuwsgi_buffers 16 64k;\nuwsgi_busy_buffers_size 512k;\n"
    }
    planned = planned_for(
        "include conf.d/*.conf;\nserver { location / {\nuwsgi_busy_buffers_size 128k; uwsgi_pass a:1; } }", files=files
    )
    assert (planned.size, planned.number, planned.each) == ("32k", 8, "16k")
    assert [(edit["block"]["line"], edit["directive"], edit["args"]) for edit in planned.edits] == [
        (4, "uwsgi_busy_buffers_size", ["64k"])
    ]
    after = written("include conf.d/*.conf;\nserver { location / { uwsgi_pass a:1; } }", files)
    again = plan(after, after["routes"][0], 6200)
    assert (again.number, again.each, again.edits, again.sum.rpartition("; ")[2]) == (
        8,
        "16k",
        [],
        "buffers 8 x 16k: busy 64k <= 7 x 16k = 112k",
    )


@pytest.mark.parametrize(
    "present,wanted",
    [
        ("proxy_buffers", "proxy_buffers"),  # its own value is in the included file
        ("proxy_buffer_size", "proxy_busy_buffers_size"),  # the size that it belongs to is there
    ],
)
def test_what_an_included_file_sets_is_edited_there(present, wanted):
    block = {
        "name": "location",
        "place": {"file": "/etc/nginx/site", "line": 3},
        "sets": {present: {"place": {"file": "/etc/nginx/included", "line": 1}}},
    }
    assert place_for(block, wanted) == ("/etc/nginx/included", None)
    assert place_for({**block, "sets": {}}, wanted) == ("/etc/nginx/site", {"name": "location", "line": 3})
