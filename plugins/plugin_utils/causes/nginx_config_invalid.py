# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration on disk is broken: the running nginx serves with an older one, and a restart would stop it.

Signatures: nginx_config_invalid.

Looked at: nginx -t, which configuration the running nginx has.

Done: nginx is neither reloaded nor restarted: file, line and reason are named.

A quick fix: a restart stops an nginx that still serves, and it does not come back.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._nginx_check import Refusal, refusal


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for host in fleet.proxies():
        refused = refusal(host)
        if refused and not refused.is_missing_name:
            yield broken(host, refused)


def broken(host: Host, refused: Refusal) -> Finding:
    return Finding(
        cause=CAUSE.name,
        seen_from=host.name,
        on=host.name,
        subject=refused.place,
        evidence=(Evidence("config", "nginx -t: %s" % refused.error, 0.95),),
        why="nginx keeps serving with the configuration that it has loaded; it is neither reloaded nor restarted",
        advice=(
            "# edit %s" % refused.place,
            "nginx -t",
            "nginx -s reload   # never restart before nginx -t passes",
        ),
    )


CAUSE = Cause(
    name="nginx_config_invalid",
    title="nginx's configuration on disk is broken",
    says="nginx's configuration on {on} is broken on disk",
    find=find,
)
