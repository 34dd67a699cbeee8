# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._text import escaped, printable


@given(st.binary(max_size=64))
def test_what_is_shown_of_bytes_is_printable_ascii(data):
    shown = escaped(data)
    assert shown.encode("ascii").decode() == shown and (shown.isprintable() or not shown)
    assert shown.encode().decode("unicode_escape").encode("latin-1") == data[:16]


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("h\u00e9 \u4e16", None, "h\u00e9 \u4e16"),
        ("a\nb\x1b[2J\u202ec", None, "a\\nb\\x1b[2J\\u202ec"),
        ("\udcff", None, "\\udcff"),
        ("abcdef", 3, "abc"),
        ("a\nbc", 3, "a\\n"),
    ],
)
def test_what_people_read_keeps_its_letters(text, limit, shown):
    assert printable(text, limit) == shown


@given(st.text(st.characters(), max_size=64), st.integers(0, 80))
def test_no_text_can_move_the_cursor(text, limit):
    shown = printable(text, limit)
    assert len(shown) <= limit and (shown.isprintable() or not shown)
