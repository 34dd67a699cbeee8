# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task that makes a cure part of one's own playbooks is the same role with the same variables, and nothing of the run."""

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.own_task import task_of

FIREWALL = {
    "firewall_port_tool": "nftables",
    "firewall_port_port": 7080,
    "firewall_port_sources": ["10.0.0.11"],
    "firewall_port_zone": "",
    "firewall_port_run": "20261122T143000Z-1a2b",
    "firewall_port_change": "firewall_port-0123abcd",
    "firewall_port_proof": [{"url": "http://site/"}],
}


def step(role="firewall_port", variables=None, on="app1"):
    return {"id": "s", "on": on, "role": role, "variables": variables or FIREWALL, "causes": ["firewall_reject"]}


def loaded(text):
    """The task as Ansible reads it."""
    (task,) = DataLoader().load(text)
    return task


def test_it_is_the_role_with_its_variables():
    assert task_of(step(), "open 7080 for 10.0.0.11") == (
        "# hosts: app1\n"
        "- name: Keep the cure of firewall_reject (open 7080 for 10.0.0.11)\n"
        "  ansible.builtin.include_role:\n"
        "    name: webops.bad_gateway.firewall_port\n"
        "  vars:\n"
        "    firewall_port_tool: nftables\n"
        "    firewall_port_port: 7080\n"
        "    firewall_port_sources:\n"
        "      - 10.0.0.11\n"
        "    firewall_port_zone: ''\n"
    )


class Marked(str):
    """What older cores make of a text that comes from a host."""


def test_marked_texts_of_older_cores_are_texts():
    marked = {Marked("firewall_port_port"): 80, Marked("firewall_port_tool"): Marked("ufw")}
    assert task_of(step(Marked("firewall_port"), marked, Marked("app1")), "open 80") == task_of(
        step("firewall_port", {"firewall_port_port": 80, "firewall_port_tool": "ufw"}), "open 80"
    )


def test_what_is_no_template_is_marked_and_what_is_none_is_left_out():
    variables = {
        "upstream_address_edits": [{"path": "/etc/nginx/{{ lookup('pipe', 'id') }}", "from": "a: b", "to": "yes"}],
        "nginx_restart_system": None,
        "nginx_restart_service": "nginx",
    }
    text = task_of(step("upstream_address", variables), "nginx asks {% raw %}")
    task = loaded(text)
    assert task["vars"] == {
        "upstream_address_edits": variables["upstream_address_edits"],
        "nginx_restart_service": "nginx",
    }
    assert text.count("!unsafe") == 2


def test_control_characters_stay_within_their_quotes():
    text = task_of(step(variables={"firewall_port_chain": "a\n- evil: \x1b[1m"}), "open\x1b")
    assert "\x1b" not in text and loaded(text)["vars"]["firewall_port_chain"] == "a\n- evil: \x1b[1m"


@pytest.mark.parametrize(
    ("role", "variables", "lasts"),
    [
        ("php_fpm", {"php_fpm_action": "started", "php_fpm_settings": {}, "php_fpm_socket_dir": ""}, True),
        (
            "php_fpm",
            {"php_fpm_action": "reloaded", "php_fpm_settings": {"pm": "static"}, "php_fpm_socket_dir": ""},
            True,
        ),
        ("php_fpm", {"php_fpm_action": "restarted", "php_fpm_settings": {}, "php_fpm_socket_dir": "/run/php"}, True),
        ("php_fpm", {"php_fpm_action": "restarted", "php_fpm_settings": {}, "php_fpm_socket_dir": ""}, False),
        ("upstream_dns", {"upstream_dns_caches": ["nscd"]}, False),
        ("backend_service", {"backend_service_state": "started"}, True),
    ],
)
def test_what_does_not_last_is_no_task(role, variables, lasts):
    assert bool(task_of(step(role, variables), "change")) == lasts
