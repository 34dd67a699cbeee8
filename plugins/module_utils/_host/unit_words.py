# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the journal, or its own log, says of a unit that may be the one that fails.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, Set

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import (
    needed_services,
    own_log,
    unit_addresses,
    unit_journal,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_choice import is_searched
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import Properties

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit

#: Words of a service that lacks what it connects to.
_CONNECTS = re.compile(r"refused|connect|resol|such host|getaddrinfo|\[2002\]|ENOTFOUND|EAI_AGAIN|reach", re.IGNORECASE)
#: Seconds within which a process has ended that has put something in the background.
AT_ONCE = 5.0


def add_words(host: Host, properties: Properties, unit: "Unit", listening: Set[str], own: own_log.OwnLogs) -> None:
    """Add what the journal says of a service that may be the one that fails; what its own log says, where the journal has none or less."""
    if unit_addresses.is_supervisor(properties["Id"]):
        unit["last_words"] = own.of_supervised()
    elif is_searched(properties, unit, listening):
        _add_journal(host, properties["Id"], unit)
        if _may_have_words(unit):
            unit["last_words"] = own.instead_of(unit["last_words"], properties, unit["declares"])
        if _CONNECTS.search(" ".join(unit["last_words"])):
            unit["needs"] = needed_services.needed_services(host, properties)
    elif properties["Id"] in listening and unit["restarts"]:
        unit["last_words"] = unit_journal.why_it_ended(host, properties["Id"], own.since)


def _may_have_words(unit: "Unit") -> bool:
    if unit["active"] == "active":
        return bool(unit["declares"] or unit["restarts"])
    return unit["active"] != "inactive" or bool(unit["ended"] and not unit["stopped"])


def _add_journal(host: Host, name: str, unit: "Unit") -> None:
    """Add what the journal has to say: the last words of a service that fails or listens nowhere, and where one listened that does not say so itself."""
    if _may_have_words(unit):
        unit["last_words"] = unit_journal.why_it_ended(host, name)
    by_itself = unit["ended"] == "exited" and not unit["stopped"]
    if by_itself and unit["active"] == "failed":
        unit["stopped"] = unit_journal.was_stopped(host, name)
    elif by_itself and unit["active"] == "inactive" and (unit["lasted"] or 0.0) < AT_ONCE:
        unit["stopped"] = not unit_journal.was_started(host, name)
    if not unit["declares"]:
        unit["listened"] = unit_journal.said_to_listen(host, name)
