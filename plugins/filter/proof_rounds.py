# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: proof_rounds
short_description: Group the proofs of a change by the host to ask
version_added: 0.1.0
description:
  - Groups a list of proofs, as the remedy roles of this collection take them, by the host whose nginx has to be asked,
    so that each host is asked once for all its URLs.
  - Made for the role P(webops.bad_gateway.proof#role).
author:
  - The webops.bad_gateway authors (@webops)
options:
  _input:
    description: The proofs. Each has at least C(host) and C(url); C(connect), C(method), C(proxy_protocol) and C(error_logs) are used where they are given.
    type: list
    elements: dict
    required: true
seealso:
  - plugin: webops.bad_gateway.proof_verdict
    plugin_type: filter
  - module: webops.bad_gateway.site_answers_info
"""

EXAMPLES = r"""
- name: Ask each host once
  webops.bad_gateway.site_answers_info:
    urls: "{{ item.urls }}"
    error_logs: "{{ item.error_logs }}"
  delegate_to: "{{ item.host }}"
  loop: "{{ fastcgi_buffers_proof | webops.bad_gateway.proof_rounds }}"
"""

RETURN = r"""
_value:
  description:
    - One entry for each host, in the order in which the hosts first appear, with C(host), C(urls) and C(error_logs) for
      M(webops.bad_gateway.site_answers_info) and C(before), the proofs in the order of C(urls).
    - C(wait) is for how many seconds it is worth while to ask as long as nginx has no live upstreams, C(seconds) how many the proof takes at most.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.proof_questions import Round


def proof_rounds(proofs: t.Any) -> list[Round]:
    # Where one filter is asked for, Ansible loads the files of all, in every process that it forks: what this one needs comes when it is called.
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge import proof_questions

    try:
        return proof_questions.rounds(proofs)
    except (AttributeError, TypeError, KeyError) as error:
        raise AnsibleFilterError("proof_rounds takes a list of dictionaries with host and url: %s" % error) from error


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"proof_rounds": proof_rounds}
