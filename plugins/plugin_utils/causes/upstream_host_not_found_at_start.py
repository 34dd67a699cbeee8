# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name of a backend has no address: nginx -t fails, nginx neither starts nor takes a new configuration.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes.nginx_config_invalid import (
    HOST_NOT_FOUND,
    broken,
)

_NAME = re.compile(r'host not found in (?:upstream|resolver) "([^"]{1,253})"')


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for host in fleet.proxies():
        test = broken(host)
        if test and HOST_NOT_FOUND in (test.get("error") or ""):
            yield not_found(host, test)


def not_found(host: Host, test: t.Mapping[str, t.Any]) -> Finding:
    told = _NAME.search(test["error"])
    name = told.group(1).rpartition(":")[0] or told.group(1) if told else "the name"
    where = test.get("where") or {}
    place = "%s:%s" % (where["file"], where["line"]) if where else "nginx.conf"
    runs = host.nginx.get("master")
    evidence = [Evidence("config", "nginx -t: %s" % test["error"], 0.95)]
    evidence += [Evidence("name", "%s: %s" % (name, one.get("error") or "no address")) for one in asked(host, name)]
    evidence += [log_evidence(record) for record in host.records if record["signature"] == CAUSE.name]
    consequence = (
        "nginx keeps serving with the addresses it has, and is neither reloaded nor restarted"
        if runs
        else "nginx does not start before it has one"
    )
    return Finding(
        cause=CAUSE.name,
        seen_from=host.name,
        on=host.name,
        subject=place,
        evidence=tuple(evidence),
        why="%s has no address for %s: look at its DNS or /etc/hosts; %s" % (host.name, name, consequence),
        advice=(
            "getent ahosts %s   # on %s" % (name, host.name),
            "nginx -t && %s   # once the name is found; never restart before nginx -t passes"
            % ("nginx -s reload" if runs else "systemctl start nginx"),
            "lasting: `resolver` and a variable in the pass directive at %s, so that one name does not stop all sites"
            % place,
            "After=network-online.target in nginx's unit, where it fails at boot only",
        ),
    )


def asked(host: Host, name: str) -> list[t.Mapping[str, t.Any]]:
    """What libc said of the name in this look, where it had no address."""
    return [
        one
        for one in host.facts.get("names") or []
        if one["name"] == name and not one.get("resolver") and not one.get("addresses")
    ]


CAUSE = Cause(name="upstream_host_not_found_at_start", title="The name of a backend has no address", find=find)
