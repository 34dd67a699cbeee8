# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was cured on a host and when: a small file that outlives the journals of the runs, so that a cause that comes back again and again is seen.

Private to this collection: it may change in any release.
"""

import os
from typing import Any, Collection, Dict, Iterable, List

from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.durable import read_json, write_json

FILE = "history.json"
#: Cures that are remembered, the newest. The judge counts those of a day.
MOST = 200


def write_history(base: str, runs: Collection[str], kept: Iterable[Dict[str, Any]]) -> None:
    """Write down what each run cured: run, cause and time (at). One run cures a cause once.

    runs: those of the journal, of which only what is still kept counts: what was rolled back is no cure. Of the others it stands as it was written before.
    """
    path = os.path.join(base, FILE)
    before = _read(path)
    cures = [cure for cure in before if cure.get("run") not in runs] + list(kept)
    by_run = {(cure.get("run"), cure.get("cause")): cure for cure in cures}
    newest = sorted(by_run.values(), key=lambda cure: cure.get("at") or 0.0)[-MOST:]
    if newest != before:
        write_json(path, {"cures": newest})


def _read(path: str) -> List[Dict[str, Any]]:
    """What was written before. What is damaged is given up: the next writing replaces it."""
    try:
        cures = read_json(path).get("cures")
    except (OSError, Refused):
        return []
    return [cure for cure in cures if isinstance(cure, dict)] if isinstance(cures, list) else []
