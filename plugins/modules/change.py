#!/usr/bin/python
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a change in one call on its host. The work is begun by the action plugin of the same name, on the controller."""

DOCUMENTATION = r"""
module: change
short_description: Compare, save, apply, prove and keep a change in one call, or undo it
version_added: 0.1.0
description:
  - Does in one program on the host what the role P(webops.bad_gateway.change#role) does by tasks. It compares what is there with what is wanted, saves what it
    is about to touch (M(webops.bad_gateway.change_journal)), applies, asks the site again (M(webops.bad_gateway.site_answers_info)), and keeps the change
    where every page answers; it ends well even where the controller dies meanwhile.
  - Where an answer leaves room for doubt, the controller asks again, holds the answers against those before, and has the change kept or undone.
  - What fails is undone, and the task fails with what failed, in the daemon's own words, and with what was undone.
  - Where a program can't be piped into the host's Python (no pipelining), the same calls are made one by one.
author:
  - The webops.bad_gateway authors (@webops)
extends_documentation_fragment:
  - webops.bad_gateway._attributes
  - webops.bad_gateway._attributes.action
  - webops.bad_gateway._attributes.root
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
options:
  title:
    description: What the change is, as the first words of a sentence.
    type: str
    required: true
  run:
    description: Name of the run in the journal.
    type: str
    required: true
  change:
    description: Name of the change in the journal, used once in a run.
    type: str
    required: true
  recipe:
    description:
      - Kind of change. V(php_fpm) calls M(webops.bad_gateway.php_fpm_pool) and M(webops.bad_gateway.php_fpm_service), V(nginx_config)
        M(webops.bad_gateway.nginx_directive) and M(webops.bad_gateway.nginx_service), both M(webops.bad_gateway.whole_files).
    type: str
    required: true
    choices: [nginx_config, php_fpm]
  settings:
    description:
      - What the recipe takes.
      - V(php_fpm) takes the variables of the role P(webops.bad_gateway.php_fpm#role) without their prefix, C(binary), C(config), C(unit),
        C(service_manager), C(action), C(pool), C(settings), C(socket_dir), C(drain) and C(timeout).
      - V(nginx_config) takes C(edits) and C(files) of the role P(webops.bad_gateway.nginx_config#role), and C(service), C(manager) and C(timeout)
        for the reload.
    type: dict
    default: {}
  confirm_within:
    description: Seconds in which the change has to be kept. After that the host undoes it by itself. V(0) for no limit.
    type: int
    default: 600
  begins:
    description: Whether the run takes the host before this change, for all that it makes there.
    type: bool
    default: false
  ends:
    description: Whether the run leaves the host after this change, whatever becomes of it.
    type: bool
    default: false
  causes:
    description: Causes that the change cures, which are remembered where it is kept.
    type: list
    elements: str
    default: []
    version_added: 0.2.0
  proof:
    description:
      - What has to be better afterwards, as O(webops.bad_gateway.proof#role:main:proof_of). Empty, nothing is asked.
      - Where another host has to be asked, the change is left as it was saved, and RV(to_prove) says so.
    type: list
    elements: dict
    default: []
  tries:
    description: How often the site is asked until it answers better.
    type: int
    default: 12
  times:
    description: How often each URL is asked in a try. All of these answers have to be better.
    type: int
    default: 3
  delay:
    description: Seconds between two tries.
    type: int
    default: 1
  timeout:
    description: Seconds for one answer.
    type: int
    default: 10
seealso:
  - module: webops.bad_gateway.change_journal
"""

EXAMPLES = r"""
- name: Start PHP-FPM, and keep it only where the site answers
  webops.bad_gateway.change:
    title: The start of PHP-FPM
    run: 20261122T143000Z-1a2b
    change: php_fpm-1
    recipe: php_fpm
    settings:
      binary: /usr/sbin/php-fpm8.2
      config: /etc/php/8.2/fpm/php-fpm.conf
      unit: php8.2-fpm.service
      service_manager: systemd
      action: started
    proof:
      - host: web1
        url: http://www.example.org/
        status: 502
"""

RETURN = r"""
run:
  description: As given.
  returned: always
  type: str
change:
  description: As given.
  returned: always
  type: str
began:
  description: When it began, in seconds since the epoch, by the controller's clock.
  returned: always
  type: float
begun:
  description: Whether anything was made that had to be undone.
  returned: on failure
  type: bool
diffs:
  description:
    - What a change that was kept has made of its files, as RV(webops.bad_gateway.change_journal#module:diffs).
    - In check mode, what it would make of them.
  returned: always
  type: list
  elements: dict
half_undone:
  description: Whether the change failed, and something of it could not be undone.
  returned: always
  type: bool
to_prove:
  description: Whether the change is made, and has to be proven and kept, or undone, by whoever called this.
  returned: always
  type: bool
unproven:
  description: Always empty. The role C(change) has here why a change was kept without a proof.
  returned: always
  type: str
"""
