# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An opening for tests: a port, its sources and all that says where."""

import re
import shlex

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.opening import Wanted

SOURCES = ["192.0.2.10", "198.51.100.0/24", "2001:db8::7"]
WANTED = Wanted(7080, SOURCES, zone="internal", priority=-1, family="inet", table="filter", chain="input")


def edited(edit, text):
    """What ansible.builtin.replace makes of a file's text."""
    return re.sub(edit.regexp, edit.replace, text, flags=re.MULTILINE)


def judged_by(edit):
    """The command that judges an edited file, which it has to do in a network namespace of its own."""
    argv = shlex.split(edit.validate)
    assert (argv[:4], argv[5:]) == (["unshare", "-n", "sh", "-c"], ["sh", "%s"])
    assert edit.validate.count("%") == 1, "Ansible puts the path in place of the only one"
    return argv[4].partition(' "$1"')[0]
