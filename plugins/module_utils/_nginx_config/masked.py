# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx's configuration as it may be shown in the output of a run.

Private to this collection: it may change in any release.
"""

import re
from typing import Container

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.blocks import PLAIN, SETTINGS
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.statements import parse
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import without_secrets

_COMMENT = re.compile(r"#[^\n]+")
#: Blocks whose lines begin with a value.
_TABLES = ("map", "geo", "split_clients")
#: Directives whose arguments are shown: all that this collection sets, and those that say where in the file it does.
SHOWN = (
    SETTINGS
    | PLAIN
    | frozenset(
        [
            "location",
            "server",
            "server_name",
            "listen",
            "upstream",
            "include",
            "user",
            "pid",
            "error_log",
            "worker_processes",
            "worker_connections",
            "worker_rlimit_nofile",
        ]
    )
)


def masked(text: str, names: Container[str]) -> str:
    """A configuration in which whatever may be a secret is *: comments, and what directives say that are neither SHOWN nor of these names."""
    parts, at = [], 0
    for one in parse(text).walk():
        if one.is_lua and one.body:
            start, end, said = one.body[0], one.body[1], " ******** "
        elif one.parent and one.parent.name in _TABLES:
            start, end, said = one.words[0].start, one.words[-1].end, "********"
        elif len(one.words) > 1:
            start, end = one.words[1].start, one.words[-1].end
            written = text[start:end]
            said = (
                without_secrets(written)
                if one.name in SHOWN or one.name in names or one.name.endswith("_pass")
                else "********"
            )
        else:
            continue
        parts += [_COMMENT.sub("# ********", text[at:start]), said]
        at = end
    return "".join([*parts, _COMMENT.sub("# ********", text[at:])])
