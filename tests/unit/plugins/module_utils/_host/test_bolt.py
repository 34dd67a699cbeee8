# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of bbolt."""

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.bolt import bolt_values
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._host.bolt_files import (
    SIZE,
    branch,
    bucket,
    file_of,
    leaf,
    page,
    value,
)

ONE = file_of(
    page(1, [branch(b"a", 3), branch(b"m", 4)]),
    leaf(value(b"a", b"1"), bucket(b"b", inline=leaf(value(b"c", b"2"), bucket(b"d", inline=leaf(value(b"e", b"3")))))),
    leaf(bucket(b"m", root=5), value(b"n", b"")),
    leaf(value(b"o", b"4")),
)


def test_values_of_branches_and_of_buckets_in_pages_and_in_values():
    assert dict(bolt_values(ONE)) == {
        (b"a",): b"1",
        (b"b", b"c"): b"2",
        (b"b", b"d", b"e"): b"3",
        (b"m", b"o"): b"4",
        (b"n",): b"",
    }


@pytest.mark.parametrize(("root", "older", "found"), [(2, 3, b"new"), (3, 2, b"old")])
def test_the_newer_first_page_counts(root, older, found):
    made = file_of(leaf(value(b"a", b"new")), leaf(value(b"a", b"old")), root=root, older_root=older)
    assert dict(bolt_values(made)) == {(b"a",): found}


@pytest.mark.parametrize(
    "data",
    [b"", b"SQLite format 3", ONE[: SIZE // 2], ONE[: SIZE * 3], b"\0" * SIZE * 4, file_of(page(1, [branch(b"a", 2)]))],
)
def test_what_is_no_such_file_or_cut_off_is_an_error(data):
    with pytest.raises(ValueError):
        list(bolt_values(data))


@example(8222, b"\x08")
@given(some.integers(0, len(ONE) - 1), some.binary(min_size=1, max_size=9))
def test_no_file_stops_the_look(place, other):
    with contextlib.suppress(ValueError):
        list(bolt_values(ONE[:place] + other + ONE[place + len(other) :]))
