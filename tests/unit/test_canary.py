# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a change has not helped on a host of the first batch, the others are left as they are; a later run of the playbook takes its turn again."""

from __future__ import annotations

import json
import sys

from ansible_collections.webops.bad_gateway.tests.unit.over_false_ssh import CURE, played

#: Programs end badly on the host that is called canary, as long as there is a file called broken.
SSH = (
    r"""#!%s
import json, pathlib, sys

if "python" in sys.argv[-1]:
    sys.stdin.buffer.read()
broken = "canary" in sys.argv and pathlib.Path(__file__).with_name("broken").exists()
known = {"changed": True, "changes": [], "answers": [], "diffs": [], "rc": 0, "cmd": [], "stdout": "", "stderr": ""}
print(json.dumps({**known, **({"failed": True, "msg": "no"} if broken else {})}))
"""
    % sys.executable
)
PLAY = (
    """
- hosts: all
  gather_facts: false
  serial: [1, "100%"]
  vars:
    __diagnose_judgement: "{{ judgements.RUN }}"
  tasks:
    - file:
        path: "{{ playbook_dir }}/broken"
        state: "{{ 'touch' if __diagnose_judgement.run == 'r1' else 'absent' }}"
      delegate_to: localhost
      connection: local"""
    + CURE
    + """
    - copy:
        dest: "{{ playbook_dir }}/RUN-{{ inventory_hostname }}.json"
        content: "{{ __fix_502_outcomes | to_json }}"
      delegate_to: localhost
      connection: local
"""
)
HOSTS = ("canary", "other1", "other2")
RUNS = ("r1", "r2")


def judgement(run):
    nginx = {"nginx_restart_service": "nginx", "nginx_restart_manager": "systemd", "nginx_restart_system": "debian"}
    ours = {"upstream_dns_run": run, "upstream_dns_change": "c1", "upstream_dns_proof": [], "upstream_dns_caches": []}
    step = {"id": "s1", "role": "upstream_dns", "causes": ["x"], "after": [], "wave": 0, "variables": {**nginx, **ours}}
    return {"run": run, "judgements": {host: {"steps": [{**step, "on": host}]} for host in HOSTS}}


def test_what_fails_on_the_first_host_is_not_tried_on_the_others_in_that_run(tmp_path):
    """One playbook with two runs, as it takes seconds."""
    variables = {
        "judgements": {run: judgement(run) for run in RUNS},
        "__diagnose_look": {"bad_gateway": {"answers": []}},
    }
    played(tmp_path, SSH, "".join(PLAY.replace("RUN", run) for run in RUNS), variables, dict.fromkeys(HOSTS, {}))

    made = {
        run: [
            [one["outcome"] for one in json.loads((tmp_path / ("%s-%s.json" % (run, host))).read_text())]
            for host in HOSTS
        ]
        for run in RUNS
    }
    assert made == {"r1": [["failed"], [], []], "r2": [["fixed"], ["fixed"], ["fixed"]]}
