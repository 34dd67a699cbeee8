#!/usr/bin/python
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Explain pasted log lines. The work is done by the action plugin of the same name, on the controller."""

DOCUMENTATION = r"""
module: explain
short_description: Say in plain words what pasted log lines mean
version_added: 0.2.0
description:
  - Takes lines of nginx's error log, of PHP-FPM's log, of the kernel or the audit system as people paste them, with or without date, level and
    prefix, wrapped or cut, and shows what each says, who wrote it, what to look at next, and which causes it points to.
  - It runs on the controller, needs no host, and does the same in check mode.
  - The playbook C(webops.bad_gateway.explain_502) uses it.
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
  line:
    description: The text with the lines. Either this or O(file) has to be given.
    type: str
  file:
    description: A file on the controller with the lines, of which 8 MiB and 5000 lines are read. V(-) is the standard input of ansible-playbook.
    type: str
  output:
    description: A file on the controller for the explanations as JSON. It is made or written over, in check mode too, for its owner only.
    type: str
seealso:
  - plugin: webops.bad_gateway.error_signature
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Say what a line means
  webops.bad_gateway.explain:
    line: "*5 connect() failed (111: Connection refused) while connecting to upstream"

- name: Say what the lines of a file mean, and keep it as JSON
  webops.bad_gateway.explain:
    file: pasted.txt
    output: explained.json
"""

RETURN = r"""
explanations:
  description: One entry for each signature among the lines, in their order.
  returned: always
  type: list
  elements: dict
  contains:
    signature:
      description: What the line says, as one word.
      type: str
    line:
      description: The first line that says so.
      type: str
    count:
      description: How many lines say so.
      type: int
    source:
      description: Which log has such lines.
      type: str
    upstream:
      description: The backend that the line names; null where it names none.
      type: str
    says:
      description: What it means, in a sentence.
      type: str
    look:
      description: What to look at next, commands, and remarks that begin with C(#).
      type: list
      elements: str
    causes:
      description: The causes that it points to, each with C(cause), C(title) and C(page).
      type: list
      elements: dict
silent:
  description: How many lines explain no 502.
  returned: always
  type: int
"""
