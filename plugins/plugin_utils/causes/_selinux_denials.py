# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a recorded denial of SELinux or AppArmor says.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host

_FIELD = re.compile(r'\b(profile|operation|family|name|path|dest|scontext|tcontext|tclass)=("[^"]*"|\S+)')


def fields(record: Facts) -> dict[str, str]:
    """The fields of a denial by their names, the first of each. The kernel writes strings that others chose in hex where they have quotes or blanks."""
    found: dict[str, str] = {}
    for name, value in _FIELD.findall(record["message"]):
        found.setdefault(name, value.strip('"'))
    return found


def label(context: str | None) -> str:
    """The type in user:role:type:level."""
    parts = (context or "").split(":")
    return parts[2] if len(parts) > 2 else ""


def denials(hop: Hop, signature: str) -> list[tuple[Facts, dict[str, str]]]:
    """What was denied to nginx on its own host, newest first. Denials that were only written down (permissive=1) have no signature."""
    told = [record for record in hop.proxy.records if record["kind"] == "kernel" and record["signature"] == signature]
    return [
        (record, fields(record))
        for record in told
        if (record.get("process") or "").rpartition("/")[2].startswith("nginx")
    ]


def enforcing(host: Host) -> bool:
    return (host.facts.get("selinux") or {}).get("mode") == "enforcing"
