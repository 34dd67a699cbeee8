# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: outcomes_after_watch
short_description: Say of steps that a site was watched after whether they lasted
version_added: 0.2.0
description:
  - Takes how each step of the role P(webops.bad_gateway.fix_502#role) ended, and what was seen while the site was watched after that.
  - A step of which a URL was well and failed again is V(relieved), with what was seen.
author:
  - The webops.bad_gateway authors (@webops)
options:
  _input:
    description: How each step ended, with C(step) and C(outcome).
    type: list
    elements: dict
    required: true
  steps:
    description: The steps, as M(webops.bad_gateway.judge) returns them.
    type: list
    elements: dict
    required: true
  watched:
    description: What M(webops.bad_gateway.site_answers_info) returned for each host.
    type: list
    elements: dict
    required: true
seealso:
  - module: webops.bad_gateway.site_answers_info
"""

EXAMPLES = r"""
- name: Remember what has not lasted
  ansible.builtin.set_fact:
    outcomes: "{{ outcomes | webops.bad_gateway.outcomes_after_watch(steps, watched.results) }}"
"""

RETURN = r"""
_value:
  description: How each step ended, with C(came_back) and C(why) where it did not last.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge import watch


def outcomes_after_watch(outcomes: t.Any, steps: t.Any, watched: t.Any) -> list[dict[str, t.Any]]:
    try:
        return watch.outcomes_after(outcomes, steps, watched)
    except (AttributeError, TypeError, KeyError) as error:
        raise AnsibleFilterError("outcomes_after_watch takes three lists of dictionaries: %s" % error) from error


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"outcomes_after_watch": outcomes_after_watch}
