# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict of a proof, for templates."""

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.filter.proof_verdict import FilterModule

verdict = FilterModule().filters()["proof_verdict"]
BAD, GOOD = {"url": "u", "status": 502}, {"url": "u", "status": 200}


def test_verdict():
    assert verdict([GOOD], [BAD]) == {
        "passed": True,
        "better": 1,
        "worse": 0,
        "why": "u: 502 before, 200 now",
        "settled": False,
        "set_aside": False,
    }
    assert verdict([BAD], [GOOD])["passed"] is False


@pytest.mark.parametrize("arguments", [(None, [BAD]), ([GOOD], []), (["text"], ["text"])])
def test_what_is_no_answer(arguments):
    with pytest.raises(AnsibleFilterError, match="proof_verdict takes two lists"):
        verdict(*arguments)
