# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: proof_verdict
short_description: Judge whether a change made URLs answer better
version_added: 0.1.0
description:
  - Compares what nginx answers now, as M(webops.bad_gateway.site_answers_info) returns it, with what it answered before.
  - Better is a URL that no longer answers 502 or 504 (or 500 because of an upstream), or that still fails but further on than before,
    which shows that one of several causes is gone.
  - Worse is a URL that was well and fails now, that nginx no longer answers at all, or that fails at an earlier stage than before.
author:
  - The webops.bad_gateway authors (@webops)
options:
  _input:
    description: The answers now.
    type: list
    elements: dict
    required: true
  before:
    description:
      - The answers before, one for each answer now and in the same order, with C(url), C(status), C(signature) and C(upstream).
      - C(elsewhere), whether the change sends the request to another daemon, whose page then has to be the one that was there by C(had),
        the statuses that visitors had before.
      - C(peers), the addresses of all servers of the upstream, keeps a mere change of server from counting as progress.
    type: list
    elements: dict
    required: true
seealso:
  - plugin: webops.bad_gateway.proof_rounds
    plugin_type: filter
  - module: webops.bad_gateway.site_answers_info
"""

EXAMPLES = r"""
- name: Fail where nothing got better
  ansible.builtin.assert:
    that: verdict.passed
    fail_msg: "{{ verdict.why }}"
  vars:
    verdict: "{{ asked.answers | webops.bad_gateway.proof_verdict(before) }}"
"""

RETURN = r"""
_value:
  description:
    - A dictionary with C(passed) (nothing is worse, and something is better or nothing was failing), C(better) and C(worse)
      (numbers of URLs), C(why), one line with the URLs and what they answered before and now, C(settled) (asking again changes nothing)
      and C(set_aside) (nginx asks no server of an upstream, as it remembers that they failed).
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge import proof


def proof_verdict(after: t.Any, before: t.Any) -> dict[str, t.Any]:
    try:
        return proof.verdict(before, after)._asdict()
    except (TypeError, ValueError, AttributeError) as error:
        raise AnsibleFilterError("proof_verdict takes two lists of answers of the same length: %s" % error) from error


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"proof_verdict": proof_verdict}
