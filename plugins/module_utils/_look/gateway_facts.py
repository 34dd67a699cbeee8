# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at this host, the first or the second.

Private to this collection: it may change in any release.
"""

import os
from typing import Any, Dict, Mapping, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

NOT_ROOT = "not root: sockets, logs and processes of others cannot be seen. Run with become (ansible-playbook --become)"


def look(log_window: float, ask: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
    """What the module returns. Without ask it is the first look."""
    if os.geteuid() != 0:
        return {"failed": True, "msg": NOT_ROOT}
    host = Host()
    facts = _first(host, log_window) if ask is None else _second(host, ask, log_window)
    facts["unknown"] = host.unknown
    return {"changed": False, "ansible_facts": {"bad_gateway": facts}}


def _first(host: Host, log_window: float) -> Dict[str, Any]:
    """Imported here, as below: on the target each import is compiled anew, and no look needs what the other does."""
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.first import first_look

    facts, files = first_look(host, log_window)
    facts["files"] = files
    return facts


def _second(host: Host, ask: Mapping[str, Any], log_window: float) -> Dict[str, Any]:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.second import second_look

    return second_look(host, ask, log_window)
