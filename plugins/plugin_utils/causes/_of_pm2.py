# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backends that pm2 keeps running: where what they say is, and that pm2 itself ends them.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _user_programs as user_programs
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import asked_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import NOTHING, Explanation

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.user_programs import UserProgram

WATCHES = "pm2 watches the folder of %s, and starts it anew whenever a file in there changes, with what it works on: an upload that it saves there is enough"


def kept_by_pm2(hop: Hop, unit: str) -> UserProgram | None:
    """The program of pm2's behind a hop, by the address that it says or as the only one of its pm2; None where pm2 does not keep it. unit: of who listens."""
    host = hop.backend
    programs = [one for one in (host.facts.get("user_programs") or [] if host else []) if one["manager"] == "pm2"]
    named = [one for one in user_programs.owners(host, asked_address(hop)) if one in programs] if host else []
    of_unit = [one for one in programs if unit and one.get("unit") == unit and one.get("runs")]
    said = [one for one in named if one["declares"]] or of_unit
    return said[0] if len(said) == 1 else None


def log_of_pm2(one: UserProgram, on: str) -> str:
    """The command that shows what a program of pm2's says: pm2 keeps that, and the journal has nothing of it."""
    command = shlex.quote("pm2 logs %s --nostream --lines 50" % shlex.quote(one["name"]))
    return "su - %s -c %s   # on %s" % (shlex.quote(one["user"]), command, on)


def watched(hop: Hop, unit: str) -> Explanation:
    """That pm2 ends a program with the requests that it has, as it was told to watch its files."""
    one = kept_by_pm2(hop, unit)
    if one is None or not one.get("watch"):
        return NOTHING
    name = shlex.quote(one["name"])
    return Explanation(
        (
            Evidence(
                "config", "%s: %s of user %s is started with `watch`" % (one["file"], one["name"], one["user"]), 0.3
            ),
        ),
        WATCHES % one["name"],
        (
            "grep -E 'Change detected|exited with code' ~%s/.pm2/pm2.log | tail   # on %s: when, and for which file"
            % (shlex.quote(one["user"]), hop.on),
            "# `watch: false` in its ecosystem file, or no --watch, or ignore_watch: ['public', 'logs']; then, as %s: pm2 delete %s, start it so, pm2 save"
            % (one["user"], name),
        ),
    )
