# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What uwsgi's files leave to be filled in: names of the file itself (%n), and what stands further up (%(project)).

Private to this collection: it may change in any release.
"""

import os
import re
from typing import Dict, List, NamedTuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

#: Debian's uwsgi.service starts one server for each file of this folder, with what the second file says as well.
ENABLED = "/etc/uwsgi/apps-enabled/*.*"
INHERITED = "/usr/share/uwsgi/conf/default.ini"
DEFAULTS = "/etc/default/uwsgi"
LIMIT = 64 * 1024
_SET = re.compile(r"^\s*(?:set(?:-ph|-placeholder)?\s*=\s*)?([\w-]+)\s*=\s*([^\s#;]+)\s*$", re.MULTILINE)
_NAMED = re.compile(r"%\(([\w-]+)\)")
_INHERITED = re.compile(r"^INHERITED_CONFIG=[\"']?(/[^\s\"']+)", re.MULTILINE)
#: So often at most, as one value may have others in it.
DEPTH = 3


class App(NamedTuple):
    """One of Debian's servers: its own file, and the text of this and of what it inherits, filled in."""

    path: str
    own: str
    inherited: str


def filled_in(text: str, path: str) -> str:
    """The text of a file with its own names in their places; it has as many lines as before."""
    stem = os.path.splitext(os.path.basename(path))[0]
    values: Dict[str, str] = dict(_SET.findall(text))
    values.update({"deb-confname": stem, "deb-confnamespace": "app"})
    for _depth in range(DEPTH):
        text = _NAMED.sub(lambda found: values.get(found.group(1), found.group(0)), text)
        values.update(_SET.findall(text))
    letters = {"n": stem, "s": os.path.basename(path), "p": path, "d": os.path.dirname(path) + "/"}
    letters["c"] = os.path.basename(os.path.dirname(path))
    return re.sub(r"%([nspdc])(?![\w(])", lambda found: letters[found.group(1)], text)


def of_debian(host: Host) -> List[App]:
    """The servers of Debian's uwsgi.service."""
    named = _INHERITED.search(host.read(DEFAULTS, LIMIT) or "")
    inherited = host.read(named.group(1) if named else INHERITED, LIMIT) or ""
    found = []
    for path in host.glob(ENABLED):
        if not path.endswith("README"):
            found.append(App(path, filled_in(host.read(path, LIMIT) or "", path), filled_in(inherited, path)))
    return found
