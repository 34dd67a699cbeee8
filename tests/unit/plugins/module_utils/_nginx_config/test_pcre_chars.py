# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Classes of characters, as PCRE has them without its Unicode mode."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre_chars import (
    NotRead,
    bytes_of,
    class_members,
    text_of,
)


def members(text, caseless=False):
    found, end = class_members(text, 1, caseless)
    assert end == len(text)
    return found


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("[abc]", "abc", "d-"),
        ("[a-c]", "abc", "d-"),
        ("[^a-c]", "d\n", "abc"),
        ("[]a]", "]a", "b"),
        ("[^]a]", "b", "]a"),
        ("[a-]", "a-", "b"),
        (r"[\d-x]", "5-x", "a"),
        (r"[\D]", "a", "5"),
        ("[[:alpha:]_]", "aZ_", "1"),
        ("[[:^digit:]]", "a", "1"),
        (r"[\x41-\x43\t\]]", "ABC\t]", "D"),
        (r"[\x{e9}]", "\xe9", "e"),
    ],
)
def test_who_belongs_to_a_class(text, inside, outside):
    found = members(text)
    assert found >= set(inside) and not found & set(outside)


def test_letters_of_any_case_are_those_of_ascii():
    assert members("[a\xe9]", caseless=True) == set("aA\xe9")


@pytest.mark.parametrize("text", ["[a", "[z-a]", "[[:none:]]", r"[\q]", r"[\x{100}]"])
def test_what_is_no_class(text):
    with pytest.raises(NotRead):
        class_members(text, 1, False)


def test_a_text_is_compared_by_its_bytes_and_comes_back():
    assert bytes_of("\u00e9") == "\xc3\xa9"
    assert text_of(bytes_of("\u00e9\udcff")) == "\u00e9\udcff"
