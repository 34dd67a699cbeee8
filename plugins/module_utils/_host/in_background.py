# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that put themselves in the background, in units that take a service for ended when its command ends.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import (
    Properties,
    argv_of,
    is_set,
)

#: By the program: the option that does it.
_BY_OPTION = (
    (re.compile(r"gunicorn|unicorn|unicorn_rails|rainbows|rackup"), re.compile(r"-D$|--daemon(?:ize)?$")),
    (re.compile(r"puma|thin"), re.compile(r"-d$|--daemon(?:ize)?$")),
    (re.compile(r"uwsgi"), re.compile(r"-d$|--daemonize2?(?:=|$)")),
    (re.compile(r"starman|plackup"), re.compile(r"-D$|--daemonize$")),
)
#: By the program: the option without which it does.
_BY_ITSELF = (
    (re.compile(r"hypnotoad"), re.compile(r"-f$|--foreground$"), "-f"),
    (re.compile(r"supervisord"), re.compile(r"-n$|--nodaemon$"), "-n"),
)
_PM2 = ("start", "restart", "reload", "resurrect", "startOrRestart")


def in_background(properties: Properties) -> Optional[str]:
    """That the command of a unit ends at once, as it leaves its work to the background, and what to write; None where it is not so."""
    if properties.get("Type", "simple") not in ("simple", "exec", "") or is_set(properties, "RemainAfterExit"):
        return None
    if properties.get("KillMode") in ("process", "none"):
        return None
    argv = argv_of(properties)
    names = [os.path.basename(word) for word in argv[:4] if not word.startswith("-")]
    for name in names:
        option = next(
            (word for program, does in _BY_OPTION if program.match(name) for word in argv[1:] if does.match(word)), ""
        )
        if option:
            return _words("%s %s" % (name, option), "leave %s out" % option.partition("=")[0])
        stays = next(((not_, how) for program, not_, how in _BY_ITSELF if program.match(name)), None)
        if stays and not any(map(stays[0].match, argv[1:])):
            return _words("%s without %s" % (name, stays[1]), "write %s" % stays[1])
        if name == "pm2" and "--no-daemon" not in argv and any(word in _PM2 for word in argv):
            return _words("pm2 %s" % next(word for word in argv if word in _PM2), "write --no-daemon (or pm2 startup)")
    return None


def _words(command: str, mend: str) -> str:
    return (
        "%s goes into the background and ends, and systemd ends what is left (Type=simple): %s, or set Type=forking"
        % (
            command,
            mend,
        )
    )
