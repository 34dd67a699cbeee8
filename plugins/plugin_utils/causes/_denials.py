# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Denials of SELinux and AppArmor that are recorded for nginx or PHP-FPM.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

_FIELD = re.compile(
    r'\b(profile|operation|family|name|path|dest|scontext|tcontext|tclass|requested_mask|capname)=("[^"]*"|\S+)'
)
_FPM = re.compile(r"php.{0,30}fpm")


class Denial(t.NamedTuple):
    """A record of the kernel's log, and the fields of its message by name."""

    record: LogRecord
    fields: dict[str, str]


def denials(hop: Hop, signature: str) -> list[Denial]:
    """What was denied to nginx on its own host, the newest first. What was only recorded and not denied (permissive=1) has no signature."""
    return [one for one in _all_of(hop.proxy, signature) if _program(one).startswith("nginx")]


def fpm_denials(host: Host, signature: str) -> list[Denial]:
    """What was denied to any PHP-FPM of a host, the newest first."""
    return [one for one in _all_of(host, signature) if _FPM.match(_program(one))]


def _all_of(host: Host, signature: str) -> list[Denial]:
    return [
        Denial(record, _fields(record))
        for record in host.records
        if record["kind"] == "kernel" and record["signature"] == signature
    ]


def _program(denial: Denial) -> str:
    return (denial.record.get("process") or "").rpartition("/")[2]


def type_of(context: str | None) -> str:
    """The type of a label (user:role:type:level); empty where the label has none."""
    parts = (context or "").split(":")
    return parts[2] if len(parts) > 2 else ""


def is_enforcing(host: Host) -> bool:
    """Whether SELinux denies what its policy does not allow."""
    return or_empty(host.facts.get("selinux")).get("mode") == "enforcing"


def _fields(record: LogRecord) -> dict[str, str]:
    """The fields of a denial by name, the first of each. The kernel writes what others chose in hex where it has quotes or blanks."""
    found: dict[str, str] = {}
    for name, value in _FIELD.findall(record["message"]):
        found.setdefault(name, value.strip('"'))
    return found
