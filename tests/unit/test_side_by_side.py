# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of one wave are made side by side: Ansible includes their tasks once for all hosts, and what comes later waits for them."""

from __future__ import annotations

import json
import re
import sys

import pytest

from ansible_collections.webops.bad_gateway.tests.unit.over_false_ssh import played

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
PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - include_role:
        name: webops.bad_gateway.fix_502
        tasks_from: cure.yml
        rolespec_validate: false
      vars:
        fix_502_log_window: 60
        fix_502_urls: []
        fix_502_ask_logged: false
        fix_502_allow: []
        fix_502_backend_services: {}
        fix_502_max_cures: 3
        fix_502_watch: 0
        fix_502_rounds: 0
    - copy:
        dest: "{{ playbook_dir }}/{{ inventory_hostname }}.json"
        content: "{{ __fix_502_outcomes | to_json }}"
      delegate_to: localhost
      connection: local
"""
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


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What a run of these steps showed, by host how they ended, and the hosts that programs were run on."""
    folder = tmp_path_factory.mktemp("waves")
    steps = {host: [step(host, wave) for wave in waves] for host, waves in WAVES.items()}
    judgement = {"run": "r1", "judgements": {host: {"steps": ours} for host, ours in steps.items()}}
    shown = played(
        folder, SSH, PLAY, {"__diagnose_judgement": judgement, "__diagnose_look": {}}, dict.fromkeys(WAVES, {})
    )
    made = {host: json.loads((folder / (host + ".json")).read_text()) for host in WAVES}
    return shown, made, set((folder / "hosts").read_text().split())


def included(shown, what):
    """The hosts of each time that this was included, in the order of the times."""
    return [
        set(hosts.strip().split(", "))
        for hosts in re.findall(r"included: \S*%s for ([\w, ]+)" % re.escape(what), shown)
    ]


def test_a_wave_is_included_once_for_all_of_its_hosts_in_their_order(run):
    assert included(run[0], "/step.yml") == [{"web1", "web2", "web3"}, {"web2", "web3"}, {"web2"}]
    waves = [{"web1", "web2"}, {"web3"}, {"web2"}]
    assert included(run[0], "/remedies/upstream_dns.yml") == waves
    assert run[0].count("change : Keep the change]") == len(waves)


def test_a_step_is_made_on_its_host(run):
    assert run[2] == {"web1", "app2", "web3"}


def test_each_host_makes_its_own_steps(run):
    made = {host: [one["step"] for one in outcomes] for host, outcomes in run[1].items()}
    assert made == {host: ["%s-%d" % (host, wave) for wave in waves] for host, waves in WAVES.items()}
    assert {one["outcome"] for outcomes in run[1].values() for one in outcomes} == {"fixed"}
