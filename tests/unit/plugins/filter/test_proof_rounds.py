# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rounds of a proof, for templates."""

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.filter.proof_rounds import FilterModule

rounds = FilterModule().filters()["proof_rounds"]


def test_rounds():
    assert [entry["host"] for entry in rounds([{"host": "web1", "url": "u"}])] == ["web1"]


@pytest.mark.parametrize("proofs", [None, [{"url": "u"}], ["text"], 3])
def test_what_is_no_proof(proofs):
    with pytest.raises(AnsibleFilterError, match="proof_rounds takes a list"):
        rounds(proofs)
