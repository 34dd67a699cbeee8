#!/usr/bin/python
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reload, restart or start nginx, and see that it took."""

DOCUMENTATION = r"""
module: nginx_service
short_description: Reload, restart or start nginx, and prove that it took
version_added: 0.1.0
description:
  - Asks C(nginx -t) first. Where nginx does not accept its configuration, nothing else is done and the module fails with nginx's own words. So a broken
    file can neither take down a running nginx (a restart) nor wait unseen for the next start (a reload).
  - Then runs the command and watches the processes. A reload took when all workers that serve are new; a restart when another master with workers is there.
  - The exit code of C(systemctl reload nginx) and C(nginx -s reload) proves nothing, as both end with 0 as soon as the signal is sent. A master that refuses
    the new configuration says so only in its error log, where this module reads it.
author:
  - The webops.bad_gateway authors (@webops)
options:
  state:
    description:
      - V(reloaded) makes the running nginx take its configuration anew, without losing a request. It fails where nginx does not run.
      - V(restarted) ends it and starts it again, which loses requests. For what a reload can't do, such as limits of the unit. It starts nginx where it
        does not run.
      - V(started) starts it where it does not run.
    type: str
    choices: [reloaded, restarted, started]
    default: reloaded
  command:
    description:
      - The command that does it, one argument an element, run without a shell.
      - For O(state=reloaded) the default is the running nginx's own binary and options, with C(-s reload).
    type: list
    elements: str
  timeout:
    description:
      - Seconds for the command, and again for the new workers to appear. A master that asks a resolver which doesn't answer takes long to reload.
    type: float
    default: 30.0
  reload_first:
    description:
      - With O(state=restarted), reload a running nginx first, and do not end it where the reload is refused. C(nginx -t) does not see that a port is taken by
        another daemon; a nginx that was ended would then not come back.
      - Set it to V(false) where the configuration changes how nginx listens on a port that it holds itself (V(*:80) to V(10.0.0.1:80)), which a
        reload can't do.
    type: bool
    default: true
extends_documentation_fragment:
  - webops.bad_gateway._attributes
  - webops.bad_gateway._attributes.action
attributes:
  check_mode:
    support: full
    details:
      - C(nginx -t) is asked in check mode as well, as it leaves nothing behind. The module fails where it would fail for that reason.
  diff_mode:
    support: none
notes:
  - O(state=reloaded) and O(state=restarted) are always changed when they succeed.
  - Become root where nginx's master is root's.
seealso:
  - module: webops.bad_gateway.nginx_directive
  - module: ansible.builtin.service
"""

EXAMPLES = r"""
- name: Reload nginx with its own binary, wherever it came from
  webops.bad_gateway.nginx_service:

- name: Reload nginx by its unit
  webops.bad_gateway.nginx_service:
    state: reloaded
    command: [systemctl, reload, nginx]

- name: Restart nginx on a host without systemd
  webops.bad_gateway.nginx_service:
    state: restarted
    command: [service, nginx, restart]
    timeout: 60
"""

RETURN = r"""
test:
  description: What C(nginx -t) said, before anything was done.
  returned: where there is an nginx
  type: dict
  contains:
    sound:
      description: Whether nginx accepts its configuration. V(null) where it could not be asked.
      returned: always
      type: bool
      sample: true
    error:
      description: Its first complaint. V(null) where there is none.
      returned: always
      type: str
      sample: 'unknown directive "proxypass" in /etc/nginx/conf.d/app.conf:3'
    where:
      description: The O(ignore:file) and line that it names. V(null) where it names none.
      returned: always
      type: dict
      sample: {"file": "/etc/nginx/conf.d/app.conf", "line": 3}
before:
  description: The processes of nginx before.
  returned: when the command was run
  type: dict
  contains: &processes
    master:
      description: Process id of the master. V(null) where nginx did not run.
      returned: always
      type: int
      sample: 71
    workers:
      description: Process ids of the workers that serve.
      returned: always
      type: list
      elements: int
      sample: [72, 73]
    stopping:
      description: Process ids of old workers that end when their last connection does.
      returned: always
      type: list
      elements: int
      sample: []
after:
  description: The processes of nginx afterwards.
  returned: when the command was run
  type: dict
  contains: *processes
log:
  description: The C([emerg]) and C([alert]) lines that nginx wrote to its error log meanwhile.
  returned: when the command was run
  type: list
  elements: str
  sample: []
command:
  description: The command that was, or would be, run.
  returned: success
  type: list
  elements: str
  sample: [/usr/sbin/nginx, -s, reload]
test_command:
  description: The command that asks this nginx, with the options it runs with, to judge its configuration.
  returned: success
  type: list
  elements: str
  sample: [/usr/sbin/nginx, -t, -q]
"""

from typing import TYPE_CHECKING, Any, Dict, List

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.config_check import check_config
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.config_files import ConfigFiles
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.facts import error_logs
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.instance import Nginx, find
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.reload import Outcome, reload, restart

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.config_check import ConfigCheck


SPECIFICATION: Dict[str, Any] = {
    "argument_spec": {
        "state": {"type": "str", "choices": ["reloaded", "restarted", "started"], "default": "reloaded"},
        "command": {"type": "list", "elements": "str"},
        "timeout": {"type": "float", "default": 30.0},
        "reload_first": {"type": "bool", "default": True},
    },
    "required_if": [("state", "restarted", ["command"]), ("state", "started", ["command"])],
    "supports_check_mode": True,
}


def find_nginx(module: AnsibleModule, host: Host) -> Nginx:
    nginx = find(host, Processes(host))
    if nginx is None:
        module.fail_json(msg="There is no nginx on this host.")
    if nginx.master is None and module.params["state"] == "reloaded":
        module.fail_json(msg="nginx does not run, so it can't be reloaded.")
    return nginx


def refuse_unsound(module: AnsibleModule, host: Host, nginx: Nginx, files: ConfigFiles) -> "ConfigCheck":
    tested = check_config(host, nginx, files)
    if not tested.sound:
        module.fail_json(
            msg="nginx was left as it is, as it does not accept its configuration: %s" % tested.error,
            test=tested.facts(),
        )
    return tested.facts()


def act(host: Host, nginx: Nginx, params: Dict[str, Any], command: List[str], logs: List[str]) -> Outcome:
    timeout = params["timeout"]
    if params["state"] == "reloaded":
        return reload(host, command, logs, timeout)
    if params["state"] == "restarted" and params["reload_first"] and nginx.master is not None:
        done = reload(host, nginx.argv("-s", "reload"), logs, timeout)
        if done.error:
            return done
    return restart(host, command, logs, timeout)


def main() -> None:
    module = AnsibleModule(**SPECIFICATION)
    host, state = Host(), module.params["state"]
    nginx = find_nginx(module, host)
    command, test_command = module.params["command"] or nginx.argv("-s", "reload"), nginx.argv("-t", "-q")
    if state == "started" and nginx.master is not None:
        module.exit_json(changed=False, command=command, test_command=test_command)
    files = ConfigFiles(host, nginx.conf_path)
    tested = refuse_unsound(module, host, nginx, files)
    if module.check_mode:
        module.exit_json(changed=True, command=command, test_command=test_command, test=tested)
    done = act(host, nginx, module.params, command, error_logs(host, nginx, files))
    result = {"test": tested, "before": done.before.result(), "after": done.after.result(), "log": done.lines}
    if done.error:
        module.fail_json(msg="nginx was not %s: %s" % (state, done.error), **result)
    module.exit_json(changed=True, command=command, test_command=test_command, **result)


if __name__ == "__main__":
    main()
