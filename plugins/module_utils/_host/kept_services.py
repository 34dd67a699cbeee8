# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of runit, daemontools and s6: folders with a script `run`, which one of their own keeps running.

Private to this collection: it may change in any release.
"""

import re
from typing import Iterator

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import Place
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_environment import words_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.supervised import FILES, READ_LIMIT, Program
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import plain

PATTERNS = (
    "/etc/service/*/run",
    "/service/*/run",
    "/var/service/*/run",
    "/run/service/*/run",
    "/opt/gitlab/service/*/run",
)
_EXEC = re.compile(r"^[ \t]*exec[ \t]+(?!2>)(.+?)(?:[ \t]*(?:[12]?>.*|\\))?$", re.MULTILINE)
_CD = re.compile(r"^[ \t]*cd[ \t]+[\"']?(/[^\s\"';&]+)", re.MULTILINE)
_VARIABLE = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=[\"']?([^\s\"']*)", re.MULTILINE)
#: What runs a program as somebody else, with its options.
_AS = re.compile(
    r"^(?:(?:chpst|setuidgid|s6-setuidgid|softlimit|envdir|s6-envdir)(?:[ \t]+-\w(?:[ \t]+[\w:./-]+)?)*[ \t]+(?:[\w:-]+[ \t]+(?=/))?)+"
)


def kept_services(host: Host) -> Iterator[Program]:
    """All of them, in the order of their folders."""
    for path in [path for pattern in PATTERNS for path in host.glob(pattern)][:FILES]:
        text = (host.read(path, READ_LIMIT) or "").replace("\\\n", " ")
        found = list(_EXEC.finditer(text))
        if found:
            words = words_of(_AS.sub("", found[-1].group(1)))
            folder = _CD.search(text)
            name = path.split("/")[-2]
            properties = plain(name, path, words, folder.group(1) if folder else "", dict(_VARIABLE.findall(text)))
            yield Program(name, properties, Place(path, text.count("\n", 0, found[-1].start()) + 1), [])
