# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where nginx and the program that it asks are to run in one container, and only nginx does: a container has no units, and a log of its own.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _containers as containers
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import (
    asked_address,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import Explanation
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._last_words import what_to_do
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._places import port_or_path


def nobody_inside(hop: Hop, host: Host) -> Explanation:
    """What is known of a program that nginx asks in its own container, where nothing listens. host: that container."""
    container, address = host.facts["container"], asked_address(hop)
    client, name = containers.client_of(container), shlex.quote(container["name"])
    on = host.within.name if host.within else host.name
    said = container.get("last_words") or []
    key = address.path if address.is_unix else str(address.port)
    top = "%s top %s   # on %s: which programs run in it?" % (client, name, on)
    return Explanation(
        evidence=containers.last_words(container),
        words=containers.with_last_words(
            "nothing in %s listens on %s" % (containers.called(container), port_or_path(address)),
            container,
        ),
        advice=(
            containers.log_of(container, on),
            *what_to_do(" / ".join(said), on, manager="container"),
            *((top,) if client else ()),
            "grep -rsnF %s /etc /usr/local/etc   # on %s: whose settings have it?" % (shlex.quote(key), host.name),
            "# nginx asks for it at %s" % named_at(hop),
        ),
    )
