# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The statements of a file, read as nginx reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import read_directives
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.lexer import (
    WORD_LIMIT,
    Lexer,
    NginxSyntaxError,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.statements import parse, quote
from ansible_collections.webops.bad_gateway.tests.unit.growth import assert_linear


def shape(statement):
    """Name, arguments and children, as nested lists."""
    inner = None if statement.body is None else [shape(child) for child in statement.children]
    return [statement.name, *statement.args] if inner is None else [statement.name, *statement.args, inner]


def shapes(text):
    return [shape(child) for child in parse(text).children]


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("", []),
        ("  # only a comment", []),
        ("user www-data;", [["user", "www-data"]]),
        ("a b;c d;", [["a", "b"], ["c", "d"]]),
        ("ip_hash;", [["ip_hash"]]),
        ("a{}", [["a", []]]),
        ("a { b c; d { e; } }", [["a", [["b", "c"], ["d", [["e"]]]]]]),
        ("a \"b c\" 'd e';", [["a", "b c", "d e"]]),
        ('a "b;{}#c";', [["a", "b;{}#c"]]),
        (r'a "say \"hi\"";', [["a", 'say "hi"']]),
        (r"location ~ \.php$ {}", [["location", "~", r"\.php$", []]]),
        (r"location ~ \.(jpg|png)\{2\} {}", [["location", "~", r"\.(jpg|png)\{2\}", []]]),
        (r"a b\ c\;d;", [["a", r"b\ c\;d"]]),
        (r"a x\ty;", [["a", "x\ty"]]),
        ("set $x ${y}z;", [["set", "$x", "${y}z"]]),
        ("a b#c; # d\ne;", [["a", "b#c"], ["e"]]),
        ("a # b; c\n d;", [["a", "d"]]),
        ("a b\n\tc;", [["a", "b", "c"]]),
        ("a\r\nb;\r\n", [["a", "b"]]),
        ("a it's;", [["a", "it's"]]),
        ("a b}c;", [["a", "b}c"]]),
        ('if ($x = "y") { return 403; }', [["if", "($x", "=", "y", ")", [["return", "403"]]]]),
        ("map $a $b { default 0; ~*foo 1; }", [["map", "$a", "$b", [["default", "0"], ["~*foo", "1"]]]]),
    ],
)
def test_reads_as_nginx_does(text, wanted):
    assert shapes(text) == wanted


@pytest.mark.parametrize(
    "code",
    [
        "ngx.say('}')",
        'ngx.say("}\\"}")',
        "-- }\n",
        "--[[ } ]]",
        "--[==[ ]] } ]==]",
        "x = [[ } ]]",
        "if a then b = {c = {1}} end",
        "x = [=[ ]] } ]=]",
        "a[b[1]] = 2",
    ],
)
def test_reads_over_lua(code):
    root = parse("content_by_lua_block { %s } after b;" % code)
    assert [child.name for child in root.children] == ["content_by_lua_block", "after"]
    assert root.children[0].is_lua and not root.children[0].children


@pytest.mark.parametrize(
    "text, line, words",
    [
        ("a b", 1, "end of file"),
        ("a\n{\nb;", 3, 'expecting "}"'),
        ("a;\n}", 2, 'unexpected "}"'),
        ("a }\n", 1, 'unexpected "}"'),
        ("a\n }\n", 2, 'unexpected "}"'),
        (";", 1, 'unexpected ";"'),
        ("\n{}", 2, 'unexpected "{"'),
        ('a "b"c;', 1, 'unexpected "c"'),
        ('a "b\n;', 2, "end of file"),
        ("a b\\", 1, "end of file"),
        ("init_by_lua_block { x = '}'\n", 2, "end of file"),
        ("a\n%s;" % ("x" * WORD_LIMIT), 2, 'too long parameter "xxxxxxxxxx..." started'),
        ("a\n'%s';" % ("x" * (WORD_LIMIT - 1)), 2, 'too long parameter, probably missing terminating "\'" character'),
        ('a\n"%s;' % ("x " * WORD_LIMIT), 2, 'too long parameter, probably missing terminating """ character'),
    ],
)
def test_an_error_has_its_line_and_what_stands_before_is_kept(text, line, words):
    with pytest.raises(NginxSyntaxError, match=words) as error:
        parse("ok 1; " + text)
    assert error.value.line == line
    directives, errors = read_directives("ok 1; " + text, "x.conf")[:2]
    assert (directives[0].name, directives[0].args) == ("ok", ["1"])
    assert errors[0] == {"file": "x.conf", "line": line, "error": error.value.reason}


def test_a_word_that_just_fits_into_nginxs_buffer():
    assert shapes("a %s;" % ("x" * (WORD_LIMIT - 1))) == [["a", "x" * (WORD_LIMIT - 1)]]
    assert shapes("a '%s';" % ("x" * (WORD_LIMIT - 2))) == [["a", "x" * (WORD_LIMIT - 2)]]


def test_places():
    text = "a;\nhttp {\n  server { listen 80; }\n}\n"
    http = parse(text).children[1]
    server = http.children[0]
    listen = server.children[0]
    assert (http.line, server.line, listen.line) == (2, 3, 3)
    assert text[listen.start : listen.end] == "listen 80;"
    assert text[server.start : server.end] == "server { listen 80; }"
    assert text[server.body[0] : server.body[1]] == " listen 80; "
    assert text[listen.words[1].start : listen.words[1].end] == "80"
    assert listen.parent is server and server.parent is http
    assert [statement.name for statement in parse(text).walk()] == ["a", "http", "server", "listen"]


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=40))
def test_a_quoted_value_is_read_back(value):
    assert shapes("x %s;" % quote(value)) == [["x", value]]


@given(st.text(alphabet="ab \n\t;{}#\"'\\$()[]-=", max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        root = parse(text)
    except NginxSyntaxError:
        return
    for statement in root.walk():
        again = parse(text[statement.start : statement.end]).children
        assert [shape(one) for one in again] == [shape(statement)]


def read_to_the_end(text, step, limit=40):
    """What a way of reading statements makes of a text: each statement with its line, up to the end or the mistake."""
    lexer, found = Lexer(text, limit), []
    try:
        while True:
            values, start, mark = step(lexer)
            found.append((values, lexer.line(start), lexer.line(lexer.at), lexer.at, lexer.words_read, mark))
            if not mark:
                return found
    except NginxSyntaxError as error:
        return [*found, (error.reason, error.line)]


def word_by_word(lexer):
    words, mark = lexer.statement()
    return [word.value for word in words], words[0].start if words else lexer.at - bool(mark), mark


PIECES = [
    "a",
    "bc",
    "/",
    "$x",
    "$",
    "${y}",
    "{",
    "}",
    ";",
    " ",
    "  ",
    "\t",
    "\n",
    "\r\n",
    "#",
    "# c;\n",
    "'",
    '"',
    "'q w'",
    "\\",
    "\\;",
    "\xa0",
    "\x0c",
    "x" * 5000,
]


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_a_statement_in_one_piece_is_what_it_is_word_by_word(text):
    assert read_to_the_end(text, Lexer.values) == read_to_the_end(text, word_by_word)


@pytest.mark.parametrize("piece", ["a", "a ", "a$", "a\n", "'a\n", "#"])
def test_the_time_for_a_statement_that_does_not_end_is_linear_in_its_length(piece):
    assert_linear(lambda text: read_to_the_end(text, Lexer.values, 10**6), lambda length: piece * length)


def test_lines_are_known_in_any_order():
    lexer = Lexer("a\nb\nc\n")
    assert [lexer.line(at) for at in (4, 0, 2, 2, 6, 1)] == [3, 1, 2, 2, 4, 1]
