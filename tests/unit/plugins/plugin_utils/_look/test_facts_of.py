# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of a look are found in both shapes that it may have."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.facts_of import facts_of


@pytest.mark.parametrize(
    "look,facts",
    [
        ({"bad_gateway": {"nginx": None}}, {"nginx": None}),
        ({"ansible_facts": {"bad_gateway": {"nginx": None}}}, {"nginx": None}),
        ({"ansible_facts": {"discovered_interpreter_python": "/usr/bin/python3"}, "failed": True}, None),
        ({"unreachable": True, "ansible_facts": None}, None),
    ],
)
def test_facts_of_a_look(look, facts):
    assert facts_of(look) == facts
