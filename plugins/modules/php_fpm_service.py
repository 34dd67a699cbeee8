#!/usr/bin/python
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, reload or restart PHP-FPM without losing requests, and see whether it took."""

DOCUMENTATION = r"""
module: php_fpm_service
short_description: Start, reload or restart PHP-FPM without losing requests
version_added: 0.1.0
description:
  - Starts, reloads or restarts one PHP-FPM. C(php-fpm -t) of the same binary comes first, because a reload with files that PHP-FPM refuses ends it.
  - Requests that are being worked on end before a reload or restart, whatever C(process_control_timeout) is in force. Connections that come in
    meanwhile wait in the socket's queue. A plain reload kills the requests, with the default of V(0).
  - Succeeds only when the change is seen in what runs. The master runs, no worker from before is left, and every pool of its files listens; after a
    start or restart with the owner, group and mode that the files ask for.
options:
  unit:
    description:
      - The service that runs it, such as V(php8.2-fpm.service); its name for C(service) or C(rc-service) where there is no systemd.
      - Needed for a start and a restart. A reload is a signal to the master and works without.
    type: str
  service_manager:
    description: What starts services on this host.
    type: str
    choices: [systemd, sysvinit, openrc, launchd, none]
    default: systemd
  state:
    description:
      - V(started) starts it, unless it runs.
      - V(reloaded) lets it read its files again. Sockets stay as they are.
      - V(restarted) stops and starts it. Connections that come while no socket is bound are refused.
      - V(applied) does for O(settings) what does the least harm. C(listen.owner), C(listen.group), C(listen.mode) and, with Linux 5.6 or
        later, C(listen.backlog) are set on the live sockets, any other setting asks for a reload, and C(listen.acl_*) for a restart.
    type: str
    required: true
    choices: [started, reloaded, restarted, applied]
  settings:
    description: For V(applied), and for O(force=false), names of the settings that have changed in the files.
    type: list
    elements: str
    default: []
  force:
    description:
      - Whether to reload, restart or apply in any case. If V(false), only where a file is younger than the oldest worker; where O(settings) has
        nothing but C(listen.owner), C(listen.group), C(listen.mode) and C(listen.backlog), only where a live socket differs from its files.
    type: bool
    default: true
  drain:
    description:
      - Seconds to wait at most for running requests to end before a reload or restart; those that take longer are killed. V(0) does not wait.
      - All pools of this PHP-FPM stand still meanwhile, so it should be less than the shortest C(fastcgi_read_timeout). Waiting ends early when the queue
        of a socket is three quarters full.
      - Linux only; elsewhere PHP-FPM's own C(process_control_timeout) decides.
    type: float
    default: 10
  timeout:
    description: Seconds in which the change must be seen in what runs.
    type: float
    default: 30
extends_documentation_fragment:
  - webops.bad_gateway._attributes
  - webops.bad_gateway._attributes.action
  - webops.bad_gateway._attributes.root
  - webops.bad_gateway._php_fpm
attributes:
  check_mode:
    support: full
    details:
      - C(php-fpm -t) is left out in check mode, because it writes to PHP-FPM's log.
  diff_mode:
    support: none
seealso:
  - module: webops.bad_gateway.php_fpm_pool
author:
  - The webops.bad_gateway authors (@webops)
"""

EXAMPLES = r"""
- name: Start PHP-FPM
  webops.bad_gateway.php_fpm_service:
    binary: /usr/sbin/php-fpm8.2
    config: /etc/php/8.2/fpm/php-fpm.conf
    unit: php8.2-fpm.service
    state: started

- name: Reload PHP-FPM, and wait half a minute for long uploads
  webops.bad_gateway.php_fpm_service:
    binary: /usr/sbin/php-fpm
    config: /etc/php-fpm.conf
    unit: php-fpm.service
    state: reloaded
    drain: 30
"""

RETURN = r"""
how:
  description: >-
    What was done (in check mode, what would be): V(none), V(started), V(reloaded), V(restarted), V(adjusted) (owner, mode and queue of live sockets), or
    V(applied) in check mode, where it is left open.
  returned: always
  type: str
  sample: reloaded
master:
  description: Process of the master afterwards, null where none runs.
  returned: always
  type: int
  sample: 1834
workers:
  description: Number of workers afterwards.
  returned: always
  type: int
  sample: 5
lines:
  description: Errors that PHP-FPM wrote to its log meanwhile.
  returned: always
  type: list
  elements: str
  sample: []
where:
  description: File and line that PHP-FPM means, null where it names none.
  returned: when C(php-fpm -t) fails
  type: dict
  contains:
    file:
      description: Path of the file.
      type: str
    line:
      description: Number of the line, from 1; 0 for the whole file.
      type: int
"""

import os
from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm import service
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.layouts import prefix_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.running import Fpm, Running, running

ARGUMENTS = {
    "config": {"type": "path", "required": True},
    "binary": {"type": "path", "required": True},
    "unit": {"type": "str"},
    "service_manager": {
        "type": "str",
        "choices": ["systemd", "sysvinit", "openrc", "launchd", "none"],
        "default": "systemd",
    },
    "state": {"type": "str", "required": True, "choices": ["started", "reloaded", "restarted", "applied"]},
    "settings": {"type": "list", "elements": "str", "default": []},
    "force": {"type": "bool", "default": True},
    "drain": {"type": "float", "default": 10},
    "timeout": {"type": "float", "default": 30},
}
SPECIFICATION: Dict[str, Any] = {"argument_spec": ARGUMENTS, "supports_check_mode": True}


def wanted(values: Dict[str, Any], host: Host, fpm: Fpm, now: Running) -> bool:
    if values["state"] == "started":
        return now.master is None
    return bool(values["force"]) or not service.is_current(host, fpm, now, values["settings"])


def act(values: Dict[str, Any], host: Host, fpm: Fpm) -> service.Outcome:
    timeout, drain = values["timeout"], values["drain"]
    if values["state"] == "started":
        return service.start(host, fpm, timeout)
    if values["state"] == "reloaded":
        return service.reload(host, fpm, timeout, drain)
    if values["state"] == "restarted":
        return service.restart(host, fpm, timeout, drain)
    return service.apply(host, fpm, values["settings"], timeout, drain)


def message(outcome: service.Outcome, fpm: Fpm) -> str:
    """One line, FPM's own words first."""
    verdict = outcome.verdict
    if verdict is not None:
        place = " (%s:%d)" % verdict.where if verdict.where else ""
        return "PHP-FPM refuses its files, so it was not %s: %s%s" % (outcome.how, verdict.error, place)
    words: List[str] = outcome.lines[:1] + [outcome.error or ""]
    return "PHP-FPM (%s) was not %s: %s" % (fpm.config, outcome.how, "; ".join(word for word in words if word))


def main() -> None:
    module = AnsibleModule(**SPECIFICATION)
    values = module.params
    host = Host()
    fpm = Fpm(
        binary=values["binary"],
        config=os.path.normpath(values["config"]),
        prefix=prefix_of(os.path.realpath(values["binary"])),
        unit=values["unit"],
        manager=values["service_manager"],
    )
    now = running(host, fpm)
    if not wanted(values, host, fpm, now):
        module.exit_json(changed=False, how="none", master=now.master, workers=len(now.workers), lines=[])
    if module.check_mode:
        module.exit_json(changed=True, how=values["state"], master=now.master, workers=len(now.workers), lines=[])
    outcome = act(values, host, fpm)
    after = running(host, fpm)
    result = {"how": outcome.how, "master": after.master, "workers": len(after.workers), "lines": outcome.lines}
    if outcome.error is not None or outcome.verdict is not None:
        where = outcome.verdict.as_fact()["where"] if outcome.verdict else None
        module.fail_json(msg=message(outcome, fpm), where=where, **result)
    module.exit_json(changed=True, **result)


if __name__ == "__main__":
    main()
