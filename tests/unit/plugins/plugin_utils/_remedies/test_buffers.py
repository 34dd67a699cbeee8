# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Buffer plans hold the header, keep the configuration valid, and say how the size was found."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffer_levels import bytes_of, text_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffer_rules import validate_all
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffers import (
    BufferPlan,
    in_force,
    plan,
    size_for,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import (
    config_of,
    route_at,
    written,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.buffer_trees import (
    HEADERS,
    PASS,
    carried_out,
    model,
    planned_for,
    trees,
)


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


def test_without_a_dropin_the_plan_has_what_will_be_in_force_for_the_route():
    planned = planned_for(
        "server { fastcgi_buffer_size 8k; fastcgi_buffers 8 16k; location / { fastcgi_buffers 32 8k; fastcgi_pass a:1; } }"
    )
    assert (planned.dropin, planned.level, planned.number, planned.each) == (None, "server", 32, "8k")
    assert [(edit["block"]["name"], edit["directive"]) for edit in planned.edits] == [("server", "fastcgi_buffer_size")]


@pytest.mark.parametrize(
    "header,expected",
    [
        (58255, "measured header 58255 bytes + 7281 margin = 65536; next power of two, at least 32k: 64k; buffers"),
        (58256, "measured header 58256 bytes + 7282 margin = 65538; fits 64k with less margin: 64k; buffers"),
        (
            None,
            "header of 4097 bytes at least, as the 4096 in force did not hold it, + 512 margin = 4609; next power of two, at least 32k: 32k; buffers",
        ),
    ],
)
def test_the_sum_shows_what_became_of_the_margin(header, expected):
    config = config_of("rhel")
    assert plan(config, config["routes"][0], header).sum.startswith(expected)


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


def test_a_family_with_one_buffer_has_no_others():
    planned = planned_for("include conf.d/*.conf;\nserver { location / { grpc_pass a:1; } }")
    expected = "measured header 6200 bytes + 775 margin = 6975; next power of two, at least 32k: 32k"
    assert planned == BufferPlan(
        "grpc", size="32k", dropin="/etc/nginx/conf.d/bad_gateway_grpc_buffers.conf", level="http", sum=expected
    )


def test_a_pass_outside_of_any_location_is_planned_for_at_its_server():
    """nginx refuses it; what is on disk need not be what nginx runs with."""
    planned = planned_for("server { location /b { proxy_buffers 4 4k; }\nif ($arg_a) { proxy_pass http://a; } }")
    assert (planned.edits, planned.refusal.partition(": ")[0]) == ([], "no place to set proxy_buffer_size 32k")


def test_refuses_what_no_buffer_should_hold():
    config = config_of("rhel")
    expected = "the header block is %s, more than 64k: the application has to send less (cookies, debug headers)"
    assert plan(config, config["routes"][0], 70000) == BufferPlan("fastcgi", refusal=expected % "70000 bytes")
    assert plan(config, config["routes"][0], None, 65536) == BufferPlan(
        "fastcgi", refusal=expected % "more than 65536 bytes"
    )


def test_refuses_what_is_in_force_on_disk_already():
    config = config_of("debian")
    route = route_at(config, r"[^/]\.php(/|$)")
    expected = "fastcgi_buffer_size %s holds the measured header of 9000 bytes: nginx runs an older configuration, or the header varies"
    assert plan(config, route, 9000).refusal == expected % "32k at /etc/nginx/sites-enabled/shop:60"
    assert plan(config, route, 30000).size == "64k"
    config = config_of("rhel")
    assert plan(config, config["routes"][0], 9000, 65536).refusal == expected % "64k, nginx's own default,"


def test_an_unmeasured_header_is_larger_than_what_is_in_force():
    config = config_of("debian")
    planned = plan(config, route_at(config, r"[^/]\.php(/|$)"), None)
    assert planned.size == "64k"
    assert planned.sum.startswith(
        "header of 32769 bytes at least, as the 32768 in force did not hold it, + 4096 margin = 36865; "
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
