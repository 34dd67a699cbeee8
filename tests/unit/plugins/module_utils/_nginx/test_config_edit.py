# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits of nginx configuration."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.config_edit import (
    Block,
    Edit,
    EditError,
    apply_edits,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.lexer import NginxSyntaxError
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.statements import parse

SITE = """\
# my site
http {
\tsendfile on;   # fast
\tfastcgi_buffers 4 4k;\t# small

\tserver {
\t\tlisten 80;
\t\tlisten 443 ssl;
\t\tlocation / { proxy_pass http://localhost:8080/app/; }
\t\tlocation ~ \\.php$ {
\t\t\tfastcgi_pass unix:/run/php/old.sock;
\t\t}
\t}
\tupstream app { server 10.0.0.1:80 weight=5; server 10.0.0.1:8080; server 10.0.0.2:80; }
}
"""
HTTP = Block("http")


def changed(edit, text=SITE):
    """The lines that an edit takes and puts."""
    before, after = text.split("\n"), apply_edits(text, [edit]).split("\n")
    return [line for line in before if line not in after], [line for line in after if line not in before]


@pytest.mark.parametrize(
    "edit, gone, new",
    [
        (
            Edit("fastcgi_buffers", block=HTTP, args=["8", "16k"]),
            ["\tfastcgi_buffers 4 4k;\t# small"],
            ["\tfastcgi_buffers 8 16k;\t# small"],
        ),
        (Edit("fastcgi_buffers", block=HTTP, args=["4", "4k"]), [], []),
        (
            Edit("fastcgi_buffers", block=HTTP, args=["8"]),
            ["\tfastcgi_buffers 4 4k;\t# small"],
            ["\tfastcgi_buffers 8;\t# small"],
        ),
        (Edit("fastcgi_buffer_size", block=HTTP, args=["32k"]), [], ["\tfastcgi_buffer_size 32k;"]),
        (
            Edit("fastcgi_buffer_size", block=Block("location", 10), args=["32k"]),
            [],
            ["\t\t\tfastcgi_buffer_size 32k;"],
        ),
        (
            Edit("fastcgi_buffer_size", block=Block("location", args=["~", "\\.php$"]), args=["32k"]),
            [],
            ["\t\t\tfastcgi_buffer_size 32k;"],
        ),
        (
            Edit("proxy_buffering", block=Block("location", 9), args=["off"]),
            ["\t\tlocation / { proxy_pass http://localhost:8080/app/; }"],
            ["\t\tlocation / { proxy_pass http://localhost:8080/app/; proxy_buffering off; }"],
        ),
        (Edit("user", args=["www data"]), [], ['user "www data";']),
        (Edit("fastcgi_buffers", state="absent", block=HTTP), ["\tfastcgi_buffers 4 4k;\t# small"], ["\t\t# small"]),
        (Edit("fastcgi_buffers", state="absent", block=HTTP, args=["9", "9k"]), [], []),
        (
            Edit("fastcgi_pass", state="absent", block=Block("location", 10)),
            ["\t\t\tfastcgi_pass unix:/run/php/old.sock;"],
            [],
        ),
        (Edit("user", state="absent"), [], []),
        (
            Edit("listen", block=Block("server", 6), args=["80", "default_server"]),
            ["\t\tlisten 80;"],
            ["\t\tlisten 80 default_server;"],
        ),
        (Edit("listen", block=Block("server", 6), args=["8080"]), [], ["\t\tlisten 8080;"]),
        (
            Edit("listen", block=Block("server", 6), args=["444", "ssl"], match_args=["443", "ssl"]),
            ["\t\tlisten 443 ssl;"],
            ["\t\tlisten 444 ssl;"],
        ),
        (
            Edit("fastcgi_pass", line=11, old="unix:/run/php/old.sock", new="unix:/run/php/new.sock"),
            ["\t\t\tfastcgi_pass unix:/run/php/old.sock;"],
            ["\t\t\tfastcgi_pass unix:/run/php/new.sock;"],
        ),
        (Edit("fastcgi_pass", line=11, old="unix:/gone.sock", new="unix:/run/php/old.sock"), [], []),
        (
            Edit("proxy_pass", old="http://localhost:8080", new="http://127.0.0.1:8080"),
            ["\t\tlocation / { proxy_pass http://localhost:8080/app/; }"],
            ["\t\tlocation / { proxy_pass http://127.0.0.1:8080/app/; }"],
        ),
    ],
)
def test_touches_only_what_it_is_about(edit, gone, new):
    assert changed(edit) == (gone, new)
    once = apply_edits(SITE, [edit])
    if edit.block is None or edit.block.line is None:
        assert apply_edits(once, [edit]) == once or edit.match_args


def test_of_a_set_the_value_is_moved():
    text = "server {\n\tset $php unix:/run/php/old.sock;\n\tset $app /a;\n\tlocation / { fastcgi_pass $php; }\n}\n"
    edit = Edit("set", line=2, old="unix:/run/php/old.sock", new="unix:/run/php/new.sock")
    moved = apply_edits(text, [edit])
    assert moved == text.replace("old.sock", "new.sock") and apply_edits(moved, [edit]) == moved


def test_address_with_a_port_is_not_the_start_of_another_port():
    text = apply_edits(SITE, [Edit("server", line=14, old="10.0.0.1:80", new="10.0.0.9:80")])
    assert "upstream app { server 10.0.0.9:80 weight=5; server 10.0.0.1:8080; server 10.0.0.2:80; }" in text


@pytest.mark.parametrize(
    "edit, words",
    [
        (Edit("a", block=Block("location", 12), args=[]), "no block location begins at line 12: the file has changed"),
        (Edit("a", block=Block("types"), args=[]), "no block types begins$"),
        (Edit("a", block=Block("location"), args=[]), "2 blocks location"),
        (Edit("listen", block=Block("server", 6), match_args=["81"], args=["82"]), "no listen with the arguments 81"),
        (
            Edit("fastcgi_pass", line=10, old="unix:/run/php/old.sock", new="unix:/x"),
            "no fastcgi_pass unix:/run/php/old.sock at line 10: the file has changed",
        ),
        (Edit("fastcgi_pass", old="unix:/run/php", new="unix:/x"), "no fastcgi_pass unix:/run/php"),
        (Edit("user", line=3, args=["a"]), "no user at line 3"),
        (Edit("http", args=["a"]), "http at line 2 is a block"),
        (Edit("server", state="absent", block=HTTP), "server at line 6 is a block"),
    ],
)
def test_says_what_does_not_fit(edit, words):
    with pytest.raises(EditError, match=words):
        apply_edits(SITE, [edit])


def test_which_of_several_has_to_be_named():
    with pytest.raises(EditError, match="2 times a: name by match_args or line"):
        apply_edits("a 1;\na 2;\n", [Edit("a", args=["3"])])
    assert apply_edits("a 1;\na 2;\n", [Edit("a", args=["3"], line=2)]) == "a 1;\na 3;\n"
    assert apply_edits("a 1;\na 2;\n", [Edit("a", args=["2"])]) == "a 1;\na 2;\n"


def test_a_lua_block_is_not_edited():
    with pytest.raises(EditError, match="block"):
        apply_edits(
            "http { content_by_lua_block { a = 1 } }", [Edit("x", block=Block("content_by_lua_block"), args=["1"])]
        )


def test_two_edits_of_one_statement_are_refused():
    with pytest.raises(EditError, match="same statement"):
        apply_edits("a 1;\n", [Edit("a", args=["2"]), Edit("a", state="absent")])


def test_all_edits_are_placed_by_the_text_as_it_was():
    text = apply_edits(
        "http {\n  server {\n  }\n  server {\n  }\n}\n",
        [
            Edit("a", block=Block("server", 2), args=["1"]),
            Edit("b", block=Block("server", 2), args=["2"]),
            Edit("c", block=Block("server", 4), args=["3"]),
            Edit("d", block=HTTP, args=["4"]),
        ],
    )
    assert text == "http {\n  server {\n      a 1;\n      b 2;\n  }\n  server {\n      c 3;\n  }\n  d 4;\n}\n"


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("", "a 1;\n"),
        ("x;", "x;\na 1;\n"),
        ("# c", "# c\na 1;\n"),
        ("x;\r\n", "x;\r\na 1;\r\n"),
        ("x;\n\n", "x;\n\na 1;\n"),
    ],
)
def test_end_of_file(text, wanted):
    assert apply_edits(text, [Edit("a", args=["1"])]) == wanted


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("b {}", "b { a 1;}"),
        ("b { }", "b { a 1; }"),
        ("b {x;}", "b {x; a 1;}"),
        ("b { # c\n}", "b { # c\n    a 1;\n}"),
        ("b {\n\n  # c\n}", "b {\n\n  # c\n    a 1;\n}"),
        ("b {\r\n x;\r\n}", "b {\r\n x;\r\n a 1;\r\n}"),
        ("b { x { y; } }", "b { x { y; } a 1; }"),
    ],
)
def test_end_of_block(text, wanted):
    assert apply_edits(text, [Edit("a", block=Block("b"), args=["1"])]) == wanted


def test_broken_text_is_refused():
    with pytest.raises(NginxSyntaxError):
        apply_edits("http {", [Edit("a", args=["1"])])


STATEMENT = st.sampled_from(
    ["a 1;", "b;", "# c\n", "\n", " ", "x { a 2; }", "x {\n\ta 3; # d\n}\n", "y { }", 'b "q r";', "\r\n"]
)


@given(
    st.lists(STATEMENT, max_size=12).map("".join),
    st.sampled_from(["a", "b", "n"]),
    st.lists(st.sampled_from(["1", "x y", "$z", "\\d;"]), max_size=3),
)
def test_what_was_asked_for_is_there_and_all_else_is_as_before(text, directive, args):
    edit = Edit(directive, args=args)
    try:
        after = apply_edits(text, [edit])
    except EditError:
        return
    assert any(child.name == directive and child.args == args for child in parse(after).children)
    assert apply_edits(after, [edit]) == after
    others = [
        [child.name, child.args]
        for child in parse(text).walk()
        if child.name != directive or child.parent.parent is not None
    ]
    assert [
        [child.name, child.args]
        for child in parse(after).walk()
        if child.name != directive or child.parent.parent is not None
    ] == others
    assert after.count("#") == text.count("#")
