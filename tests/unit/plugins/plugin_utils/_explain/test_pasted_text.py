# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text out of its wrapping: mail, terminals, web pages, log shippers."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._explain.pasted_text import LINES, plain, records_of

TIME = "2026/01/02 03:04:05 [error] "


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("> > a b", "a b"),
        ("\x1b[31ma\x1b[0m", "a"),
        ("\u201ca\u201d &gt; b;", '"a" > b;'),
        ('{"log":"a b\\n","stream":"stderr"}', "a b"),
        ('{"level":"x","message":"a \\"b\\""}', 'a "b"'),
        ('{"log": ', '{"log": '),
        ('{"other": 1}', '{"other": 1}'),
        ("`a`", "a"),
    ],
)
def test_a_line_is_freed_of_what_others_put_into_it(line, expected):
    assert plain(line) == expected


def test_a_record_goes_on_until_another_begins():
    text = "\n".join([TIME + "a", "b", TIME + "c", "", "d", "==> /var/log/x <==", "e"])
    assert [ways[0] for ways in records_of(text)] == [TIME + "a b", TIME + "c", "d", "e"]


def test_a_window_cuts_words_and_mail_does_not():
    assert next(iter(records_of("abcd\nefgh\nij"))) == ["abcdefghij", "abcd efgh ij"]
    assert next(iter(records_of("abcd\nefg"))) == ["abcd efg", "abcdefg"]


def test_a_large_text_is_read_in_part():
    assert len(list(records_of("\n".join([TIME + "a"] * (LINES + 5))))) == LINES
