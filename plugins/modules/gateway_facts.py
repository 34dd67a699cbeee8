#!/usr/bin/python
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
---
module: gateway_facts
short_description: Look at nginx, its upstreams and their host, for everything that explains a 502
version_added: 0.1.0
description:
  - Gathers what a rule may ask when nginx answers 502 Bad Gateway - listening TCP and unix sockets with process, unit, queue and backlog,
    nginx's configuration as it is in force for each location, whether C(nginx -t) is sound, PHP-FPM masters with pools and measured memory,
    service units, recent log lines as typed records, the firewall, SELinux, limits and disks.
  - Then every upstream that the configuration names is connected to as nginx would, and nginx on this host is asked for its own URLs.
  - The module only reads, and does the same in check mode. It takes one execution on the host.
  - With pipelining, and once the host's Python is known, nothing is written on the host, not even a temporary file, so that it also works
    where a disk is full or read-only.
  - The facts are described field by field in C(docs/facts.md) of this collection.
extends_documentation_fragment:
  - webops.bad_gateway._attributes
  - webops.bad_gateway._attributes.action
  - webops.bad_gateway._attributes.facts
  - webops.bad_gateway._attributes.read_only
attributes:
  action:
    details: Some of the URLs are asked from the controller too; without the action plugin only the host asks.
requirements:
  - root on the target (C(become)), or else much cannot be seen
  - Python 3.6 or later on the target; nothing else
options:
  log_window:
    description: Seconds of log that count as now.
    type: int
    default: 3600
  urls:
    description:
      - URLs to ask nginx for. Each is asked on the hosts whose nginx serves its name.
      - When empty, one URL for each proxied location and server name is asked, and those GET and HEAD requests that the log shows failing.
      - A path that only the log names is asked with HEAD, or not at all where the request got no connection and the route's own URL shows the same.
    type: list
    elements: str
    default: []
  ask_logged:
    description:
      - Whether requests that only the log names, whose paths a visitor has chosen, are made again of nginx and of its upstreams.
    type: bool
    default: true
  again:
    description:
      - Answers of an earlier look, as in RV(ansible_facts.bad_gateway.answers). Their URLs are asked once more, so that both looks can be compared.
    type: list
    elements: dict
    default: []
  as_facts:
    description:
      - Whether Ansible keeps what was seen as facts of the host. It copies a host's facts for each of its later tasks, and writes them into the fact
        cache where there is one.
      - With V(false) it is returned as RV(bad_gateway), to be registered.
    type: bool
    default: true
author:
  - The webops.bad_gateway authors (@webops)
seealso:
  - module: webops.bad_gateway.listening_ports_facts
  - module: webops.bad_gateway.upstream_reachability_facts
  - module: webops.bad_gateway.site_answers_info
"""

EXAMPLES = r"""
- name: Look at a host
  webops.bad_gateway.gateway_facts:
  become: true

- name: Show which upstreams nginx cannot connect to
  ansible.builtin.debug:
    msg: "{{ ansible_facts.bad_gateway.reach | rejectattr('connected') | map(attribute='address') }}"
"""

RETURN = r"""
bad_gateway:
  description: The same as RV(ansible_facts.bad_gateway).
  returned: with O(as_facts=false)
  type: dict
ansible_facts:
  description: The facts.
  returned: with O(as_facts=true)
  type: complex
  contains:
    bad_gateway:
      description: All that was seen of the host, field by field in C(docs/facts.md). What could not be seen is null, and C(unknown) says why.
      returned: always
      type: dict
      contains:
        schema:
          description: Version of the shape of these facts.
          type: int
          sample: 1
        clock:
          description: The host's time, time of boot, offset from UTC and newest change that this collection kept, in seconds since the epoch.
          type: dict
        system:
          description: Operating system, service manager, addresses, memory in bytes and panel.
          type: dict
        listeners:
          description: Listening sockets under C(tcp) and C(unix).
          type: dict
        connections:
          description: Outgoing TCP connections, counted by peer.
          type: dict
        units:
          description: Service units by name.
          type: dict
        nginx:
          description: Version, master, workers, result of C(nginx -t) and the configuration; null where there is no nginx.
          type: dict
        php_fpm:
          description: Each installed PHP-FPM with its pools and their workers.
          type: list
          elements: dict
        firewall:
          description: The tool that owns the firewall and the rules of the input hook.
          type: dict
        selinux:
          description: Mode and booleans.
          type: dict
        disks:
          description: Free bytes and inodes of the file systems that logs, sockets and temporary files are on.
          type: list
          elements: dict
        log:
          description: Log sources, and one record for each kind of line in the window.
          type: dict
        reach:
          description: How connecting to each upstream went.
          type: list
          elements: dict
        names:
          description: What the names in the configuration resolve to now.
          type: list
          elements: dict
        answers:
          description: What nginx answers to each URL now.
          type: list
          elements: dict
        unknown:
          description: What could not be seen, and why.
          type: list
          elements: dict
          sample: [{"missing": "firewall", "why": "nft: Operation not permitted"}]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.webops.bad_gateway.plugins.module_utils._look.look import look_quietly


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "log_window": {"type": "int", "default": 3600},
            "urls": {"type": "list", "elements": "str", "default": []},
            "again": {"type": "list", "elements": "dict", "default": []},
            "ask_logged": {"type": "bool", "default": True},
            "as_facts": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    seen = look_quietly(**module.params)
    if seen.get("failed"):
        module.fail_json(msg=seen["msg"])
    module.exit_json(**seen)


if __name__ == "__main__":
    main()
