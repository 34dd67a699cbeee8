# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a task failed, for templates."""

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.filter.failure_reason import FilterModule

failure_reason = FilterModule().filters()["failure_reason"]


def test_failure_reason():
    assert failure_reason({"msg": "refused"}) == "refused"
    with pytest.raises(AnsibleFilterError, match="failure_reason takes the result of a task, not str"):
        failure_reason("refused")
