# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An opening for tests: a port, its sources and all that says where."""

import re

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.opening import Wanted

SOURCES = ["192.0.2.10", "198.51.100.0/24", "2001:db8::7"]
WANTED = Wanted(7080, SOURCES, zone="internal", priority=-1, family="inet", table="filter", chain="input")


def edited(edit, text):
    """What ansible.builtin.replace makes of a file's text."""
    return re.sub(edit.regexp, edit.replace, text, flags=re.MULTILINE)
