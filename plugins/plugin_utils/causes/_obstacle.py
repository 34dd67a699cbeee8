# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a unit from starting, and how it is started once that is mended.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._exit_codes import exit_words


class Obstacle(t.NamedTuple):
    """What keeps a unit from starting: in one line, the evidence, and what to do about it."""

    why: str
    evidence: tuple[Evidence, ...]
    advice: tuple[str, ...]


def start_again(host: Host, *names: str) -> str:
    """The command that starts a service once what kept it from starting is mended; where it is supervisord that runs, those of its programs that do not."""
    if names[-1].startswith("supervisor") and or_empty(host.unit(names[-1])).get("active") == "active":
        return "supervisorctl start all   # on %s, after that; programs that run are left as they are" % host.name
    return "systemctl daemon-reload; systemctl reset-failed %s; systemctl restart %s   # on %s, after that" % (
        " ".join(map(shlex.quote, names)),
        shlex.quote(names[-1]),
        host.name,
    )


def status_words(exit_status: int | None) -> str:
    """An exit status with what it means, where that says more than the number."""
    words = exit_words(None, exit_status)
    return "exit status %s%s" % (exit_status, ", " + words if words else "")
