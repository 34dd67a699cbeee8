# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One upstream address as one proxy's configuration names it, with all that was seen of it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
from functools import cached_property

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.contact import Contact
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import Evidence, log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop_symptoms import symptoms_of

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord


class Hop(Contact):
    """A contact, and what is wrong with it."""

    @cached_property
    def symptoms(self) -> dict[str, list[Evidence]]:
        """What is wrong over this hop now, by signature: from connecting to it and from asking nginx."""
        return symptoms_of(self)

    def has(self, *signatures: str) -> bool:
        """Whether one of these is wrong over this hop now."""
        return any(signature in self.symptoms for signature in signatures)

    def past(self, *signatures: str) -> list[LogRecord]:
        """Log records with these signatures that blame the daemon as it runs now."""
        return [
            record for record in self.records if record["signature"] in signatures and record["last"] >= self.started
        ]

    def seen(self, *signatures: str) -> tuple[Evidence, ...]:
        """All evidence of these signatures on this hop: live first, then the log."""
        live = [item for signature in signatures for item in self.symptoms.get(signature, [])]
        return tuple(live + [log_evidence(record) for record in self.records if record["signature"] in signatures])
