# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: change_failure
short_description: Say why a change failed and what was undone
version_added: 0.1.0
description:
  - Gives one line that says which change failed, why, and what was undone.
  - Made for the role P(webops.bad_gateway.change#role).
author:
  - The webops.bad_gateway authors (@webops)
positional: title, saved, undone
options:
  _input:
    description: The result of the task that failed.
    type: dict
    required: true
  title:
    description: What the change is, as the first words of a sentence.
    type: str
    required: true
  saved:
    description: The result of M(webops.bad_gateway.change_journal) with V(saved) for this change.
    type: dict
    required: true
  undone:
    description: The result of M(webops.bad_gateway.change_journal) with V(undone) for this change.
    type: dict
    required: true
seealso:
  - plugin: webops.bad_gateway.failure_reason
    plugin_type: filter
  - module: webops.bad_gateway.change_journal
"""

EXAMPLES = r"""
- name: Say what failed and what was undone
  ansible.builtin.fail:
    msg: "{{ ansible_failed_result | webops.bad_gateway.change_failure('The opening of port 7080', saved, undone) }}"
  # The opening of port 7080 was undone: web1: http://example.org/: 502 before, 502 now; undone by: run ufw delete allow ...
"""

RETURN = r"""
_value:
  description:
    - The line. The reason of the failure is that of P(webops.bad_gateway.failure_reason#filter).
    - Where nothing could be saved, it says that the change was not begun. Where the undo failed, or a step of it, it says so.
  type: str
"""

import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import failure


def change_failure(failed: t.Any, title: t.Any, saved: t.Any, undone: t.Any) -> str:
    if not all(isinstance(result, Mapping) for result in (failed, saved, undone)):
        raise AnsibleFilterError("change_failure takes the results of three tasks: what failed, saved and undone")
    return failure.change_failed(str(title), failed, saved, undone)


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"change_failure": change_failure}
