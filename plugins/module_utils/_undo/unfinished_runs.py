# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the journal shows a look: runs that have the host, or died while they had it, and what was cured before; nothing is locked or written for it.

Private to this collection: it may change in any release.
"""

import json
import os
from typing import TYPE_CHECKING, Any, Dict, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class Cure(TypedDict):
        """A cause that a run cured on this host, where the change is still kept. at: seconds since the epoch."""

        cause: str
        at: float
        run: str

    class JournalFacts(TypedDict):
        """The facts `journal`: the runs that have this host now, or died while they had it; and the newest cures."""

        unended: List[str]
        cures: List[Cure]


BASE = "/var/lib/bad_gateway"


def unfinished_runs(host: Host) -> "Optional[JournalFacts]":
    """The facts `journal`; None where the journal may not be read."""
    try:
        names = sorted(os.listdir(host.path(BASE)))
    except FileNotFoundError:
        names = []
    except OSError:
        return None
    runs = {name: _record(host, "%s/%s/run.json" % (BASE, name)) for name in names}
    open_runs = [name for name, record in runs.items() if record and record.get("closed") is None]
    # The lease is taken before the run has a record, and is given back before the run is closed.
    held = _record(host, BASE + "/lock.json") if "lock.json" in names else {}
    holder = (held or {}).get("run")
    return {
        "unended": open_runs + ([holder] if isinstance(holder, str) and holder not in open_runs else []),
        "cures": (_record(host, BASE + "/history.json") or {}).get("cures") or [],
    }


def _record(host: Host, path: str) -> Optional[Dict[str, Any]]:
    try:
        record = json.loads(host.read(path) or "null")
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
