# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts of /proc about sockets."""

from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listening_sockets import (
    parse_proc_tcp,
    parse_proc_unix,
)


@given(some.text(max_size=300))
def test_no_text_in_proc_stops_the_look(text):
    for parse in (parse_proc_tcp, parse_proc_unix):
        assert all(entry.inode >= 0 for entry in parse("head\n" + text))
