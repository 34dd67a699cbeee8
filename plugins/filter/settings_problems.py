# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: settings_problems
short_description: Name the settings of a run that it cannot work with
version_added: 0.1.0
description:
  - Checks the variables of the role C(webops.bad_gateway.fix_502), so that a run with a wrong one ends before any host is looked at.
author:
  - The webops.bad_gateway authors (@webops)
options:
  _input:
    description:
      - The variables by their names, of C(fix_502_allow), C(fix_502_backend_services), C(fix_502_log_window), C(fix_502_max_cures),
        C(fix_502_plan), C(fix_502_rounds), C(fix_502_urls) and C(fix_502_watch).
      - One that is missing is not checked.
    type: dict
    required: true
  kinds:
    description: The kinds of change that C(fix_502_allow) may have.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Check the settings
  ansible.builtin.assert:
    that: problems | length == 0
    fail_msg: "{{ problems | join('; ') }}"
  vars:
    problems: "{{ {'fix_502_rounds': 'many'} | webops.bad_gateway.settings_problems(kinds=['start', 'reload']) }}"
"""

RETURN = r"""
_value:
  description: A line for each setting that is wrong, with what it has to be.
  type: list
  elements: str
"""

import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._controller import text_in
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.approved_plan import plan_problems
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.settings import problems


def settings_problems(settings: t.Any, kinds: list[str]) -> list[str]:
    if not isinstance(settings, Mapping):
        raise AnsibleFilterError("settings_problems takes a dictionary, not %s" % type(settings).__name__)
    return problems(settings, kinds) + plan_problems(settings.get("fix_502_plan"), text_in)


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"settings_problems": settings_problems}
