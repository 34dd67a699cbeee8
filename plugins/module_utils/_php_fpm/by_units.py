# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP-FPMs by what starts them: the commands of units and of init scripts. Self-built ones and those of panels lie anywhere.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import TYPE_CHECKING, Dict, List, Mapping, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_command import expand
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.layouts import Installed, prefix_of

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit

#: Of sysvinit and OpenRC, and of FreeBSD's ports.
SCRIPTS = ("/etc/init.d/", "/usr/local/etc/rc.d/")
SCRIPT_LIMIT = 64 * 1024
_PROGRAM = re.compile(r"/(?:\S*/)?s?bin/php[\d.]*-?fpm[\d.]*$")
_SETTING = re.compile(r"^\s*(\w+)=([\"']?)([^\"'\n#]*)\2", re.MULTILINE)


def of_units(host: Host, units: "Optional[Mapping[str, Unit]]") -> List[Installed]:
    """Each PHP-FPM that a unit starts with a main file that is there, whether its program is or not. Where none is named, that of its prefix counts."""
    found: List[Installed] = []
    for name, unit in sorted((units or {}).items()):
        words = _words(host, unit)
        program = next((word for word in words if _PROGRAM.match(word)), None)
        if program:
            prefix = option(words, "-p", "--prefix") or prefix_of(program)
            config = option(words, "-y", "--fpm-config") or os.path.join(prefix, "etc/php-fpm.conf")
            if host.exists(config):
                found.append(Installed(os.path.normpath(program), None, os.path.normpath(config), (), name))
    return found


def _words(host: Host, unit: "Unit") -> Sequence[str]:
    """The command of a unit; of an init script, all that it sets variables to."""
    argv = unit.get("exec") or []
    path = argv[0] if argv else unit.get("fragment") or ""
    if not path.startswith(SCRIPTS):
        return argv
    values: Dict[str, str] = {}
    for setting, _quote, value in _SETTING.findall(host.read(path, SCRIPT_LIMIT) or ""):
        values.setdefault(setting, " ".join(expand([value.strip()], values)))
    return [word for value in values.values() for word in value.split()]


def option(argv: Sequence[str], short: str, long: str) -> Optional[str]:
    """The value of an option of PHP-FPM's command; None where it is not given."""
    for index, word in enumerate(argv):
        if word in (short, long) and index + 1 < len(argv):
            return argv[index + 1]
        if word.startswith(long + "="):
            return word[len(long) + 1 :]
    return None
