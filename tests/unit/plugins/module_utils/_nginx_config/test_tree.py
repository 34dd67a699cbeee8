# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files become one tree: includes in place as often as they are named, mistakes with file and line, never an exception."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config import statements
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config import tree as tree_module
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import read_directives
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.lexer import NginxSyntaxError
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import parse
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.texts import Texts, glob_pattern
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.tree import read_tree
from ansible_collections.webops.bad_gateway.tests.unit.growth import assert_linear
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
    return read_tree(Texts(files), main, prefix)


def test_words_quotes_and_lines():
    tree = tree_of({MAIN: 'a "b ; {" c\\ d; # ; {\nlocation ~ "x{2}" {\n  root /x;\n}\n'})
    assert tree.errors == []
    assert [(one.name, one.line, one.end_line) for one in tree.directives] == [("a", 1, 1), ("location", 2, 4)]
    assert tree.directives[0].first == "b ; {"
    assert tree.directives[1].args == ["~", "x{2}"]
    assert [one.place for one in tree.directives[1].block] == [{"file": MAIN, "line": 3}]


def test_lua_is_no_block_of_directives():
    tree = tree_of({MAIN: "content_by_lua_block {\n  local t = { a = '}' } -- }\n}\nroot /x;\n"})
    assert tree.errors == []
    assert [(one.name, one.block) for one in tree.directives] == [("content_by_lua_block", None), ("root", None)]


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


@pytest.mark.parametrize(
    ("mistake", "reason"),
    [
        ("location /a { proxy_pass http://a }", 'unexpected "}"'),
        ("listen 80;;", 'unexpected ";"'),
        ("{ listen 80; }", 'unexpected "{"'),
    ],
)
def test_what_stands_behind_a_mistake_is_read_where_its_end_is_plain(mistake, reason):
    text = "http {\n server {\n  %s\n  location /b { proxy_pass http://b; }\n }\n}" % mistake
    config = parse({MAIN: text}, MAIN, "/etc/nginx")
    assert config["errors"] == [{"file": MAIN, "line": 3, "error": reason}]
    assert [route["pass"]["target"] for route in config["routes"]] == ["http://b"]


def test_a_byte_order_mark_is_a_mistake_and_the_rest_is_read():
    tree = tree_of({MAIN: "\ufeffuser www-data;\r\nhttp {}\r\n"})
    assert [one.name for one in tree.directives] == ["user", "http"]
    assert [(error["line"], "byte order mark" in error["error"]) for error in tree.errors] == [(1, True)]


def test_an_include_without_a_name_is_a_mistake():
    assert [error["error"] for error in tree_of({MAIN: "include;\ninclude '';"}).errors] == [
        "include names no file"
    ] * 2


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
    assert tree_of(chain, "/etc/nginx/0", "/etc/nginx").errors
    deep = {"/etc/nginx/%d" % number: "a { " * 30 + "include %d;" % (number + 1) + " }" * 30 for number in range(9)}
    assert any("nested more than" in error["error"] for error in tree_of(deep, "/etc/nginx/0", "/etc/nginx").errors)
    bomb = {"/etc/nginx/%d" % number: ("include %d;" % (number + 1)) * 4 for number in range(20)}
    bomb["/etc/nginx/20"] = "root /x;"
    assert any("the rest is not read" in error["error"] for error in tree_of(bomb, "/etc/nginx/0", "/etc/nginx").errors)


def test_what_is_included_twice_on_each_of_many_levels_is_cut(monkeypatch):
    """Read one by one, these 31 files have a thousand million locations."""
    monkeypatch.setattr(tree_module, "DIRECTIVES_LIMIT", 20000)
    files = {"/etc/nginx/%d" % number: ("location / { include %d; }" % (number + 1)) * 2 for number in range(30)}
    files["/etc/nginx/30"] = "proxy_pass http://a;"
    files[MAIN] = "http { server { include 0; } }"
    config = parse(files, MAIN, "/etc/nginx")
    assert "the rest is not read" in config["errors"][0]["error"]
    assert len(config["blocks"]) < 20000


def test_words_and_mistakes_are_bounded(monkeypatch):
    monkeypatch.setattr(tree_module, "WORDS_LIMIT", 100)
    monkeypatch.setattr(tree_module, "ERRORS_LIMIT", 150)
    tree = tree_of({MAIN: "a b;\n" * 49 + "c d e;\n"})
    assert [(error["line"], error["error"]) for error in tree.errors] == [(50, "too many words: the rest is not read")]
    assert len(tree.directives) == 49
    tree = tree_of({MAIN: "include x; include y;", "/etc/nginx/x": ";\n" * 1000, "/etc/nginx/y": ";\n" * 1000})
    assert len(tree.errors) == 150
    assert tree.errors[100] == {"file": "/etc/nginx/x", "line": 100, "error": "100 mistakes: the rest is not read"}


@pytest.mark.parametrize(("bound", "limit"), [("WORDS_LIMIT", 400), ("DIRECTIVES_LIMIT", 200), ("BLOCKS_LIMIT", 40)])
@pytest.mark.parametrize(
    "include",
    [
        "include eve.conf; include shop.conf;",
        "include eve/*; include shop.conf;",
        "include sites/*;",
        "include nest/0; include shop.conf;",
    ],
    ids=["a file", "a folder", "a file of many", "files in files"],
)
def test_what_one_customer_owns_leaves_half_of_each_bound_to_others(monkeypatch, bound, limit, include):
    monkeypatch.setattr(tree_module, bound, limit)
    many = "location /x { root /x; }\n" * 500
    files = {MAIN: include, "/etc/nginx/eve.conf": many, "/etc/nginx/sites/eve.conf": many}
    files.update({"/etc/nginx/eve/%d" % one: many for one in range(20)})
    files.update({"/etc/nginx/nest/%d" % one: "include nest/%d; %s" % (one + 1, many) for one in range(20)})
    files["/etc/nginx/nest/20"] = many
    files.update({"/etc/nginx/%sshop.conf" % folder: "server { listen 80; }" for folder in ("", "sites/")})
    tree = tree_of(files)
    assert tree.directives[-1].name == "server"
    assert [one.name for one in tree.directives[-1].block] == ["listen"]
    assert all(error["error"].endswith("the rest is not read") for error in tree.errors)
    assert {error["file"].rpartition("/")[2] for error in tree.errors} - {"shop.conf"}


@pytest.mark.parametrize("bound", ["WORDS_LIMIT", "DIRECTIVES_LIMIT", "BLOCKS_LIMIT"])
def test_a_file_that_is_cut_where_there_is_no_room_is_whole_elsewhere(monkeypatch, bound):
    monkeypatch.setattr(tree_module, bound, 60)
    shared = "server { listen 80; }\n" * 6
    files = {MAIN: "include 0; include shared;", "/etc/nginx/shared": shared}
    files.update({"/etc/nginx/%d" % one: "include %d;" % (one + 1) for one in range(4)})
    files["/etc/nginx/4"] = "include shared;"
    tree = tree_of(files)
    assert tree.errors
    assert [one.name for one in tree.directives[-7:]] == ["include"] + ["server"] * 6


#: Texts of about n characters, of the kinds that make a careless pattern try again and again.
HOSTILE = {
    "blanks": lambda n: " " * n,
    "comments": lambda n: "# x\n" * (n // 4),
    "a comment": lambda n: "#" * n,
    "words": lambda n: "a " * (n // 2),
    "a word": lambda n: "a" * n,
    "dollars": lambda n: "${" * (n // 2),
    "escapes": lambda n: "\\x" * (n // 2),
    "blanks and a quote": lambda n: " " * (n // 2) + '"' + "a " * (n // 4),
    "quotes": lambda n: "\"a\"'b' " * (n // 7),
    "an open quote": lambda n: '"' + '\\"' * (n // 2),
    "blocks": lambda n: "a{" * (n // 2),
    "ends": lambda n: "}" * n,
    "Lua quotes": lambda n: "x_by_lua_block {" + '\\"' * (n // 2),
    "Lua quotes of two kinds": lambda n: "x_by_lua_block {" + "\\\"\\'" * (n // 4),
    "Lua brackets": lambda n: "x_by_lua_block {" + "[=" * (n // 2),
    "Lua comments": lambda n: "x_by_lua_block {" + "--[" * (n // 3),
    "Lua long brackets": lambda n: "x_by_lua_block {" + "[[" * (n // 2),
}


def read_both_ways(text):
    read_directives(text, MAIN)
    with contextlib.suppress(NginxSyntaxError):
        statements.parse(text)


@pytest.mark.parametrize("made", HOSTILE.values(), ids=HOSTILE.keys())
def test_the_time_is_linear_in_the_length(made):
    assert_linear(read_both_ways, made)


_TEXT = r"""
http server location { } ; / ~ \.php$ " ' # listen 80 unix: [::1]: include *.conf proxy_pass http:// $x ${ set upstream a
\ fastcgi_buffers 8 4k content_by_lua_block if ( ) = @n
"""
_WORDS = [*_TEXT.split(), "\n", " "]


@given(
    st.lists(st.sampled_from(_WORDS), max_size=60), st.lists(st.sampled_from([" ", "", "\n"]), min_size=60, max_size=60)
)
def test_no_text_is_an_exception(words, gaps):
    text = "".join(word + gap for word, gap in zip(words, gaps))
    config = parse({MAIN: text, "/etc/nginx/x.conf": text}, MAIN, "/etc/nginx")
    assert isinstance(config["routes"], list)
    config = parse({MAIN: "http {\n" + text, "/etc/nginx/x.conf": text}, MAIN, "/etc/nginx")
    assert all(set(error) == {"file", "line", "error"} for error in config["errors"])
