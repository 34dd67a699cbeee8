#!/usr/bin/python
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Return what the journal of changes on a host holds."""

DOCUMENTATION = r"""
module: change_journal_info
short_description: Return which runs have changed a host, what they changed, and which run holds it
version_added: 0.1.0
description:
  - Reads the journal that M(webops.bad_gateway.change_journal) keeps on the managed host under C(/var/lib/bad_gateway).
  - Contents of files are not returned.
extends_documentation_fragment:
  - webops.bad_gateway._attributes
  - webops.bad_gateway._attributes.read_only
  - webops.bad_gateway._attributes.root
seealso:
  - module: webops.bad_gateway.change_journal
author:
  - The webops.bad_gateway authors (@webops)
"""

EXAMPLES = r"""
- name: Read the journal
  webops.bad_gateway.change_journal_info:
  register: journal

- name: Name the runs that changed nginx's main file
  ansible.builtin.debug:
    msg: "{{ journal.runs | selectattr('changes', 'search', '/etc/nginx/nginx.conf') | map(attribute='run') }}"
"""

RETURN = r"""
runs:
  description: Runs, the newest first; none where there is no journal.
  returned: success
  type: list
  elements: dict
  contains:
    run:
      description: Name of the run.
      type: str
      sample: 20261122T143000Z-1a2b
    number:
      description: Number of the run on this host, counted from 1.
      type: int
    schema:
      description: Version of the record's meaning.
      type: int
    begun:
      description: When it began, in seconds since the epoch.
      type: float
    closed:
      description: When it ended, in seconds since the epoch; null where it has not.
      type: float
    changes:
      description: Its changes, in the order in which they were made.
      type: list
      elements: dict
      contains:
        change:
          description: Name of the change.
          type: str
          sample: php_fpm-1
        state:
          description: V(saved) (not ended yet), V(kept), V(undone), V(rolled_back), or V(undoing) and V(rolling_back), which have yet to end.
          type: str
        saved:
          description: When it was saved, in seconds since the epoch.
          type: float
        ended:
          description: When it was kept or undone, in seconds since the epoch; null where neither has happened.
          type: float
        by:
          description: Who undid it, in words; null where nobody has.
          type: str
        files:
          description: Paths of the files that it saved.
          type: list
          elements: str
        undo:
          description: Commands of its undo that are run before the files are put back.
          type: list
          elements: list
        after_undo:
          description: Commands of its undo that are run after the files are put back.
          type: list
          elements: list
        units:
          description: Services of which it was written down whether they ran.
          type: list
          elements: str
        confirm_within:
          description: Seconds after which the host itself would have undone it; V(0) for no such limit.
          type: int
        problems:
          description: What failed when it was undone.
          type: list
          elements: str
        causes:
          description: Causes that it cured, where it was kept.
          type: list
          elements: str
lock:
  description: The run that holds the host; null where none does.
  returned: success
  type: dict
  contains:
    run:
      description: Name of the run.
      type: str
    owner:
      description: Who runs it, in words.
      type: str
    since:
      description: When it took the host, in seconds since the epoch.
      type: float
    ends:
      description: When another run may take the host, in seconds since the epoch.
      type: float
"""

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.journal import Journal


def main() -> None:
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    if os.geteuid() != 0:
        module.fail_json(msg="the journal of changes is root's: run this task with become: true")
    journal = Journal(Host())
    try:
        result = journal.read()
    except (Refused, OSError) as error:
        module.fail_json(msg="the journal of changes can't be read: %s" % error)
    for warning in journal.warnings:
        module.warn(warning)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
