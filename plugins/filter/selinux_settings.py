# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: selinux_settings
short_description: Say what SELinux has set for a boolean, a port and a folder, and how to set it so again
version_added: 0.1.0
description:
  - Reads the listings of C(semanage) and C(restorecon).
  - Made for the role P(webops.bad_gateway.selinux_connect#role).
author:
  - The webops.bad_gateway authors (@webops)
options:
  _input:
    description: What the commands wrote. What was not asked may be left out.
    type: dict
    required: true
    suboptions:
      aliases:
        description: The file C(file_contexts.subs_dist) of the policy, which says which folders SELinux takes for one another.
        type: str
      booleans:
        description: C(semanage boolean --list).
        type: str
      ports:
        description: C(semanage port --list --locallist), the labels that an administrator gave to ports.
        type: str
      fcontexts:
        description: C(semanage fcontext --list --locallist), the labels that an administrator gave to folders.
        type: str
      labels:
        description: C(restorecon -R -n -v) of the folder, which lists the labels that somebody gave by hand.
        type: str
  boolean:
    description: Name of the boolean. Empty for none.
    type: str
    default: ""
  port:
    description: The TCP port. V(0) for none.
    type: int
    default: 0
  path:
    description: The folder. Empty for none.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Show how a boolean gets back the values that it has
  ansible.builtin.debug:
    msg: "{{ {'booleans': listed.stdout} | webops.bad_gateway.selinux_settings(boolean='httpd_can_network_relay') }}"
  # boolean: ['off', 'off']
  # undo: [[setsebool, -P, httpd_can_network_relay, 'off'], [setsebool, httpd_can_network_relay, 'off']]
"""

RETURN = r"""
_value:
  description:
    - A dictionary. C(boolean) has the value now and the one after a boot. C(port) and C(path) are the types that an administrator gave before; null for
      the policy's own. C(by_hand) are paths that somebody labelled by hand, each with its label.
    - C(fcontext) is the folder with all that is in it, as C(semanage fcontext) takes it. C(undo) are the commands that set all of it so again.
  type: dict
"""

import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.selinux_settings import Listings, settings


def selinux_settings(listings: t.Any, boolean: t.Any = "", port: t.Any = 0, path: t.Any = "") -> t.Any:
    if not isinstance(listings, Mapping) or not set(listings) <= set(Listings._fields):
        raise AnsibleFilterError("selinux_settings takes a dictionary with some of %s" % ", ".join(Listings._fields))
    try:
        return settings(str(boolean), int(port), str(path), Listings(**{key: str(listings[key]) for key in listings}))
    except ValueError as error:
        raise AnsibleFilterError("selinux_settings: %s" % error) from None


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"selinux_settings": selinux_settings}
