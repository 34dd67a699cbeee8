# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.filter.proof_rounds import FilterModule as Rounds
from ansible_collections.webops.bad_gateway.plugins.filter.proof_verdict import FilterModule as Verdict

rounds = Rounds().filters()["proof_rounds"]
verdict = Verdict().filters()["proof_verdict"]
BAD, GOOD = {"url": "u", "status": 502}, {"url": "u", "status": 200}


def test_rounds():
    assert [entry["host"] for entry in rounds([{"host": "web1", "url": "u"}])] == ["web1"]


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


@pytest.mark.parametrize("proofs", [None, [{"url": "u"}], ["text"], 3])
def test_what_is_no_proof(proofs):
    with pytest.raises(AnsibleFilterError, match="proof_rounds takes a list"):
        rounds(proofs)


@pytest.mark.parametrize("arguments", [(None, [BAD]), ([GOOD], []), (["text"], ["text"])])
def test_what_is_no_answer(arguments):
    with pytest.raises(AnsibleFilterError, match="proof_verdict takes two lists"):
        verdict(*arguments)
