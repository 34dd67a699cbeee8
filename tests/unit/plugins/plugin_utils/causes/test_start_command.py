# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a unit is started that an administrator keeps down."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import start_command


@pytest.mark.parametrize(
    ("unit", "command"),
    [
        ({"load": "masked"}, "systemctl unmask app.service; systemctl start app.service"),
        ({"enabled": "disabled", "active": "inactive"}, "systemctl enable --now app.service"),
        ({"enabled": "enabled", "active": "failed"}, "systemctl start app.service"),
        (None, "systemctl start app.service"),
    ],
)
def test_what_keeps_it_down_is_taken_away_first(unit, command):
    assert start_command("app.service", unit) == command
