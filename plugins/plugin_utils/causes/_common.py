# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several causes ask in the same words.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding, Remedy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies


def on_hop(hop: Hop, cause: str, evidence: t.Iterable[Evidence], **more: t.Any) -> Finding:
    """A finding about a hop, on the host behind it unless on names another."""
    more.setdefault("on", hop.on)
    return Finding(
        cause=cause,
        seen_from=hop.proxy.name,
        subject=str(hop.address),
        evidence=tuple(evidence),
        routes=hop.route_ids,
        **more,
    )


def admin_says_no(name: str, unit: Facts | None) -> str | None:
    """Why an administrator wants this unit to stay down; None where nothing says so."""
    if unit is None:
        return None
    if "masked" in (unit.get("load"), unit.get("enabled")):
        return "%s is masked: an administrator wants it to stay down" % name
    if unit.get("enabled") == "disabled" and unit.get("active") == "inactive":
        return "%s is disabled and stopped: an administrator may want it so" % name
    return None


def unit_evidence(name: str, unit: Facts) -> Evidence:
    text = "%s is %s (%s), result %s, exit status %s" % (
        name,
        unit.get("active"),
        unit.get("sub"),
        unit.get("result"),
        unit.get("exit_status"),
    )
    return Evidence("unit", text)


def fpm_starts(host: Host, fpm: Facts) -> tuple[Remedy | None, str]:
    """The remedy that starts a stopped FPM, or the reason why it is left alone."""
    unit = host.unit(fpm.get("unit"))
    refusal = admin_says_no(fpm.get("unit") or fpm["binary"], unit)
    if refusal:
        return None, refusal
    if not fpm.get("unit"):
        return None, "no unit is known that starts %s" % fpm["binary"]
    return remedies.php_fpm(host, fpm, "started"), ""


#: listen.backlog of PHP-FPM where its config says nothing (fpm_sockets.h)
DEFAULT_BACKLOG = 511


def is_short(host: Host, listener: Facts | None) -> bool:
    """Whether the queue in force (listen.backlog, capped by net.core.somaxconn) is shorter than PHP-FPM's own default would be here."""
    backlog = listener.get("backlog") if listener else None
    return backlog is not None and backlog < min(DEFAULT_BACKLOG, host.system.get("somaxconn") or DEFAULT_BACKLOG)
