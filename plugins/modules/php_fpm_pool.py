#!/usr/bin/python
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put settings of an existing PHP-FPM pool in force."""

DOCUMENTATION = r"""
module: php_fpm_pool
short_description: Put settings of an existing PHP-FPM pool in force
version_added: 0.1.0
description:
  - Sets values of a PHP-FPM pool that exists already, by a drop-in file that PHP-FPM reads after the pool's own file.
  - Where a drop-in would not be in force, because no C(include) reads it or a later file overrides it, the line that is in force is edited instead,
    and nothing else in its file.
  - The files are read as PHP-FPM reads them (includes in order, sections opened again, the last value wins), before anything is written. The change
    stands only if the wanted values come into force and no other value of any pool changes.
  - C(php-fpm -t) of the same binary judges the files before and after. Files that were broken before are not touched; where PHP-FPM refuses the
    new ones, the old ones are put back, and its own words are the error.
  - PHP-FPM itself is neither reloaded nor restarted; RV(needs) says which of the two the change needs.
options:
  pool:
    description:
      - Name of the pool, compared without case. It must be complete without the drop-in; pools are neither made nor removed.
    type: str
    required: true
  settings:
    description:
      - Values by name, as they would be written in PHP-FPM's file, such as V(pm.max_children) or V(listen.mode).
      - Single values only. C(env[]), C(php_value[]) and C(php_admin_value[]) are refused, because there the first one counts, which no drop-in can be.
      - With O(state=absent) only the names count; where there are none, the whole drop-in is removed.
    type: dict
    default: {}
  state:
    description:
      - V(present) puts O(settings) in force.
      - V(absent) removes them from the drop-in. What was edited in place, or written by others, stays.
    type: str
    choices: [present, absent]
    default: present
  prefix:
    description:
      - Folder in which relative paths in PHP-FPM's files begin, where it was started with C(--prefix).
      - Without it, the folder above the one of O(binary), which is right for all packages that are known.
    type: path
extends_documentation_fragment:
  - webops.bad_gateway._attributes
  - webops.bad_gateway._php_fpm
attributes:
  check_mode:
    support: full
    details:
      - C(php-fpm -t) is left out in check mode, because it writes to PHP-FPM's log.
  diff_mode:
    support: full
    details:
      - Values of C(env[]) are not shown, since they may be passwords.
notes:
  - Must run as root, since C(php-fpm -t) opens PHP-FPM's logs.
  - C(listen.owner), C(listen.group), C(listen.mode), C(listen.acl_users), C(listen.acl_groups) and C(listen.backlog) count only after a restart,
    because a reload inherits the sockets as they are.
seealso:
  - module: webops.bad_gateway.php_fpm_service
author:
  - The webops.bad_gateway authors (@webops)
"""

EXAMPLES = r"""
- name: Allow twenty children
  webops.bad_gateway.php_fpm_pool:
    binary: /usr/sbin/php-fpm8.2
    config: /etc/php/8.2/fpm/php-fpm.conf
    pool: www
    settings:
      pm.max_children: 20
  notify: Reload PHP-FPM

- name: Let nginx connect to the pool's socket
  webops.bad_gateway.php_fpm_pool:
    binary: /usr/sbin/php-fpm
    config: /etc/php-fpm.conf
    pool: www
    settings:
      listen.owner: nginx
      listen.group: nginx
      listen.mode: "0660"
  register: socket

- name: Remove what was set
  webops.bad_gateway.php_fpm_pool:
    binary: /usr/sbin/php-fpm8.2
    config: /etc/php/8.2/fpm/php-fpm.conf
    pool: www
    state: absent
"""

RETURN = r"""
method:
  description: How it was done, V(none), V(dropin) or V(in_place).
  returned: success
  type: str
  sample: dropin
files:
  description: Files that were written or removed (in check mode, that would be).
  returned: success
  type: list
  elements: str
  sample: [/etc/php/8.2/fpm/pool.d/zz-bad_gateway-www.conf]
settings:
  description: Names of the settings that changed.
  returned: success
  type: list
  elements: str
  sample: [pm.max_children]
needs:
  description: What has to be done to PHP-FPM for the change to be in force, V(none), V(reload) or V(restart).
  returned: success
  type: str
  sample: reload
error:
  description: What PHP-FPM said against its files.
  returned: when C(php-fpm -t) fails
  type: str
  sample: "unknown entry 'pm.max_childs'"
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

import hashlib
import os
import re
import time
from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import SHOWN, parse
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config_check import Verdict, ask_fpm
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.layouts import prefix_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.pool_edit import (
    HEADER,
    Edit,
    Plan,
    as_bytes,
    plan_absent,
    plan_present,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.put_back import put_back as replace
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.saved_file import ABSENT, look_to_save

ARGUMENTS = {
    "config": {"type": "path", "required": True},
    "binary": {"type": "path", "required": True},
    "pool": {"type": "str", "required": True},
    "settings": {"type": "dict", "default": {}},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "prefix": {"type": "path"},
}
_LINE = re.compile(r"(?m)^(?!%s)([ \t]*(?:([\w.]+(?:\[[^\]]*\])?)[ \t]*=|;))(.*)$" % re.escape(HEADER.rstrip()))


def judge(module: AnsibleModule, host: Host, prefix: str) -> Verdict:
    return ask_fpm(host, module.params["binary"], parse(host, module.params["config"], prefix))


def refuse(module: AnsibleModule, verdict: Verdict, what: str) -> None:
    place = " (%s:%d)" % verdict.where if verdict.where else ""
    module.fail_json(
        msg="%s: %s%s" % (what, verdict.error, place), error=verdict.error, where=verdict.as_fact()["where"]
    )


def write(path: str, text: str, model: str) -> None:
    """Replace a file as one step. A new one gets the owner and mode of the model, an old one keeps what it has: ACL, label, attributes and other names too."""
    target, data = os.path.realpath(path), as_bytes(text)
    state = look_to_save("/", target).state
    if state.kind == "absent":
        state = look_to_save("/", os.path.realpath(model)).state._replace(xattrs={})
    wanted = state._replace(sha256=hashlib.sha256(data).hexdigest(), size=len(data), mtime_ns=int(time.time() * 1e9))
    replace("/", target, wanted, data)


def put(module: AnsibleModule, edit: Edit, text: Any) -> None:
    if text is not None:
        write(edit.path, text, module.params["config"])
    else:
        replace("/", edit.path, ABSENT, None)


def apply(module: AnsibleModule, host: Host, plan: Plan, prefix: str) -> None:
    before = judge(module, host, prefix)
    if before.sound is not True:
        refuse(module, before, "PHP-FPM's files were broken before, so nothing was changed")
    try:
        for edit in plan.edits:
            put(module, edit, edit.after)
        after = judge(module, host, prefix)
    except OSError:
        put_back(module, plan)
        raise
    if after.sound is not True:
        put_back(module, plan)
        refuse(module, after, "PHP-FPM refuses the settings, so its files were put back")


def put_back(module: AnsibleModule, plan: Plan) -> None:
    for edit in plan.edits:
        put(module, edit, edit.before)


def diff(edits: List[Edit]) -> List[Dict[str, str]]:
    return [
        {
            "before_header": edit.path,
            "after_header": edit.path,
            "before": shown(edit.before),
            "after": shown(edit.after),
        }
        for edit in edits
    ]


def shown(text: Any) -> str:
    """The text without what may be a password: comments, and values of entries that are not known to hold none."""

    def line(found: "re.Match[str]") -> str:
        known = found.group(2) and SHOWN.match(found.group(2).lower())
        return found.group(0) if known or not found.group(3).strip() else found.group(1) + " ********"

    return _LINE.sub(line, as_bytes(text or "").decode("utf-8", "replace"))


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    values = module.params
    host = Host()
    prefix = values["prefix"] or prefix_of(os.path.realpath(values["binary"]))
    make = plan_present if values["state"] == "present" else plan_absent
    try:
        plan = make(host, values["config"], prefix, values["pool"], values["settings"])
        for edit in plan.edits:
            look_to_save("/", os.path.realpath(edit.path))
        if plan.edits and not module.check_mode:
            apply(module, host, plan, prefix)
    except Refused as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg="%s: %s" % (error.filename or values["config"], error.strerror))
    shown_diff = {"diff": diff(plan.edits)} if module._diff else {}
    files = [edit.path for edit in plan.edits]
    module.exit_json(
        changed=bool(files), method=plan.method, files=files, settings=plan.changed, needs=plan.needs, **shown_diff
    )


if __name__ == "__main__":
    main()
