# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files become one tree: includes in place as often as they are named, mistakes told with file and line, never an exception."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import parse
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.tree import (
    config_file,
    glob_pattern,
    load_tree,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import (
    MAIN,
    config_of,
)


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/etc/nginx/conf.d/*.conf", "/etc/nginx/conf.d/a.conf", True),
        ("/etc/nginx/conf.d/*.conf", "/etc/nginx/conf.d/.a.conf", False),
        ("/etc/nginx/conf.d/*.conf", "/etc/nginx/conf.d/sub/a.conf", False),
        ("/etc/nginx/conf.d/*.conf", "/etc/nginx/conf.d/a.conf.bak", False),
        ("/etc/nginx/*global_params", "/etc/nginx/global_params", True),
        ("/srv/*/conf/nginx*.conf", "/srv/example.org/conf/nginx_ssl.conf", True),
        ("/srv/site[12].conf", "/srv/site2.conf", True),
        ("/srv/site[!12].conf", "/srv/site2.conf", False),
        ("/srv/site?.conf", "/srv/site(.conf", True),
        ("/srv/site+.conf", "/srv/sitee.conf", False),
    ],
)
def test_globs_as_glob_3_does(pattern, path, matches):
    assert bool(glob_pattern(pattern).match(path)) is matches


def tree_of(files, main=MAIN, prefix="/etc/nginx"):
    return load_tree({path: config_file(text) for path, text in files.items()}, main, prefix)


def test_words_quotes_and_lines():
    directives, errors = tree_of({MAIN: 'a "b ; {" c\\ d; # ; {\nlocation ~ "x{2}" {\n  root /x;\n}\n'})
    assert errors == []
    assert [(one.name, one.line, one.end_line) for one in directives] == [("a", 1, 1), ("location", 2, 4)]
    assert directives[0].first == "b ; {"
    assert directives[1].args == ["~", "x{2}"]
    assert [one.place for one in directives[1].block] == [{"file": MAIN, "line": 3}]


def test_lua_is_no_block_of_directives():
    directives, errors = tree_of({MAIN: "content_by_lua_block {\n  local t = { a = '}' } -- }\n}\nroot /x;\n"})
    assert errors == []
    assert [(one.name, one.block) for one in directives] == [("content_by_lua_block", None), ("root", None)]


def test_mistakes_have_file_and_line_and_what_stands_before_is_kept():
    config = config_of("broken")
    assert [(error["file"].rpartition("/")[2], error["line"], error["error"]) for error in config["errors"]] == [
        ("extra_brace.conf", 4, 'unexpected "}"'),
        ("no_semicolon.conf", 5, 'unexpected "}"'),
        ("unclosed.conf", 6, 'unexpected end of file, expecting "}"'),
        ("unquoted.conf", 7, 'unexpected end of file, expecting ";" or "}"'),
        ("nginx.conf", 4, "included file /etc/nginx/missing.conf could not be read"),
        ("loop.conf", 1, "include of /etc/nginx/loop.conf makes a loop"),
    ]
    assert [route["pass"]["target"] for route in config["routes"]] == ["http://127.0.0.1:3002", "http://127.0.0.1:3000"]
    assert config["routes"][1]["settings"]["proxy_read_timeout"]["args"] == ["5s"]


def test_globs_are_sorted_by_bytes_and_relative_to_the_main_file():
    files = {
        "/opt/n/nginx.conf": "include d/*.conf;",
        "/opt/n/d/b.conf": "b;",
        "/opt/n/d/B.conf": "B;",
        "/opt/n/d/a.conf": "a;",
        "/opt/n/e/c.conf": "c;",
    }
    tree = tree_of(files, "/opt/n/nginx.conf", "/opt/n")
    assert [one.name for one in tree.directives] == ["include", "B", "a", "b"]


def test_paths_are_found_however_they_are_written():
    tree = tree_of(
        {MAIN: "include /etc/nginx/../nginx//x.conf;", "/etc/nginx/x.conf": "x;"},
        "/etc//nginx/nginx.conf",
        "/etc/nginx/",
    )
    assert tree.errors == []
    assert [one.name for one in tree.directives] == ["include", "x"]


def test_a_main_file_that_is_not_there():
    config = parse({}, MAIN, "/etc/nginx")
    assert config["errors"] == [{"file": MAIN, "line": None, "error": "the main configuration file could not be read"}]
    assert config["routes"] == []
    assert config["http"] is None


def test_blocks_and_includes_without_end_are_cut():
    assert "nested more than" in parse({MAIN: "http {" * 3000}, MAIN, "/etc/nginx")["errors"][0]["error"]
    chain = {"/etc/nginx/%d" % number: "a { include %d; }" % (number + 1) for number in range(500)}
    assert any("nested more than" in error["error"] for error in tree_of(chain, "/etc/nginx/0", "/etc/nginx").errors)
    bomb = {"/etc/nginx/%d" % number: ("include %d;" % (number + 1)) * 4 for number in range(20)}
    bomb["/etc/nginx/20"] = "root /x;"
    assert any("the rest is not read" in error["error"] for error in tree_of(bomb, "/etc/nginx/0", "/etc/nginx").errors)


_TEXT = r"""
http server location { } ; / ~ \.php$ " ' # listen 80 unix: [::1]: include *.conf proxy_pass http:// $x ${ set upstream a
\ fastcgi_buffers 8 4k content_by_lua_block if ( ) = @n
"""
_WORDS = [*_TEXT.split(), "\n", " "]


@given(
    st.lists(st.sampled_from(_WORDS), max_size=60), st.lists(st.sampled_from([" ", "", "\n"]), min_size=60, max_size=60)
)
def test_no_text_is_an_exception(words, gaps):
    text = "".join(word + gap for word, gap in zip(words, gaps, strict=False))
    config = parse({MAIN: text, "/etc/nginx/x.conf": text}, MAIN, "/etc/nginx")
    assert isinstance(config["routes"], list)
    config = parse({MAIN: "http {\n" + text, "/etc/nginx/x.conf": text}, MAIN, "/etc/nginx")
    assert all(set(error) == {"file", "line", "error"} for error in config["errors"])
