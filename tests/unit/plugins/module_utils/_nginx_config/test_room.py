# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What parts of a configuration leave to others."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.room import Room, half_of, in_turns


def test_no_more_is_taken_than_there_is():
    room = Room(3)
    assert (room.take(2), room.take(2), room.take(), room.take(), room.left) == (True, False, True, False, 0)


def test_half_is_kept_back_until_the_part_ends_however_it_ends():
    first, second = Room(9), Room(1)
    with half_of((first, second)):
        assert (first.left, second.left) == (5, 1)
        with half_of((first,)):
            assert first.take(3)
        assert first.left == 2
    assert (first.left, second.left) == (6, 1)
    with pytest.raises(OSError, match="broken"), half_of((first,)):
        raise OSError("broken")
    assert first.left == 6


def test_each_owner_gives_its_first_before_any_gives_its_second():
    assert in_turns(["a1", "a2", "a3", "b1", "c1", "b2"], lambda part: part[0]) == ["a1", "b1", "c1", "a2", "b2", "a3"]
