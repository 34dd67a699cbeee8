# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a host beside its findings: what visitors suffer from, and no 502 with a known upstream shows.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.broken_off import broken_off
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.login_checks import login_checks
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.unlogged_failures import unlogged_failures


def also(fleet: Fleet, proxy: Host) -> list[str]:
    """A line for each such matter, without a full stop."""
    return [*broken_off(fleet, proxy), *login_checks(proxy), *unlogged_failures(proxy)]
