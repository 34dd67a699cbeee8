# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be the name of a zone, table or chain."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.opening import name


@pytest.mark.parametrize(
    "text", ["input", "INPUT", "ufw-before-input", "f2b-sshd", "my_zone", "cali:pi", "a/b", "0day"]
)
def test_names(text):
    assert name(text, "chain") == text


@pytest.mark.parametrize("text", ["", "-F", "a b", "a;b", "a'b", "../x", "a/../b", "a\n", "$(id)", "é", '"a"', "/a"])
def test_what_is_no_name(text):
    with pytest.raises(ValueError, match="is no name of a chain"):
        name(text, "chain")
