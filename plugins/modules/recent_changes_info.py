#!/usr/bin/python
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: recent_changes_info
short_description: What happened on a host before requests began to fail
version_added: 0.1.0
description:
  - Returns the packages, files, units, commands, kills for memory and boots of the last hours, each with its time and, where that is known, who asked for it.
  - Returns when nginx's error logs had lines of failed requests in that time, by the minute.
  - It reads the logs of dpkg, apt, dnf, yum, pacman and apk, the journal, the kernel's log, and the times of files. Beside these logs only what cron and
    logrotate run is opened, to see which units it names.
  - Without systemd it reads the files of syslog, and what PHP-FPM and Apache say in their own logs of their starts and stops.
  - It only reads, and does the same in check mode. What it cannot read is listed in RV(unknown) and is no error.
author:
  - The webops.bad_gateway authors (@webops)
extends_documentation_fragment:
  - webops.bad_gateway._attributes
  - webops.bad_gateway._attributes.action
  - webops.bad_gateway._attributes.read_only
options:
  hours:
    description: How far to look back, between 1 and 168.
    type: float
    default: 24
  until:
    description:
      - The end of that time, in seconds since the epoch; V(0) for now.
      - That of a look leaves out the lines that the look itself made in the error logs.
    type: float
    default: 0
  units:
    description: Units whose starts, stops and ends are wanted, and whose files, such as V(php8.2-fpm.service).
    type: list
    elements: str
    default: []
  files:
    description: Files that are looked at beside those of nginx, PHP-FPM, the units and the system.
    type: list
    elements: str
    default: []
  error_logs:
    description: Error logs of nginx, or the unit whose journal it writes to.
    type: list
    elements: str
    default: []
  nginx_pid:
    description: The process that writes the error logs. Where it still writes to a file that was renamed or deleted, that file is read. V(0) for none.
    type: int
    default: 0
notes:
  - Without root, less is seen.
seealso:
  - module: webops.bad_gateway.gateway_facts
"""

EXAMPLES = r"""
- name: What happened on this host lately
  webops.bad_gateway.recent_changes_info:
    hours: 6
    units: [php8.2-fpm.service]
    error_logs: [/var/log/nginx/error.log]
  register: history
  become: true

- name: Show the packages
  ansible.builtin.debug:
    msg: "{{ history.changes | selectattr('kind', 'eq', 'package') }}"
"""

RETURN = r"""
changes:
  description: What happened, the oldest first, at most 250 of each kind.
  returned: success
  type: list
  elements: dict
  contains:
    at:
      description: When, in seconds since the epoch.
      type: float
    kind:
      description: >-
        V(package), V(file), V(unit), V(command), V(oom) (killed for memory) or V(boot). Commands are those given by sudo,
        and without systemd also those of cron, logrotate and Ansible that end one of the units.
      type: str
    subject:
      description: The package, the path, the unit or the program; of a command what it says.
      type: str
    what:
      description: What became of it, in words.
      type: str
    by:
      description: Who asked for it; of a file its owner, or the run of this collection that wrote it. Null where nothing says so.
      type: str
    of:
      description: Of a file, the unit that uses it; of a kill, the unit of the process; of a command, the unit that it surely ends; null otherwise.
      type: str
  sample:
    - {at: 1795918385.0, kind: package, subject: php8.2-fpm, what: "upgraded 8.2.20-1 -> 8.2.24-1", by: unattended-upgrades, of: null}
    - {at: 1795918387.1, kind: unit, subject: php8.2-fpm.service, what: stopping, by: "alice, by sudo: /usr/bin/systemctl stop php8.2-fpm", of: null}
failing:
  description: nginx's lines of failed requests, by signature and upstream.
  returned: success
  type: list
  elements: dict
  contains:
    signature:
      description: The signature of the lines, as the filter P(webops.bad_gateway.error_signature#filter) gives it.
      type: str
    upstream:
      description: The upstream that they name; null where they name none.
      type: str
    count:
      description: How many there are.
      type: int
    first:
      description: When the first was written, in seconds since the epoch.
      type: float
    last:
      description: When the last was written, in seconds since the epoch.
      type: float
    minutes:
      description: Of each minute with lines, when the first was written, in seconds since the epoch, and how many there are.
      type: list
      elements: list
since:
  description: How far back was looked, in seconds since the epoch.
  returned: success
  type: float
unknown:
  description: What could not be read, and why.
  returned: success
  type: list
  elements: dict
  contains:
    missing:
      description: What could not be read.
      type: str
    why:
      description: The reason.
      type: str
"""

import time
from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.webops.bad_gateway.plugins.module_utils._history.failing_lines import failing_lines
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.recent_changes import recent_changes
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Span
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import COMMANDS_SECONDS, Host

ARGUMENTS = {
    "hours": {"type": "float", "default": 24},
    "until": {"type": "float", "default": 0},
    "units": {"type": "list", "elements": "str", "default": []},
    "files": {"type": "list", "elements": "str", "default": []},
    "error_logs": {"type": "list", "elements": "str", "default": []},
    "nginx_pid": {"type": "int", "default": 0},
}
SPECIFICATION: Dict[str, Any] = {"argument_spec": ARGUMENTS, "supports_check_mode": True}


def main() -> None:
    module = AnsibleModule(**SPECIFICATION)
    values, host = module.params, Host()
    if not 1 <= values["hours"] <= 168:
        module.fail_json(msg="hours has to be between 1 and 168")
    host.seconds_left = COMMANDS_SECONDS
    until = values["until"] or time.time()
    span = Span(until - values["hours"] * 3600, until)
    failing = failing_lines(host, span, values["error_logs"], values["nginx_pid"] or None)
    changes = recent_changes(host, span, values["units"], values["files"])
    module.exit_json(changed=False, changes=changes, failing=failing, since=span.since, unknown=host.unknown)


if __name__ == "__main__":
    main()
