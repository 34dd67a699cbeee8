# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration on disk is broken: the running nginx serves an older one, and a restart would end it."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host

#: nginx -t fails with this for a name that does not resolve; that is a cause of its own.
HOST_NOT_FOUND = "host not found in"


def broken(host: Host) -> t.Mapping[str, t.Any] | None:
    test = host.nginx.get("test") or {}
    return test if test.get("sound") is False else None


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for host in fleet.proxies():
        test = broken(host)
        if test and HOST_NOT_FOUND not in (test.get("error") or ""):
            yield invalid(
                host,
                test,
                CAUSE.name,
                "nginx keeps serving the configuration it has; it is neither reloaded nor restarted",
            )


def invalid(host: Host, test: t.Mapping[str, t.Any], cause: str, why: str) -> Finding:
    where = test.get("where") or {}
    place = "%s:%s" % (where.get("file"), where.get("line")) if where else "nginx.conf"
    return Finding(
        cause=cause,
        seen_from=host.name,
        on=host.name,
        subject=place,
        evidence=(Evidence("config", "nginx -t: %s" % test.get("error"), 0.95),),
        why=why,
        advice=("edit %s" % place, "nginx -t", "nginx -s reload   # never restart before nginx -t passes"),
    )


CAUSE = Cause(name="nginx_config_invalid", title="nginx's configuration on disk is broken", find=find)
