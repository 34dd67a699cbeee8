# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backend's name has no address: nginx -t fails, and nginx neither starts nor takes a new configuration.

Signatures: upstream_host_not_found_at_start.

Looked at: nginx -t, the name, the resolver of the host.

Done: nginx is neither reloaded nor restarted: file, line and name are shown.

A quick fix: a restart stops an nginx that still serves, and it does not come back.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._nginx_check import Refusal, refusal

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.resolve import Resolved

_NAME = re.compile(r'host not found in (?:upstream|resolver) "([^"]{1,253})"')


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for host in fleet.proxies():
        refused = refusal(host)
        if refused and refused.is_missing_name:
            yield not_found(host, refused)


def not_found(host: Host, refused: Refusal) -> Finding:
    name, runs = name_in(refused.error), host.nginx.get("master")
    consequence = "nginx does not start before it has one"
    if runs:
        consequence = "nginx keeps serving with the addresses that it has, and is neither reloaded nor restarted"
    return Finding(
        cause=CAUSE.name,
        seen_from=host.name,
        on=host.name,
        subject=refused.place,
        evidence=(
            Evidence("config", "nginx -t: %s" % refused.error, 0.95),
            *(Evidence("name", "%s: %s" % (name, one.get("error") or "no address")) for one in unresolved(host, name)),
            *(log_evidence(record) for record in host.records if record["signature"] == CAUSE.name),
        ),
        says="nginx -t fails on %s: %s, a backend's name at %s, has no address" % (host.name, name, refused.place),
        why="%s finds no address for %s: check its DNS or /etc/hosts; %s" % (host.name, name, consequence),
        advice=(
            "getent ahosts %s   # on %s" % (shlex.quote(name), host.name),
            "nginx -t && %s   # once the name is found; never restart before nginx -t passes"
            % ("nginx -s reload" if runs else "systemctl start nginx"),
            "# what lasts: `resolver` and a variable in the pass directive at %s, so that one name does not stop all sites"
            % refused.place,
            "# where it fails at boot only: systemctl edit nginx; below [Unit]: Wants=network-online.target, After=network-online.target nss-lookup.target",
        ),
    )


def name_in(error: str) -> str:
    """The name that nginx's error is about, without its port."""
    found = _NAME.search(error)
    if not found:
        return "the name"
    return found.group(1).rpartition(":")[0] or found.group(1)


def unresolved(host: Host, name: str) -> list[Resolved]:
    """What libc said of the name in this look, where it had no address."""
    return [
        one
        for one in host.facts.get("names") or []
        if one["name"] == name and not one.get("resolver") and not one.get("addresses")
    ]


CAUSE = Cause(
    name="upstream_host_not_found_at_start",
    title="The name of a backend has no address",
    says="a backend's name in nginx's configuration on {on} has no address",
    find=find,
    set_off_by=("names", "route"),
)
