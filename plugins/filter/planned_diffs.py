# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: planned_diffs
short_description: Show what edits would change in files
version_added: 0.1.0
description:
  - Gives the lines that edits would take away from files and add to them, without those around them and without what may be a secret.
  - Made for the roles P(webops.bad_gateway.firewall_port#role) and P(webops.bad_gateway.nginx_limits#role), whose dry runs show it.
author:
  - The webops.bad_gateway authors (@webops)
positional: files
options:
  _input:
    description:
      - The edits, each a dictionary with the C(path) of its file and either C(content), the whole text, or C(regexp) and C(replace) as the module
        M(ansible.builtin.replace) takes them, or C(key) and C(value) as the module M(ansible.posix.sysctl) writes them.
    type: list
    elements: dict
    required: true
  files:
    description: What the module M(ansible.builtin.slurp) returned of the file of each edit. A file that is not there is empty.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Read the file
  ansible.builtin.slurp:
    src: /etc/motd
  register: motd

- name: Show what a new text would change in it
  ansible.builtin.debug:
    msg: "{{ [{'path': '/etc/motd', 'content': 'Welcome'}] | webops.bad_gateway.planned_diffs([motd]) }}"
"""

RETURN = r"""
_value:
  description: The C(path) and the unified C(diff) of each file that would change.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.planned_diffs import FileDiff


def planned_diffs(edits: t.Any, files: t.Any) -> list[FileDiff]:
    # Where one filter is asked for, Ansible loads the files of all, in every process that it forks: what this one needs comes when it is called.
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.planned_diffs import of_edits

    try:
        return of_edits(edits, files)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError(
            "planned_diffs takes edits, and what was read of the file of each: %s" % error
        ) from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"planned_diffs": planned_diffs}
