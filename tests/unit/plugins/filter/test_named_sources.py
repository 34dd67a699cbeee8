# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources for templates."""

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.filter.named_sources import FilterModule

named_sources = FilterModule().filters()["named_sources"]


def test_one_source_may_come_alone_and_what_is_none_is_said():
    assert named_sources("10.0.0.7") == ["10.0.0.7"]
    with pytest.raises(AnsibleFilterError, match="any.*is neither an address nor a network"):
        named_sources(["any"])
