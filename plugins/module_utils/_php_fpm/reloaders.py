# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reloads or restarts PHP-FPM by rule: lines of cron's tables, logrotate, monit, timers' services and hooks.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import FilePlace

PLACES = (
    "/etc/crontab",
    "/etc/cron.*/*",
    "/var/spool/cron/*",
    "/var/spool/cron/crontabs/*",
    "/etc/logrotate.d/*",
    "/etc/monitrc",
    "/etc/monit/monitrc",
    "/etc/monit/conf*/*",
    "/etc/monit.d/*",
    "/etc/systemd/system/*.service",
    "/etc/letsencrypt/renewal-hooks/*/*",
    "/usr/local/bin/*",
    "/usr/local/sbin/*",
)
FILES, FILE_SIZE, FOUND = 300, 65536, 10
_RELOADS = re.compile(r"^(?!\s*#)(?=.{0,400}fpm).{0,400}(?:\bre(?:load|start)\b|USR2|-12\b)")
_VERSION = re.compile(r"php-?(\d\.?\d)")


def reloaders(host: Host, version: Optional[str]) -> "List[FilePlace]":
    """Where something reloads or restarts a PHP-FPM of this version, or of one that is not named. Of each line only its place is kept."""
    found: "List[FilePlace]" = []
    for path in [path for pattern in PLACES for path in host.glob(pattern)][:FILES]:
        text = "" if host.is_dir(path) else host.read(path, FILE_SIZE) or ""
        if "fpm" not in text or "\0" in text:
            continue
        for number, line in enumerate(text.split("\n"), 1):
            named = {name.replace(".", "") for name in _VERSION.findall(line)}
            if _RELOADS.match(line) and (not named or not version or version.replace(".", "") in named):
                found.append({"file": path, "line": number})
    return found[:FOUND]
