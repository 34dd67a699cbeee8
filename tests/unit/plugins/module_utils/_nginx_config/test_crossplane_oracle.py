# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our reading of nginx's language beside that of crossplane: the same, or different where crossplane deviates from nginx."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("crossplane", reason="crossplane needs a newer Python")

from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config import crossplane_oracle
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.crossplane_oracle import (
    Deviation,
    Row,
    compare,
    our_rows,
    their_rows,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import (
    FOLDER,
)


def words(read):
    return [row.words for row in read.rows]


def lines(read):
    return [row.line for row in read.rows]


#: What nginx 1.22 and its Lua module read of each text (seen with `nginx -t`), and what crossplane 0.5 does.
DEVIATIONS = [
    (Deviation.BRACE_IN_WORD, "a b}c; d;", [["a", "b}c"], ["d"]], []),
    (Deviation.BRACE_IN_WORD, "a { if ($x ~ x}) { b; } }", [["a"], ["if", "($x", "~", "x})"], ["b"]], [["a"], ["if", "($x", "~", "x", ")"], ["b"]]),
    (Deviation.VARIABLE, "a ${b} c; d;", [["a", "${b}", "c"], ["d"]], [["a", "${b} c"], ["d"]]),
    (Deviation.VARIABLE, "a ${b;c}; d;", [["a", "${b"], ["c}"], ["d"]], [["a", "${b;c}"], ["d"]]),
    (Deviation.VARIABLE, "a \\${b; }", [["a", "\\$"], ["b"]], []),
    (Deviation.LINE, "\\\na b;", [["\\\na", "b"]], [["\\\na", "b"]]),
    (Deviation.BLANK, "a b\xa0c;", [["a", "b\xa0c"]], [["a", "b", "c"]]),
    (Deviation.BLANK, "a b\x0cc;", [["a", "b\x0cc"]], [["a", "b", "c"]]),
    (Deviation.LUA, "content_by_lua_block { --[[ } ]] } a;", [["content_by_lua_block"], ["a"]], []),
    (Deviation.LUA, "content_by_lua_block { x = [[ ' ]] } a;", [["content_by_lua_block"], ["a"]], []),
    (Deviation.LUA, "exit_worker_by_lua_block { a = {}; } b;", [["exit_worker_by_lua_block"], ["b"]], [["exit_worker_by_lua_block"], ["a", "="], ["b"]]),
    (Deviation.REFUSED, 'a "b"c; d;', [], [["a", "b", "c"], ["d"]]),
    (Deviation.REFUSED, "a b;; c;", [["a", "b"], ["c"]], [["a", "b"], ["c"]]),
    (Deviation.REFUSED, "a %s;" % ("x" * 4096), [], [["a", "x" * 4096]]),
    (Deviation.BYTE_ORDER_MARK, "\ufeffa b;", [["a", "b"]], [["\ufeffa", "b"]]),
]  # fmt: skip


@pytest.mark.parametrize(("deviation", "text", "ours", "theirs"), DEVIATIONS)
def test_where_crossplane_deviates(deviation, text, ours, theirs):
    assert words(our_rows(text)) == ours
    assert words(their_rows(text)) == theirs
    assert ((lines(our_rows(text)), lines(their_rows(text))) == ([1], [2])) == (deviation is Deviation.LINE)
    compared = compare(text)
    assert (compared.ours, compared.theirs) == (None, None)
    assert deviation in compared.deviations


def test_every_deviation_has_an_example():
    assert {deviation for deviation, _text, _ours, _theirs in DEVIATIONS} == set(Deviation)


@pytest.mark.parametrize(
    "text",
    [
        r"""a "b\"c" 'd\'e' f\ g \\ "\\" \n "\t" ''; # h { "
map $a $b { default 0; ~^/x\d{2\}$ "1;}"; }
""",
        "a\r\n\tb c#d;\r\n# e\r\nf { }\r\n",
        "set_by_lua_block $x { return { a = '}' } } a ${b};",
        'if ($a ~* "x{2}") { b; }',
        "a { b { c; } } d",
        "a { b",
    ],
)
def test_the_same_without_any_explanation(text):
    assert compare(text) == (None, None, {})


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.conf")), ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_our_own_trees(path):
    compared = compare(path.read_text())
    assert (compared.ours, compared.theirs) == (None, None)
    assert not compared.deviations or "broken" in path.parts


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row._replace(line=row.line + 1),
        lambda row: row._replace(depth=row.depth + 1),
        lambda row: row._replace(words=row.words + ["x"]),
        lambda row: row._replace(is_block=not row.is_block),
    ],
)
def test_a_wrong_reading_of_ours_is_noticed(monkeypatch, change):
    real = our_rows

    def wrong(text):
        read = real(text)
        return read._replace(rows=[change(row) if row.words[0] == "b" else row for row in read.rows])

    monkeypatch.setattr(crossplane_oracle, "our_rows", wrong)
    compared = compare("a;\nb c;\nd e}f;")
    assert compared.ours == change(Row(2, 0, ["b", "c"], False))
    assert compared.theirs == Row(2, 0, ["b", "c"], False)


ORDINARY = r"""a b x 0 / . $ ${ } ${a} {2} \ \" \' \n \\ \; " ' # ( ) = ~ * ^ [ ] -"""
PIECES = [*ORDINARY.split(" "), "\xe9", "\xa0", "\x0c", "\\\n"]
LUA = [
    "local a = 1\n",
    "-- }\n",
    "--[[ } ]] ",
    "--[==[ ]] } ]==]",
    "'}'",
    '"}"',
    '"\\"}"',
    "[[ } ]]",
    "{",
    "}",
    "{ a = {} }",
]
LUA += ['"open\n', "it's\n", "\\", "]]", "a[b[1]]"]
GAPS = st.sampled_from([" ", " ", "\t", "\n", "\r\n", "  ", ' # c ; { " }\n', "\n#x\n"])
PLAIN = st.sampled_from(
    ["on", "1m", "$x", "~*", "/", "unix:/run/x.sock:/", "http://$host$request_uri", "*.example.org"]
)
BARE = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)
QUOTED = st.tuples(
    st.sampled_from("\"'"), st.lists(st.sampled_from([*PIECES, " ", ";", "{", "\n"]), max_size=5).map("".join)
).map(lambda pair: pair[0] + pair[1].replace(pair[0], "") + pair[0])
NAMES = st.sampled_from(["a", "server", "location", "map", "'quoted name'", "types"])
LUA_CODE = st.lists(st.sampled_from(LUA), max_size=6).map("".join)
LUA_BLOCK = st.tuples(
    st.sampled_from(["content_by_lua_block", "set_by_lua_block $x", "ssl_client_hello_by_lua_block"]), GAPS, LUA_CODE
).map(lambda parts: "%s%s{%s}" % parts)
HEADS = st.tuples(NAMES, st.lists(st.tuples(GAPS, PLAIN | BARE | QUOTED).map("".join), max_size=3).map("".join)).map(
    "".join
)
SIMPLE = st.tuples(HEADS, st.sampled_from([";", " ;", "\n;"])).map("".join)


def several(statements):
    return st.lists(st.tuples(statements, st.one_of(st.just(""), GAPS)).map("".join), max_size=5).map("".join)


STATEMENTS = st.recursive(
    SIMPLE | LUA_BLOCK,
    lambda inner: st.tuples(HEADS, GAPS, several(inner)).map(lambda parts: "%s%s{\n%s}" % parts),
    max_leaves=12,
)


@given(st.sampled_from(["", "", "", "\ufeff"]), several(STATEMENTS))
def test_random_configurations(begin, text):
    compared = compare(begin + text)
    assert (compared.ours, compared.theirs) == (None, None)


@given(several(st.recursive(st.tuples(NAMES, st.lists(st.tuples(GAPS, PLAIN).map("".join), max_size=3).map("".join), st.just(";")).map("".join),
                            lambda inner: several(inner).map("server {\n%s}".__mod__), max_leaves=12)))  # fmt: skip
def test_random_plain_configurations_need_no_explanation(text):
    assert compare(text) == (None, None, {})


@given(
    st.lists(st.sampled_from([*PIECES, *LUA, " ", "\n", ";", "{", "content_by_lua_block {"]), max_size=40).map("".join)
)
def test_random_texts(text):
    compared = compare(text)
    assert (compared.ours, compared.theirs) == (None, None)
