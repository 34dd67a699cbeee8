# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A unit's last words: what a daemon said that had no log open yet, as systemd heard it.

Private to this collection: it may change in any release.
"""

from typing import List, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

LINES = 20


def last_words(host: Host, units: Sequence[str]) -> List[str]:
    """The last lines that these units wrote to the journal, the oldest first; none where there is no journal."""
    argv = ["journalctl", "--no-pager", "--quiet", "-o", "cat", "-n", str(LINES)]
    return host.run(argv + ["--unit=" + unit for unit in units]).out.splitlines()
