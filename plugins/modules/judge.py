#!/usr/bin/python
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge the facts of all hosts. The work is done by the action plugin of the same name, on the controller."""

DOCUMENTATION = r"""
module: judge
short_description: Name the causes of a 502 from the facts of all hosts, and plan what to change
version_added: 0.1.0
description:
  - Reads what M(webops.bad_gateway.gateway_facts) left in a registered variable of each host, and judges all of it together, so that "web1 is
    rejected by the firewall of app1" is one finding, with the host on which it has to be repaired.
  - Each finding has its evidence, a confidence, and the remedy that it asks for or the reason why nothing is changed.
  - It runs on the controller, touches no host, and does the same in check mode.
  - The roles C(diagnose) and C(fix_502) of this collection use it; there is seldom a reason to use it elsewhere.
author:
  - The webops.bad_gateway authors (@webops)
extends_documentation_fragment:
  - webops.bad_gateway._attributes
  - webops.bad_gateway._attributes.action
  - webops.bad_gateway._attributes.read_only
attributes:
  platform:
    platforms: all
options:
  hosts:
    description: Names of the hosts whose facts are judged.
    type: list
    elements: str
    required: true
  looks:
    description: Name of the variable under which each host registered the result of M(webops.bad_gateway.gateway_facts).
    type: str
    required: true
  again:
    description:
      - Name of the variable under which hosts registered later results, of a loop over names of hosts that the module was delegated to.
      - Of each host the newest result of all of them counts.
    type: str
    default: ""
    version_added: 0.2.0
  allow:
    description: Kinds of change that may be planned, of V(start), V(reload), V(restart), V(config), V(firewall) and V(selinux).
    type: list
    elements: str
    required: true
  run:
    description: Name of the run, for the journal on the hosts. When empty, a new one is made.
    type: str
    default: ""
  tried:
    description: Steps that were taken before in this run, by id, with how each ended. They are not planned again.
    type: dict
    default: {}
  backend_services:
    description: Port or socket path of a backend to the unit that serves it, where that cannot be seen.
    type: dict
    default: {}
  urls:
    description: URLs that the user named. One that no nginx serves was not asked, and is reported under C(unknown).
    type: list
    elements: str
    default: []
  max_cures:
    description: How often one cause is cured on one host within 24 hours. One that comes back after that is advice only.
    type: int
    default: 3
    version_added: 0.2.0
seealso:
  - module: webops.bad_gateway.gateway_facts
  - module: webops.bad_gateway.report
"""

EXAMPLES = r"""
- name: Look at all hosts
  webops.bad_gateway.gateway_facts:
  register: look

- name: Name the causes
  webops.bad_gateway.judge:
    hosts: "{{ ansible_play_hosts }}"
    looks: look
    allow: []
  register: judged
  run_once: true

- name: Show them
  ansible.builtin.debug:
    msg: "{{ judged.judgements[inventory_hostname].findings | map(attribute='cause') }}"
"""

RETURN = r"""
run:
  description: Name of the run.
  returned: always
  type: str
  sample: 20261122T143000Z-1a2b
started:
  description: When the first look began, by the controller's clock. Empty where none says it.
  returned: always
  type: str
  sample: "2026-11-22T14:29:58Z"
curable:
  description: Hosts that a change of their own or of another host may help.
  returned: always
  type: list
  elements: str
failures:
  description: Hosts that could not be looked at, each with one line that says why.
  returned: always
  type: dict
  sample: {"web9": "unreachable: No route to host"}
unended:
  description: Hosts on which a run has not ended, as one is still at work there or was killed.
  returned: always
  type: list
  elements: str
judgements:
  description:
    - For each host C(findings) (those that it serves the 502 for), C(steps) (changes that it drives), C(curable) (whether a change of its own or of
      another host may help it), C(answers), C(unknown) (what could not be seen), and C(asked), the arguments of
      M(webops.bad_gateway.recent_changes_info) where a finding has to do with the host.
    - C(failure) alone, where nothing could be judged.
  returned: always
  type: dict
"""
