# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random nginx configurations with buffer directives on every level, laid out as people lay them out; and a plan of buffers carried out on one."""

from __future__ import annotations

import pathlib

import jinja2
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.config_edit import Block, Edit, apply_edits
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import parse
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffers import plan
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import (
    MAIN,
    route_at,
    written,
)

ROLE = pathlib.Path(__file__).parents[4] / "roles" / "fastcgi_buffers"
DROPIN = jinja2.Template(
    (ROLE / "templates" / "buffers.conf.j2").read_text(),
    trim_blocks=True,
    keep_trailing_newline=True,
    undefined=jinja2.StrictUndefined,
)
PAGE = 4096
SIZES = ["1k", "4k", "8k", "16k", "32k", "64k", "256k", "6000"]
PASS = {
    "fastcgi": "fastcgi_pass 127.0.0.1:9;",
    "proxy": "proxy_pass http://127.0.0.1:9;",
    "uwsgi": "uwsgi_pass 127.0.0.1:9;",
    "scgi": "scgi_pass 127.0.0.1:9;",
    "grpc": "grpc_pass 127.0.0.1:9;",
}
HEADERS = [None, 4097, 9000, 29500, 33000, 57000, 65000]
LAYOUTS = ("%s {\n%s\n}\n", "%s { %s }\n", "%s {  # } not yet\n\n\t%s\n}   # of it\n")


def model(files):
    return parse(files, MAIN, "/etc/nginx")


def planned_for(text, header=6200, page_size=PAGE, files=None, which=None):
    """The plan for the last route of an http{} with this in it, or for the location with this path."""
    config = written(text, files)
    return plan(config, route_at(config, which) if which else config["routes"][-1], header, page_size)


def kilobytes(size):
    return "%dk" % size


@st.composite
def sound(draw, family):
    """A set of directives that fit each other."""
    size, each = draw(st.sampled_from([4, 8, 16, 32])), draw(st.sampled_from([4, 8, 16, 32]))
    larger, lines = max(size, each), ["buffer_size %s;" % kilobytes(size)]
    if family != "grpc":
        number = draw(st.integers(1 + 2 * larger // each, 40))
        lines += ["buffers %d %s;" % (number, kilobytes(each))]
        lines += draw(
            st.sampled_from(
                [
                    [],
                    ["busy_buffers_size %s;" % kilobytes(larger)],
                    ["busy_buffers_size %s;" % kilobytes((number - 1) * each)],
                ]
            )
        )
        lines += draw(
            st.sampled_from([[], ["temp_file_write_size %s;" % kilobytes(larger)], ["max_temp_file_size 0;"]])
        )
    return "\n".join("%s_%s" % (family, line) for line in lines)


def loose(family):
    """None to five directives, drawn without regard to each other; each is mostly left out."""
    value = st.sampled_from(SIZES)
    name = family + "_"
    each = [value.map(lambda size: name + "buffer_size %s;" % size)]
    if family != "grpc":
        each += [
            st.tuples(st.integers(2, 32), value).map(lambda pair: name + "buffers %d %s;" % pair),
            value.map(lambda size: name + "busy_buffers_size %s;" % size),
            value.map(lambda size: name + "temp_file_write_size %s;" % size),
            st.sampled_from([*SIZES, "0"]).map(lambda size: name + "max_temp_file_size %s;" % size),
        ]
    return st.tuples(*(st.one_of(st.just(""), st.just(""), st.just(""), one) for one in each)).map("\n".join)


def directives(family):
    """What one block says of its buffers: mostly nothing."""
    return st.sampled_from(["", "", "", "", "sound", "sound", "loose"]).flatmap(
        lambda kind: sound(family) if kind == "sound" else loose(family) if kind else st.just("")
    )


@st.composite
def trees(draw, folder, family):
    """Files by path, nginx.conf and what it includes; six locations that pass requests on."""
    own = directives(family)

    def block(head, *parts):
        return draw(st.sampled_from(LAYOUTS)) % (head, "\n".join(part for part in parts if part))

    shared = block("location /shared/", draw(own), PASS[family])
    inner = [block("location ~ x$", draw(own), PASS[family]) for _server in range(2)]
    outer = [block("location /", draw(own), PASS[family], one) for one in inner]
    servers = [
        block("server", "listen 127.0.0.1:%d;" % (8100 + at), draw(own), "include shared.conf;", one)
        for at, one in enumerate(outer)
    ]
    include = draw(st.sampled_from(["", "include conf.d/*.conf;"]))
    main = "pid %s/pid;\nerror_log stderr;\nevents {}\n%s" % (
        folder,
        block("http", "access_log off;", draw(own), include, *servers),
    )
    dropped = draw(st.one_of(st.just(""), own)) if include else ""
    return {folder + "/nginx.conf": main, folder + "/shared.conf": shared, folder + "/conf.d/a.conf": dropped}


def carried_out(files, planned):
    """The files after the plan, as the role writes them."""
    files, by_path = dict(files), {}
    for edit in planned.edits:
        block = edit["block"] and Block(edit["block"]["name"], edit["block"]["line"])
        by_path.setdefault(edit["path"], []).append(Edit(edit["directive"], edit["state"], block, None, edit["args"]))
    for path, edits in by_path.items():
        files[path] = apply_edits(files[path], edits)
    if planned.dropin:
        given = {
            "family": planned.family,
            "size": planned.size,
            "number": planned.number or 0,
            "each": planned.each or "",
            "busy": "",
        }
        files[planned.dropin] = DROPIN.render({"fastcgi_buffers_" + name: value for name, value in given.items()})
    return files
