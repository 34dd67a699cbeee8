# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: firewall_openings
short_description: Say how a firewall tool opens a port for named sources, and how it closes it again
version_added: 0.1.0
description:
  - Puts the opening of one TCP port into the words of the tool that is in charge of the firewall.
  - With O(found), which says what the host has, also gives what is missing.
  - Fails with one sentence for sources that P(webops.bad_gateway.named_sources#filter) refuses, for names that could be anything but the name of a zone, table
    or chain, and where the opening would not last.
  - Made for the role P(webops.bad_gateway.firewall_port#role).
author:
  - The webops.bad_gateway authors (@webops)
positional: tool, port, place, found
options:
  _input:
    description: Who may connect, IPv4 or IPv6 addresses, or networks in the form ADDRESS/LENGTH.
    type: list
    elements: str
    required: true
  tool:
    description: The tool that is in charge of the firewall, one of those that the role P(webops.bad_gateway.firewall_port#role) knows.
    type: str
    required: true
  port:
    description: The TCP port.
    type: int
    required: true
  place:
    description: Where the rules go. What the tool does not know may be left out.
    type: dict
    default: {}
    suboptions:
      zone:
        description: For V(firewalld), the zone.
        type: str
      priority:
        description: For V(firewalld), the priority of the rules.
        type: int
      family:
        description: For V(nftables), the family of the table.
        type: str
        choices: [inet, ip, ip6]
      table:
        description: For V(nftables), the table.
        type: str
      chain:
        description: For V(nftables) and V(iptables), the chain that refuses the connection now.
        type: str
      file:
        description: For V(nftables) and V(iptables), the file that rules are loaded from at boot, where it is not one of the system's own.
        type: str
  found:
    description: What the host has.
    type: dict
    suboptions:
      files:
        description: Those of C(boot_files) that exist.
        type: list
        elements: str
      reads:
        description: Results of M(ansible.builtin.command), one for each of C(reads) and in their order.
        type: list
        elements: dict
seealso:
  - plugin: webops.bad_gateway.named_sources
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show how a port is opened
  ansible.builtin.debug:
    msg: "{{ ['192.0.2.10'] | webops.bad_gateway.firewall_openings('nftables', 7080, {'family': 'inet', 'table': 'filter', 'chain': 'input'}) }}"
  # rules: ['ip saddr 192.0.2.10 tcp dport 7080 accept comment "webops.bad_gateway"']
  # boot_files: [/etc/nftables.conf, /etc/sysconfig/nftables.conf]
  # reads: [[nft, list, chain, inet, filter, input]]
  # undo: ...
"""

RETURN = r"""
_value:
  description:
    - A dictionary. C(rules) are the rules in the tool's own words, one for each source. C(boot_files) are the files that they may be loaded from at
      boot. C(reads) are the commands that list what is open. C(undo) are the commands that close it again; each does nothing where the rule is not there.
    - With O(found) also C(files), the files that are about to be written; C(edits), how, as M(ansible.builtin.replace) takes it; and C(commands), which
      open the port now. C(edits) and C(commands) are empty where a module of Ansible drives the tool (V(firewalld), V(ufw)).
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError


def firewall_openings(sources: t.Any, tool: t.Any, port: t.Any, place: t.Any = None, found: t.Any = None) -> t.Any:
    # Where one filter is asked for, Ansible loads the files of all, in every process that it forks: what this one needs comes when it is called.
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.firewall_openings import openings

    listed = sources if isinstance(sources, list) else [sources]
    given: t.Any = {} if place is None else place
    try:
        return openings(str(tool), listed, int(port), given, found)
    except (ValueError, TypeError, KeyError) as error:
        raise AnsibleFilterError("firewall_openings: %s" % error) from None


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"firewall_openings": firewall_openings}
