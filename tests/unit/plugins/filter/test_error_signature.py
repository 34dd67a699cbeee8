# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter's own part: what it takes and how it refuses."""

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.filter.error_signature import FilterModule

TOO_BIG = "2026/01/02 03:04:05 [error] 7#7: *1 upstream sent too big header while reading response header from upstream"
error_signature = FilterModule().filters()["error_signature"]


def test_a_line_gives_its_signature():
    assert error_signature(TOO_BIG) == "response_header_too_big"


def test_a_line_that_explains_nothing_gives_none():
    assert error_signature("hello") is None


def test_a_list_gives_a_list_of_the_same_length():
    assert error_signature([TOO_BIG, "hello", TOO_BIG]) == ["response_header_too_big", None, "response_header_too_big"]
    assert error_signature([]) == []
    assert error_signature(line for line in (TOO_BIG,)) == ["response_header_too_big"]


@pytest.mark.parametrize("value", [None, 5, {"line": TOO_BIG}, b"x"])
def test_other_things_are_refused_in_one_clear_line(value):
    with pytest.raises(AnsibleFilterError, match="takes a line or a list of lines, not " + type(value).__name__):
        error_signature(value)


def test_a_list_with_other_things_names_the_item():
    with pytest.raises(AnsibleFilterError, match="item 1 is int"):
        error_signature([TOO_BIG, 5])


def test_ansibles_own_classes_are_called_by_their_plain_name():
    class _LazyDict(dict):
        pass

    with pytest.raises(AnsibleFilterError, match="not dict$"):
        error_signature(_LazyDict())


def test_text_that_a_person_pastes_is_read_leniently():
    cut = "upstream sent too big header while reading"
    assert error_signature(cut) is None
    assert error_signature([cut, "hello"], pasted=True) == ["response_header_too_big", None]
