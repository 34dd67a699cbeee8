# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._text import escaped


@given(st.binary(max_size=64))
def test_what_is_shown_of_bytes_is_printable_ascii(data):
    shown = escaped(data)
    assert shown.encode("ascii").decode() == shown and (shown.isprintable() or not shown)
    assert shown.encode().decode("unicode_escape").encode("latin-1") == data[:16]
