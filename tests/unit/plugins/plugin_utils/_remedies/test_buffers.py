# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Buffers: nginx's verdict is foretold, plans hold the header, stay valid, and go where they are in force."""

from __future__ import annotations

import pathlib

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import parse
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import buffers
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffer_rules import (
    bytes_of,
    text_of,
    validate_all,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffers import (
    BufferPlan,
    in_force,
    plan,
    size_for,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import (
    MAIN,
    config_of,
    files_of,
    route_at,
    written,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.buffer_trees import (
    HEADERS,
    PASS,
    carried_out,
    trees,
)

PAGE = 4096
VERDICTS = yaml.safe_load((pathlib.Path(__file__).parent / "nginx_verdicts.yml").read_text())


def model(files):
    return parse(files, MAIN, "/etc/nginx")


def planned_for(text, header=6200, page_size=PAGE, files=None, which=None):
    """The plan for the last route of an http{} with this in it, or for the location with this path."""
    config = written(text, files)
    return plan(config, route_at(config, which) if which else config["routes"][-1], header, page_size)


@pytest.mark.parametrize("case", VERDICTS, ids=range(len(VERDICTS)))
def test_foretells_what_nginx_said(case):
    said = [violation.text for violation in validate_all(model(case["files"]), (), PAGE)]
    if case["says"] is None:
        assert said == []
    else:
        assert any(text.startswith(case["says"]) for text in said)


@pytest.mark.parametrize(
    ("header", "size"),
    [
        (1, "32k"),
        (4097, "32k"),
        (29000, "32k"),
        (29200, "64k"),
        (58000, "64k"),
        (58255, "64k"),
        (60000, "64k"),
        (65024, "64k"),
        (65025, "128k"),
        (116509, "128k"),
        (116510, "256k"),
    ],
)
def test_size_is_a_power_of_two_with_a_margin(header, size):
    assert text_of(size_for(header)) == size


@pytest.mark.parametrize(
    ("text", "size"),
    [("4k", 4096), ("1M", 1048576), ("6000", 6000), ("0", 0), ("", None), ("4kb", None), ("-1", None), ("$x", None)],
)
def test_sizes_as_nginx_reads_them(text, size):
    assert bytes_of(text) == size


def test_a_dropin_where_nothing_is_set():
    config = config_of("rhel")
    planned = plan(config, config["routes"][0], 6200)
    assert planned.dropin == "/etc/nginx/conf.d/bad_gateway_fastcgi_buffers.conf"
    assert (planned.size, planned.number, planned.each, planned.edits, planned.level) == ("32k", 8, "16k", [], "http")
    assert planned.sum == (
        "measured header 6200 bytes + 775 margin = 6975; next power of two, at least 32k: 32k; buffers 8 x 16k: busy 64k <= 7 x 16k = 112k"
    )


def test_a_dropin_has_what_http_needs_where_the_location_has_its_own():
    text = "include conf.d/*.conf;\nserver { location / { fastcgi_buffers 32 8k; fastcgi_pass a:1; } }"
    planned = planned_for(text)
    assert (planned.dropin, planned.number, planned.each, planned.edits) == (
        "/etc/nginx/conf.d/bad_gateway_fastcgi_buffers.conf",
        8,
        "16k",
        [],
    )
    assert planned.sum.endswith("; buffers 32 x 8k: busy 64k <= 31 x 8k = 248k")


def test_without_a_dropin_the_plan_tells_what_will_be_in_force_for_the_route():
    planned = planned_for(
        "server { fastcgi_buffer_size 8k; fastcgi_buffers 8 16k; location / { fastcgi_buffers 32 8k; fastcgi_pass a:1; } }"
    )
    assert (planned.dropin, planned.level, planned.number, planned.each) == (None, "server", 32, "8k")
    assert [(edit["block"]["name"], edit["directive"]) for edit in planned.edits] == [("server", "fastcgi_buffer_size")]


@pytest.mark.parametrize(
    "header,told",
    [
        (58255, "measured header 58255 bytes + 7281 margin = 65536; next power of two, at least 32k: 64k; buffers"),
        (58256, "measured header 58256 bytes + 7282 margin = 65538; fits 64k with less margin: 64k; buffers"),
        (
            None,
            "header larger than the 4096 bytes in force + 512 margin = 4609; next power of two, at least 32k: 32k; buffers",
        ),
    ],
)
def test_the_sum_tells_what_became_of_the_margin(header, told):
    config = config_of("rhel")
    assert plan(config, config["routes"][0], header).sum.startswith(told)


@pytest.mark.parametrize(
    "text,page_size,size",
    [
        ("server { location / { proxy_pass http://a; } }", 4096, 4096),
        ("server { location / { proxy_pass http://a; } }", 65536, 65536),
        ("proxy_buffer_size 8k; server { location / { proxy_pass http://a; } }", 4096, 8192),
        ("proxy_buffer_size 8k; server { location / { proxy_buffer_size 16k; proxy_pass http://a; } }", 4096, 16384),
        ("fastcgi_buffer_size 8k; server { location / { proxy_pass http://a; } }", 4096, 4096),
    ],
)
def test_what_the_first_buffer_holds(text, page_size, size):
    config = written(text)
    assert in_force(config, config["routes"][0], page_size) == size


def test_larger_buffers_where_8_of_16k_do_not_suffice():
    config = config_of("rhel")
    planned = plan(config, config["routes"][0], 40000)
    assert (planned.size, planned.number, planned.each) == ("64k", 8, "32k")


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
    told = "measured header 6200 bytes + 775 margin = 6975; next power of two, at least 32k: 32k; buffers 32 x 8k: busy 64k <= 31 x 8k = 248k"
    assert planned == BufferPlan(
        "proxy", size="32k", number=32, each="8k", edits=[edit], dropin=None, level="location", sum=told
    )


def test_a_family_with_one_buffer_has_no_others():
    planned = planned_for("include conf.d/*.conf;\nserver { location / { grpc_pass a:1; } }")
    told = "measured header 6200 bytes + 775 margin = 6975; next power of two, at least 32k: 32k"
    assert planned == BufferPlan(
        "grpc", size="32k", dropin="/etc/nginx/conf.d/bad_gateway_grpc_buffers.conf", level="http", sum=told
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


def test_a_pass_outside_of_any_location_is_planned_for_at_its_server():
    """nginx refuses it; what is on disk need not be what nginx runs with."""
    planned = planned_for("server { location /b { proxy_buffers 4 4k; }\nif ($arg_a) { proxy_pass http://a; } }")
    assert (planned.edits, planned.refusal.partition(": ")[0]) == ([], "no place to set proxy_buffer_size 32k")


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
    refused = plan(model(files), model(files)["routes"][0], 9000)
    assert refused == BufferPlan(
        "proxy", refusal="no place to set proxy_buffer_size 32k: %s is not to be edited (plesk)" % own
    )


def test_tells_of_each_place_why_it_is_none():
    own = "/var/www/vhosts/system/example.org/conf/nginx.conf"
    text = (
        "include conf.d/*.conf; include %s;\nserver { location /b { proxy_buffers 4 4k; proxy_pass http://b; } }" % own
    )
    refused = planned_for(text, files={own: "server { location / { proxy_pass http://a; } }"}, which="/")
    assert refused.refusal == (
        "no place to set proxy_buffer_size 32k: in /etc/nginx/nginx.conf:4"
        ' "proxy_busy_buffers_size" must be less than the size of all "proxy_buffers" minus one buffer; %s is not to be edited (plesk)'
        % own
    )


def test_refuses_what_no_buffer_should_hold():
    config = config_of("rhel")
    told = "the header block is %s, more than 64k: the application has to send less (cookies, debug headers)"
    assert plan(config, config["routes"][0], 70000) == BufferPlan("fastcgi", refusal=told % "70000 bytes")
    assert plan(config, config["routes"][0], None, 65536) == BufferPlan(
        "fastcgi", refusal=told % "more than 65536 bytes"
    )


def test_refuses_what_is_in_force_on_disk_already():
    config = config_of("debian")
    route = route_at(config, r"[^/]\.php(/|$)")
    told = "fastcgi_buffer_size %s holds the measured header of 9000 bytes: nginx runs an older configuration, or the header varies"
    assert plan(config, route, 9000).refusal == told % "32k at /etc/nginx/sites-enabled/shop:60"
    assert plan(config, route, 30000).size == "64k"
    config = config_of("rhel")
    assert plan(config, config["routes"][0], 9000, 65536).refusal == told % "64k, nginx's own default,"


def test_an_unmeasured_header_is_larger_than_what_is_in_force():
    config = config_of("debian")
    planned = plan(config, route_at(config, r"[^/]\.php(/|$)"), None)
    assert planned.size == "64k"
    assert planned.sum.startswith("header larger than the 32768 bytes in force + 4096 margin = 36865; ")


def test_a_dropin_of_an_earlier_run_is_written_anew():
    files = {
        MAIN: "events {} http {\ninclude conf.d/*.conf;\nserver { location / { uwsgi_pass a:1; } }\n}\n",
        "/etc/nginx/conf.d/bad_gateway_uwsgi_buffers.conf": "# Managed by webops.bad_gateway\nuwsgi_buffer_size 32k;\nuwsgi_buffers 8 16k;\n",
    }
    planned = plan(model(files), model(files)["routes"][0], 50000)
    assert (planned.dropin, planned.size, planned.number, planned.each, planned.edits) == (
        "/etc/nginx/conf.d/bad_gateway_uwsgi_buffers.conf", "64k", 8, "32k", [],
    )  # fmt: skip


def test_what_a_location_had_room_for_follows_the_dropin():
    """The drop-in of somebody's own numbers is written anew with fewer: all that may be busy in a location would be more than there is."""
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


TREES = st.sampled_from(sorted(PASS)).flatmap(lambda family: trees("/etc/nginx", family))


@settings(max_examples=60, deadline=None)
@given(TREES, st.integers(0, 5), st.sampled_from(HEADERS), st.sampled_from([4096, 16384]))
def test_plans_hold_the_header_and_break_nothing(files, which, header, page_size):
    config = model(files)
    route = config["routes"][which]
    before = validate_all(config, (), page_size)
    planned = plan(config, route, header, page_size)
    if planned.refusal:
        return
    after = model(carried_out(files, planned))
    family = route["pass"]["family"]
    assert bytes_of(after["routes"][which]["settings"][family + "_buffer_size"]["args"][0]) >= max(header or 0, 32768)
    # A tree that nginx refuses already is left alone by the planner; which of its errors it then has says nothing.
    assert before or not validate_all(after, (), page_size)
    if header:
        assert "holds the measured header" in plan(after, after["routes"][which], header, page_size).refusal


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
    assert buffers._where(block, wanted) == ("/etc/nginx/included", None)
    assert buffers._where({**block, "sets": {}}, wanted) == ("/etc/nginx/site", {"name": "location", "line": 3})
