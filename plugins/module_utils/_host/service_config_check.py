# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a service that is down accepts its own configuration: one that refuses it would not start.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, Any, Mapping, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class ServiceCheck(TypedDict):
        """A unit's `test`: whether its service accepts its own configuration, and its words where it does not."""

        sound: bool
        error: Optional[str]


#: Commands that read and write nothing; Debian's apachectl makes folders first.
COMMANDS = {
    "apache2": ["sh", "-c", ". /etc/apache2/envvars && exec apache2 -t"],
    "httpd": ["httpd", "-t"],
}
NOT_WANTED = ("masked", "masked-runtime")
#: Apache's complaint about its own name, and its last words: they are no reason.
_NO_REASON = re.compile(r"AH00558:|Syntax OK|Action '-t' failed|The Apache error log may have|\s*$")
_WORDS = 300


def is_wanted(unit: Mapping[str, Any]) -> bool:
    """Whether a unit may be started: it is not masked, and either enabled or started by another unit."""
    return unit.get("enabled") not in NOT_WANTED and (unit.get("enabled") != "disabled" or bool(unit.get("wanted_by")))


def config_check(host: Host, name: str, unit: Mapping[str, Any]) -> "Optional[ServiceCheck]":
    """Whether a service accepts its configuration; None where it runs or nobody wants it to, or where there is no command that asks it."""
    command = COMMANDS.get(name)
    if not command or unit["active"] == "active" or unit["load"] != "loaded" or not is_wanted(unit):
        return None
    ran = host.run(command)
    if ran.code is None:
        return None
    reasons = [line.strip() for line in (ran.err + "\n" + ran.out).splitlines() if not _NO_REASON.match(line)]
    return {
        "sound": ran.code == 0,
        "error": None if ran.code == 0 else (" ".join(reasons) or "it does not say why")[:_WORDS],
    }
