#!/usr/bin/python
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compose and show the report. The work is done by the action plugin of the same name, on the controller."""

DOCUMENTATION = r"""
module: report
short_description: Compose the report of a run and show its answer
version_added: 0.1.0
description:
  - Puts together what M(webops.bad_gateway.judge) and the role C(fix_502) left in variables of the hosts, as one document, and shows the answer.
    What is left to do comes first, then what was changed, then what is well.
  - The answer stands below all else that Ansible shows, on standard error where standard output is a document for a program.
  - It runs on the controller, touches no host, and does the same in check mode.
  - The role C(report) of this collection uses it, and writes the document to files.
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
    description: Names of the hosts to report on.
    type: list
    elements: str
    required: true
  mode:
    description: What kind of run it was.
    type: str
    choices: [fix, check, diagnose]
    required: true
  judgement:
    description: Name of the variable with the registered result of the first M(webops.bad_gateway.judge).
    type: str
    required: true
  rounds:
    description: Name of the variable with the judgements of later rounds, oldest first.
    type: str
    required: true
  outcomes:
    description: Name of the variable with how each step ended.
    type: str
    required: true
  changed_by:
    description: Name of the variable with the name of the run that set O(rounds) and O(outcomes). Those of another run are left out.
    type: str
    required: true
  again:
    description:
      - Name of the variable with the registered result of the last M(webops.bad_gateway.judge) on each host that was changed. Empty for none.
      - What could not be looked at again then, such as a backend that was lost meanwhile, is said in its own entry.
    type: str
    default: ""
    version_added: 0.2.0
  histories:
    description: Name of the variable with the registered result of M(webops.bad_gateway.recent_changes_info) on each host. Empty for none.
    type: str
    default: ""
    version_added: 0.2.0
  started:
    description: When the run began, in UTC. When empty, the time in the name of the run.
    type: str
    default: ""
    version_added: 0.2.0
seealso:
  - module: webops.bad_gateway.judge
"""

EXAMPLES = r"""
- name: Show what was found
  webops.bad_gateway.report:
    hosts: "{{ ansible_play_hosts_all }}"
    mode: diagnose
    judgement: judged
    rounds: no_rounds
    outcomes: no_outcomes
    changed_by: nobody
  register: reported
  run_once: true
"""

RETURN = r"""
report:
  description: The document. Its JSON Schema is in the role C(report), C(files/report.schema.json).
  returned: always
  type: dict
articles:
  description: The findings of hosts some of whose findings read alike, with one in place of those, by host. The page has an article for each.
  returned: always
  type: dict
  version_added: 0.2.0
failures:
  description: Hosts that let the run fail, each with one line that says why.
  returned: always
  type: dict
"""
