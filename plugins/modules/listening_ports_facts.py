#!/usr/bin/python
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: listening_ports_facts
short_description: Gather which TCP ports and unix sockets are listened on, by whom, and how full their queues are
version_added: 0.1.0
description:
  - Returns every listening TCP socket (IPv4 and IPv6) and every listening unix stream socket that has a path, as facts.
  - For each one it returns the process, its user and its service unit, the number of connections that wait to be accepted, and the limit in force.
  - For a unix socket it also returns owner, mode and ACL of the file, and whether that file still is the one that is listened on.
  - On Linux it asks the kernel itself (netlink C(sock_diag) and C(/proc)). Neither C(ss) nor C(netstat) has to be installed.
  - It only reads, and does the same in check mode.
author:
  - The webops.bad_gateway authors (@webops)
extends_documentation_fragment:
  - webops.bad_gateway._attributes
  - webops.bad_gateway._attributes.facts
  - webops.bad_gateway._attributes.read_only
attributes:
  platform:
    details:
      - Linux needs nothing but Python.
      - macOS needs C(lsof) and C(ps), which are part of it. There, queue and backlog are not to be had. This way is tried against recordings, not on a Mac.
notes:
  - Become root to see the processes of other users. Without it RV(ansible_facts.listening_ports.tcp[].pid) and the fields that
    depend on it are null for their sockets, and the module warns.
  - Sockets of the network namespace that the module runs in are shown. Sockets in containers with a network of their own are not.
  - Sockets that are received by socket activation belong to the service where it runs, and to C(systemd) where it does not run yet.
seealso:
  - module: webops.bad_gateway.gateway_facts
  - module: community.general.listen_ports_facts
"""

EXAMPLES = r"""
- name: Look at what listens
  webops.bad_gateway.listening_ports_facts:
  become: true

- name: Show who listens on port 7080
  ansible.builtin.debug:
    msg: "{{ ansible_facts.listening_ports.tcp | selectattr('port', 'eq', 7080) | map(attribute='process') | unique }}"

- name: Fail where the backend listens on the loopback only
  ansible.builtin.assert:
    that: ansible_facts.listening_ports.tcp | selectattr('port', 'eq', 8000) | rejectattr('address', 'in', ['127.0.0.1', '::1']) | length > 0

- name: Name the sockets whose queue is full, so that the next connection is refused
  ansible.builtin.debug:
    msg: "{{ item.path }} of {{ item.unit }}: {{ item.queue }} of {{ item.backlog }}"
  loop: "{{ ansible_facts.listening_ports.unix | rejectattr('queue', 'none') }}"
  loop_control:
    label: "{{ item.path }}"
  when: item.queue >= item.backlog

- name: Name the sockets whose file was removed or replaced under a running daemon
  ansible.builtin.debug:
    msg: "{{ ansible_facts.listening_ports.unix | selectattr('file.same', 'false') | map(attribute='path') }}"
"""

RETURN = r"""
ansible_facts:
  description: The facts.
  returned: always
  type: dict
  contains:
    listening_ports:
      description: What listens. V(null) where the host does not let it be seen; the module then warns why.
      returned: always
      type: dict
      contains:
        tcp:
          description: One entry for each listening TCP socket.
          returned: always
          type: list
          elements: dict
          contains:
            address:
              description:
                - The address that it is bound to, without brackets. V(0.0.0.0) and V(::) are all addresses.
              returned: always
              type: str
              sample: 0.0.0.0
            port:
              description: The port, 1 to 65535.
              returned: always
              type: int
              sample: 443
            v6only:
              description:
                - Whether an IPv6 socket leaves IPv4 to others. A socket on V(::) with V(false) here also accepts IPv4.
                - V(null) where the kernel refuses netlink, and on macOS.
              returned: always
              type: bool
              sample: false
            pid:
              description: The oldest process that holds the socket, which is the master where there are workers. V(null) where it cannot be seen.
              returned: always
              type: int
              sample: 712
            process:
              description: Name of that process, at most 15 characters on Linux.
              returned: always
              type: str
              sample: nginx
            user:
              description: Effective user of that process; its number where it has no name.
              returned: always
              type: str
              sample: root
            unit:
              description: The systemd unit that the process belongs to. V(null) without systemd.
              returned: always
              type: str
              sample: nginx.service
            queue:
              description: Connections that wait to be accepted now. V(null) on macOS.
              returned: always
              type: int
              sample: 0
            backlog:
              description:
                - How many connections may wait, as in force; the kernel caps what the daemon asks for at C(net.core.somaxconn).
                - V(null) where the kernel refuses netlink, and on macOS.
              returned: always
              type: int
              sample: 511
        unix:
          description: One entry for each listening unix stream socket. Sockets with an abstract name are left out.
          returned: always
          type: list
          elements: dict
          contains:
            path:
              description: The absolute path that it was bound to.
              returned: always
              type: str
              sample: /run/php/php8.2-fpm.sock
            pid:
              description: As for TCP.
              returned: always
              type: int
              sample: 698
            process:
              description: As for TCP.
              returned: always
              type: str
              sample: php-fpm8.2
            user:
              description: As for TCP.
              returned: always
              type: str
              sample: root
            unit:
              description: As for TCP.
              returned: always
              type: str
              sample: php8.2-fpm.service
            queue:
              description: Connections that wait to be accepted now. V(null) where the kernel refuses netlink, and on macOS.
              returned: always
              type: int
              sample: 3
            backlog:
              description: As for TCP. When RV(ansible_facts.listening_ports.unix[].queue) exceeds it, the next connection fails at once with errno 11.
              returned: always
              type: int
              sample: 511
            file:
              description: What stands at the path now.
              returned: always
              type: dict
              contains:
                exists:
                  description: Whether there is anything. V(null), as all below, where the folder may not be searched.
                  returned: always
                  type: bool
                  sample: true
                is_socket:
                  description: Whether it is a socket.
                  returned: always
                  type: bool
                  sample: true
                same:
                  description:
                    - Whether it is the file that is listened on. V(false) after the file was removed or replaced; only a restart of the daemon cures that.
                    - V(null) where the kernel refuses netlink, and on macOS.
                  returned: always
                  type: bool
                  sample: true
                owner:
                  description: Name of the owner. V(null), as all below, where nothing is there.
                  returned: always
                  type: str
                  sample: www-data
                group:
                  description: Name of the group.
                  returned: always
                  type: str
                  sample: www-data
                uid:
                  description: Number of the owner.
                  returned: always
                  type: int
                  sample: 33
                gid:
                  description: Number of the group.
                  returned: always
                  type: int
                  sample: 33
                mode:
                  description: Permissions, four octal digits. Connecting takes the right to write.
                  returned: always
                  type: str
                  sample: "0660"
                acl:
                  description:
                    - The POSIX ACL's named users and groups and the owning group (C(g::)), each with what the mask leaves it.
                    - V(null) where there is none.
                  returned: always
                  type: list
                  elements: str
                  sample: ["u:nginx:rw", "g::rw"]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import listener_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes


def main() -> None:
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    host = Host()
    listening = listener_facts(host, Processes(host))
    for unseen in host.unknown:
        module.warn("Could not read %(missing)s: %(why)s" % unseen)
    module.exit_json(ansible_facts={"listening_ports": listening})


if __name__ == "__main__":
    main()
