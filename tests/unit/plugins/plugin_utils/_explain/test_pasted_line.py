# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines as people paste them are recognised, and harmless ones are not."""

import pathlib
import re
import textwrap

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.signature import error_signature
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._explain.pasted_line import (
    fragments_of,
    pasted_signature,
)

HERE = pathlib.Path(__file__).parent
PASTED = yaml.safe_load((HERE / "pasted.yml").read_text(encoding="utf-8"))
HARMLESS = yaml.safe_load((HERE / "harmless.yml").read_text(encoding="utf-8"))
TABLE = HERE.parents[1] / "module_utils" / "fixtures" / "signatures.yml"
LINES = [(line, group["id"]) for group in yaml.safe_load(TABLE.read_text(encoding="utf-8")) for line in group["lines"]]
#: Lines that name all that they decide by, so that a piece of them can decide it too.
NGINX = [
    (line, sign)
    for line, sign in LINES
    if sign
    and len(line) < 1500
    and line.isprintable()
    and re.match(r"\d{4}/\d\d/\d\d [\d:]{8} \[\w+\] \d+#\d+: \*\d+ [a-z]", line)
]
HEAD = re.compile(r"\A\d{4}/\d\d/\d\d [\d:]{8} (\[\w+\] )(\d+#\d+: )(\*\d+ )")


@pytest.mark.parametrize("case", PASTED, ids=lambda case: case["from"])
def test_a_fragment_of_a_public_thread_is_recognised(case):
    assert pasted_signature(case["text"]) == case["id"]


def test_there_are_many_of_them_that_the_strict_reader_does_not_know():
    strict = [case for case in PASTED if case["id"] in map(error_signature, case["text"].splitlines())]
    assert len(PASTED) - len(strict) >= 40


@pytest.mark.parametrize("line", HARMLESS)
def test_a_harmless_line_is_silent(line):
    assert pasted_signature(line) is None


@pytest.mark.parametrize(
    "form",
    [
        lambda line: HEAD.sub(r"\1\2\3", line),
        lambda line: HEAD.sub(r"\2\3", line),
        lambda line: HEAD.sub(r"\3", line),
        lambda line: "Dez 02 03:04:05 web1 nginx[1]: " + line,
        lambda line: "/var/log/nginx/error.log:17:" + line,
        lambda line: "web_1  | " + line,
        lambda line: "\n".join("> " + part for part in textwrap.wrap(line, 78, break_on_hyphens=False)),
        lambda line: "\n".join(line[start : start + 80] for start in range(0, len(line), 80)),
        lambda line: line.replace('"', "&quot;"),
        lambda line: "`" + line + "`",
    ],
    ids=[
        "no date",
        "no level",
        "no process",
        "German",
        "grep",
        "compose",
        "quoted mail",
        "a window of 80",
        "a web page",
        "code",
    ],
)
def test_no_form_of_pasting_hides_a_line(form):
    """At [error] a file that is missing says nothing, so that some lines need their level."""
    wrong = [line for line, sign in NGINX if pasted_signature(form(line)) != sign]
    assert len(wrong) <= len(NGINX) // 20, wrong


def test_what_a_host_logs_is_read_as_strictly_as_ever():
    assert error_signature("connect() failed (111: Connection refused) while connecting to upstream") is None


def test_a_harmless_line_keeps_its_silence_in_each_place():
    silent = [line for line in HARMLESS if pasted_signature("\n\n".join((line, "hello")))]
    assert silent == []


def test_the_words_of_a_visitor_say_nothing():
    quoting = '2026/01/02 03:04:05 [error] 1#1: *1 access forbidden by rule, client: 192.0.2.1, server: a, request: "GET /%s HTTP/1.1"'
    assert [pasted_signature(quoting % line) for line, _sign in NGINX[:50]] == [None] * 50


@given(
    st.one_of(
        st.text(), st.sampled_from(LINES).flatmap(lambda one: st.integers(0, len(one[0])).map(lambda end: one[0][end:]))
    )
)
def test_no_text_ever_raises(text):
    assert all(one.line == one.line.strip() for one in fragments_of(text))
