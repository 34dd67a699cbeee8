# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: failure_reason
short_description: Say why a task failed
version_added: 0.1.0
description:
  - Gives the reason of a failure in one line, in the words of what refused.
  - Of a loop, the reason of the first item that failed. Of a command, the last three lines that it wrote to its standard error, or else to its standard output.
    Of any other module, its message.
author:
  - The webops.bad_gateway authors (@webops)
options:
  _input:
    description: The result of a task that failed, such as C(ansible_failed_result) in a C(rescue).
    type: dict
    required: true
seealso:
  - plugin: webops.bad_gateway.change_failure
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Go on where a daemon refuses
  block:
    - name: Ask nginx whether it accepts its configuration
      ansible.builtin.command:
        argv: [nginx, -t]
      changed_when: false
  rescue:
    - name: Show why
      ansible.builtin.debug:
        msg: "{{ ansible_failed_result | webops.bad_gateway.failure_reason }}"
"""

RETURN = r"""
_value:
  description: The reason, V(no reason given) where the result has none.
  type: str
"""

import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import failure


def failure_reason(result: t.Any) -> str:
    if not isinstance(result, Mapping):
        raise AnsibleFilterError("failure_reason takes the result of a task, not %s" % type(result).__name__)
    return failure.reason(t.cast("failure.Result", result))


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"failure_reason": failure_reason}
