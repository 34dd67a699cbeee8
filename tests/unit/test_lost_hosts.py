# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that cannot be reached any more while a remedy is at work on them: the remedy fails, says so, and the run goes on."""

from __future__ import annotations

import json
import pathlib
import sys

import pytest
import yaml

from ansible_collections.webops.bad_gateway.tests.unit.over_false_ssh import played

TOP = pathlib.Path(__file__).resolve().parents[2]
OURS = "webops.bad_gateway."
ON_CONTROLLER = {"assert", "debug", "fail", "import_tasks", "include_role", "include_tasks", "set_fact"}

#: In ssh's place: it answers each program, and refuses the connection of one task of Ansible's own modules, by the number in the host's name.
SSH = (
    r"""#!%s
import json, pathlib, sys

command = sys.argv[-1]
if "python" in command:
    sys.stdin.buffer.read()
answer = {"changed": True, "changes": [], "answers": [], "diffs": [], "rc": 0, "cmd": [], "stdout": "", "stderr": ""}
if " -I -c " not in command:
    host = next(word for word in sys.argv if word.startswith("lost-"))
    with pathlib.Path(__file__).with_name(host).open("a+") as calls:
        calls.write("x")
        calls.seek(0)
        if len(calls.read()) == int(host.split("-")[1]):
            print("ssh: connect to host %%s port 22: Connection refused" %% host, file=sys.stderr)
            sys.exit(255)
    answer["stat"] = {"exists": True, "path": "/etc/nftables.conf"}
print(json.dumps(answer))
"""
    % sys.executable
)
PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - include_role:
        name: webops.bad_gateway.fix_502
        tasks_from: step.yml
        rolespec_validate: false
      vars:
        __fix_502_due: "{{ step }}"
    - copy:
        dest: "{{ playbook_dir }}/{{ inventory_hostname }}.json"
        content: "{{ __fix_502_outcomes | to_json }}"
      delegate_to: localhost
      connection: local
"""
NGINX = {"nginx_restart_service": "nginx", "nginx_restart_manager": "systemd", "nginx_restart_system": "debian"}
STEPS = {
    "upstream_dns": {"upstream_dns_caches": ["systemd-resolved"], **NGINX},
    "firewall_port": {
        "firewall_port_tool": "nftables",
        "firewall_port_port": 7080,
        "firewall_port_sources": ["10.0.0.1"],
        "firewall_port_zone": "",
        "firewall_port_family": "inet",
        "firewall_port_table": "filter",
        "firewall_port_chain": "input",
        "firewall_port_file": "",
    },
    "backend_service": {
        "backend_service_unit": "apache2.service",
        "backend_service_state": "started",
        "backend_service_address": "tcp:127.0.0.1:7080",
        "backend_service_test": ["apachectl", "-t"],
        "backend_service_panel_command": [],
        "backend_service_service_manager": "systemd",
    },
}
#: Where each is lost: by the number of the task among those of Ansible's own modules; 0: nowhere.
LOST = {
    "lost-0-dns": "upstream_dns",
    "lost-1-dns": "upstream_dns",
    "lost-2-dns": "upstream_dns",  # while the change is applied
    "lost-2-firewall": "firewall_port",
    "lost-4-backend": "backend_service",  # while it is prepared
}


def step(host: str, role: str):
    ours = {role + "_run": "r1", role + "_change": "c1", role + "_proof": []}
    return {"id": "s1", "on": host, "role": role, "causes": ["x"], "after": [], "variables": {**STEPS[role], **ours}}


def test_a_host_that_is_lost_in_a_task_of_ansibles_own_fails_and_says_so(tmp_path):
    """One run, as it takes seconds."""
    steps = {host: step(host, role) for host, role in LOST.items()}
    judgement = {"run": "r1", "judgements": {host: {"steps": [one]} for host, one in steps.items()}}
    hosts = {host: {"step": one} for host, one in steps.items()}
    played(tmp_path, SSH, PLAY, {"__diagnose_judgement": judgement}, hosts)

    outcomes = {host: json.loads((tmp_path / (host + ".json")).read_text()) for host in LOST}
    assert [one["outcome"] for one in outcomes.pop("lost-0-dns")] == ["fixed"]
    for host, made in outcomes.items():
        assert [one["outcome"] for one in made] != ["fixed"], host
        assert "the host cannot be reached any more: " in made[0]["why"], host
        assert "Connection refused" in made[0]["why"], host


def tasks(entries):
    """All tasks of a file, those of blocks among them."""
    for entry in entries:
        for part in ("block", "rescue", "always"):
            yield from tasks(entry.get(part, []))
        yield entry


@pytest.mark.parametrize("role", ["nginx_restart", *sorted(STEPS), "nginx_limits", "selinux_connect"])
def test_what_could_not_reach_a_host_is_known_by_what_each_task_registers(role):
    silent = [
        task["name"]
        for path in sorted((TOP / "roles" / role / "tasks").glob("*.yml"))
        for task in tasks(yaml.safe_load(path.read_text(encoding="utf-8")))
        for module in task
        if module.startswith(("ansible.", "community."))
        and module.split(".")[-1] not in ON_CONTROLLER
        and not str(task.get("register")).startswith("__%s_" % role)
    ]
    assert silent == []
