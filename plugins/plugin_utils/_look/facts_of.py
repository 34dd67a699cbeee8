# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the facts of a look are in what the module gateway_facts returned.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.gateway_facts import GatewayFacts


def facts_of(look: t.Mapping[str, t.Any]) -> GatewayFacts | None:
    """The facts that a look has, for Ansible to keep or as its own; None of one that failed."""
    facts: GatewayFacts | None = look.get("bad_gateway") or (look.get("ansible_facts") or {}).get("bad_gateway")
    return facts
