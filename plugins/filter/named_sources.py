# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: named_sources
short_description: Check for whom a port may be opened
version_added: 0.1.0
description:
  - Gives addresses and networks in their canonical form, each once.
  - Fails with one sentence where one of them is not an address, is everybody or nearly so, or cannot be the source of a connection from
    another host; and where there is none.
  - Made for the role P(webops.bad_gateway.firewall_port#role).
author:
  - The webops.bad_gateway authors (@webops)
options:
  _input:
    description: IPv4 or IPv6 addresses, or networks in the form ADDRESS/LENGTH.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Use the sources that may connect
  ansible.builtin.debug:
    msg: "{{ ['10.0.0.7/32', '10.1.0.0/24', '10.0.0.7'] | webops.bad_gateway.named_sources }}"
  # ['10.0.0.7', '10.1.0.0/24']
"""

RETURN = r"""
_value:
  description: The sources. A network of one address is that address.
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import firewall_sources


def named_sources(sources: t.Any) -> list[str]:
    try:
        return firewall_sources.named_sources(sources if isinstance(sources, list) else [sources])
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filter of this collection that checks sources."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"named_sources": named_sources}
