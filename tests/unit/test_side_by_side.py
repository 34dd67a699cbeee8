# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of one wave are made side by side: Ansible includes their tasks once for all hosts, and what comes later waits for them."""

from __future__ import annotations

import json
import re
import sys

from ansible_collections.webops.bad_gateway.tests.unit.over_false_ssh import CURE, played

#: Programs that the roles run are well; there are no looks.
SSH = (
    r"""#!%s
import json, pathlib, sys

if "python" in sys.argv[-1]:
    sys.stdin.buffer.read()
    host = next(word for word in sys.argv if word.startswith(("web", "app")))
    with pathlib.Path(__file__).with_name("hosts").open("a") as hosts:
        print(host, file=hosts)
print(json.dumps({"changed": True, "changes": [], "answers": [], "diffs": [], "rc": 0, "cmd": [], "stdout": "", "stderr": ""}))
"""
    % sys.executable
)
PLAY = (
    """
- hosts: all
  gather_facts: false
  tasks:"""
    + CURE
    + """
    - copy:
        dest: "{{ playbook_dir }}/{{ inventory_hostname }}.json"
        content: "{{ __fix_502_outcomes | to_json }}"
      delegate_to: localhost
      connection: local
"""
)
#: By host, the waves of its steps.
WAVES = {"web1": [0], "web2": [0, 2], "web3": [1], "web4": [], "app2": []}


#: The hosts that steps are made on: their own, or one behind it.
ON = {"web2": "app2"}


def step(host, wave):
    nginx = {"nginx_restart_service": "nginx", "nginx_restart_manager": "systemd", "nginx_restart_system": "debian"}
    ours = {"upstream_dns_run": "r1", "upstream_dns_change": "c%d" % wave, "upstream_dns_proof": []}
    known = {
        "id": "%s-%d" % (host, wave),
        "on": ON.get(host, host),
        "role": "upstream_dns",
        "causes": ["x"],
        "after": [],
        "wave": wave,
    }
    return {**known, "variables": {"upstream_dns_caches": [], **nginx, **ours}}


def included(shown, what):
    """The hosts of each time that this was included, in the order of the times."""
    return [
        set(hosts.strip().split(", "))
        for hosts in re.findall(r"included: \S*%s for ([\w, ]+)" % re.escape(what), shown)
    ]


def test_a_wave_is_made_side_by_side_each_step_on_its_host(tmp_path):
    """One run, as it takes seconds."""
    steps = {host: [step(host, wave) for wave in waves] for host, waves in WAVES.items()}
    judgement = {"run": "r1", "judgements": {host: {"steps": ours} for host, ours in steps.items()}}
    variables = {"__diagnose_judgement": judgement, "__diagnose_look": {}}
    shown = played(tmp_path, SSH, PLAY, variables, dict.fromkeys(WAVES, {}))

    assert included(shown, "/step.yml") == [{"web1", "web2", "web3"}, {"web2", "web3"}, {"web2"}]
    assert included(shown, "/remedies/upstream_dns.yml") == [{"web1", "web2"}, {"web3"}, {"web2"}]
    assert shown.count("change : Keep the change]") == 3
    assert set((tmp_path / "hosts").read_text().split()) == {"web1", "app2", "web3"}
    for host, ours in steps.items():
        made = json.loads((tmp_path / (host + ".json")).read_text())
        assert [(one["step"], one["outcome"]) for one in made] == [(one["id"], "fixed") for one in ours]
