#!/usr/bin/python
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: service_start_info
short_description: Wait until a service that was started listens, or has failed
version_added: 0.1.0
description:
  - Connects to an address again and again, and asks the service manager for the unit meanwhile.
  - Ends as soon as something listens there, or the unit has failed. A unit that systemd starts again and again has failed, too.
  - A unit that runs and does not listen when the time is over is RV(state=starting). Nothing is stopped.
  - It only asks, and does the same in check mode.
author:
  - The webops.bad_gateway authors (@webops)
extends_documentation_fragment:
  - webops.bad_gateway._attributes
  - webops.bad_gateway._attributes.action
  - webops.bad_gateway._attributes.read_only
options:
  unit:
    description: The service, such as V(shop.service).
    type: str
    required: true
  service_manager:
    description: What starts services on the host. Empty for what is found there.
    type: str
    choices: ["", systemd, sysvinit, openrc, launchd, none]
    default: ""
  address:
    description:
      - Where it has to listen, as V(tcp:127.0.0.1:8080), V(tcp:[::1]:8080) or V(unix:/run/app.sock).
      - Where it is empty, nothing is connected to, and only the service manager is asked.
    type: str
    default: ""
  timeout:
    description: Seconds to wait at most, between 0 and 3600.
    type: float
    default: 30
seealso:
  - module: webops.bad_gateway.upstream_reachability_facts
  - module: ansible.builtin.wait_for
"""

EXAMPLES = r"""
- name: Start the shop
  ansible.builtin.service:
    name: shop.service
    state: started
  become: true

- name: Wait until it serves, three minutes at most
  webops.bad_gateway.service_start_info:
    unit: shop.service
    address: tcp:127.0.0.1:8000
    timeout: 180
  register: shop
  failed_when: shop.state == 'failed'
"""

RETURN = r"""
state:
  description: How it ended. V(listening), V(failed), or V(starting) where it runs and does not listen yet.
  returned: success
  type: str
  sample: listening
unit_state:
  description: What the service manager said of the unit last.
  returned: success
  type: str
  sample: active (running), result success
seconds:
  description: How long it took.
  returned: success
  type: float
  sample: 2.5
said:
  description:
    - Where it does not listen, what the unit itself wrote to the journal last and may say why, the oldest first. Three lines at most, without passwords.
    - Empty on a host without systemd.
  returned: success
  type: list
  elements: str
  sample: ["OSError: [Errno 98] Address already in use"]
"""

from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import parse_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.service_wait import wait

ARGUMENTS = {
    "unit": {"type": "str", "required": True},
    "service_manager": {"type": "str", "choices": ["", *service_manager.MANAGERS], "default": ""},
    "address": {"type": "str", "default": ""},
    "timeout": {"type": "float", "default": 30},
}
SPECIFICATION: Dict[str, Any] = {"argument_spec": ARGUMENTS, "supports_check_mode": True}


def main() -> None:
    module = AnsibleModule(**SPECIFICATION)
    host, values = Host(), module.params
    if not 0 <= values["timeout"] <= 3600:
        module.fail_json(msg="timeout has to be between 0 and 3600 seconds")
    try:
        address = parse_address(values["address"]) if values["address"] else None
    except ValueError as error:
        module.fail_json(msg=str(error))
    manager = values["service_manager"] or service_manager.in_charge(host)
    module.exit_json(changed=False, **wait(host, manager, values["unit"], address, values["timeout"]))


if __name__ == "__main__":
    main()
