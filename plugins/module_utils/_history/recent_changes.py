# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened on a host in a span of time: the thinking behind the module recent_changes_info.

Private to this collection: it may change in any release.
"""

import json
from typing import TYPE_CHECKING, Dict, List, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._history.files import file_changes
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.made_together import without_made_together
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.needrestart import name_needrestart
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.packages import package_changes
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Span, change
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.unit_events import memory_kills, unit_events
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.clock import boot_time
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.system_log import kernel_log

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Change

#: Changes that are returned at most, of each kind, the newest: of a loop of starts or an upgrade of the whole system they are the ones that matter.
MOST = 250
#: Seconds between a file's change and the end of the run of this collection that wrote it.
RUN_SECONDS = 120.0
RECORDS, RECORD_LIMIT = 200, 1024 * 1024


def recent_changes(host: Host, span: Span, units: Sequence[str], files: Sequence[str]) -> "List[Change]":
    """The changes of a span, the oldest first."""
    boot = boot_time(host)
    packages = package_changes(host, span)
    kinds = [
        packages,
        name_needrestart(host, packages, unit_events(host, span, units)),
        memory_kills(host, span, kernel_log(host, span.since, boot).lines),
        _by_ours(host, without_made_together(file_changes(host, span, units, files))),
        [change(boot, "boot", "the host", "was booted")] if boot is not None and span.has(boot) else [],
    ]
    found = [one for kind in kinds for one in sorted(kind, key=lambda one: one["at"])[-MOST:]]
    return sorted(found, key=lambda one: one["at"])


def _by_ours(host: Host, changes: "List[Change]") -> "List[Change]":
    """The same changes of files; those that a run of this collection made say so."""
    ours = _our_files(host) if changes else {}
    for one in changes:
        run, at = ours.get(one["subject"], ("", 0.0))
        if run and abs(one["at"] - at) <= RUN_SECONDS:
            one["by"] = "run %s of webops.bad_gateway" % run
    return changes


def _our_files(host: Host) -> Dict[str, Tuple[str, float]]:
    """The files that runs of this collection changed or put back, with the run and when that was."""
    found: Dict[str, Tuple[str, float]] = {}
    for path in host.glob("/var/lib/bad_gateway/*/*/change.json")[-RECORDS:]:
        try:
            record = json.loads(host.read(path, RECORD_LIMIT) or "{}")
            at = float(record.get("ended") or record["saved"])
            for entry in record["files"]:
                if at >= found.get(entry["path"], ("", 0.0))[1]:
                    found[entry["path"]] = (str(record["run"]), at)
        except (AttributeError, KeyError, TypeError, ValueError):
            continue  # a damaged record: the look names it
    return found
