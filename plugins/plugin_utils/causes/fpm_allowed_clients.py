# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP-FPM accepts the proxy's connection and drops it: the proxy's address is not in listen.allowed_clients.

Signatures: fpm_allowed_clients, upstream_connection_reset, upstream_closed_prematurely.

Looked at: listen.allowed_clients of the pool, the address from which nginx connects, PHP-FPM's log.

Done: the proxy's address is added, in a drop-in of the pool.

A quick fix: an empty list lets every host that reaches the port run PHP code.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import ENDED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line, on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._lost_fpm_requests import LossyHop, lossy_hops

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import FpmSetting

SETTING = "listen.allowed_clients"
_DROPPED = re.compile(r"Connection disallowed: IP address '([^']{1,60})'")


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for lossy in lossy_hops(fleet):
        setting = lossy.pool["settings"].get(SETTING)
        source = lossy.hop.source
        if lossy.hop.is_unix or not setting or not setting["value"] or not source or not lossy.is_present:
            continue
        allowed = addresses(setting["value"])
        lines = lossy.own_lines("fpm_allowed_clients")
        dropped = last_dropped(lines)
        if str(ipaddress.ip_address(source)) not in allowed:
            yield left_out(lossy, setting, missing(lossy, fleet, allowed), lines)
        elif dropped and addresses(dropped) - allowed:
            yield translated(lossy, setting, dropped, lines)


def addresses(text: str) -> set[str]:
    """The addresses of a list, each in its one spelling. Words that are none are left out, as PHP-FPM does."""
    found = set()
    for word in text.split(","):
        try:
            found.add(str(ipaddress.ip_address(word.strip())))
        except ValueError:
            continue
    return found


def last_dropped(lines: t.Iterable[LogRecord]) -> str | None:
    """The address that PHP-FPM logged as dropped last."""
    found = [_DROPPED.search(record["message"]) for record in lines]
    return next((match.group(1) for match in found if match), None)


def missing(lossy: LossyHop, fleet: Fleet, allowed: t.Collection[str]) -> dict[str, str]:
    """The addresses that are left out, each with its proxy, of all proxies that ask this pool: added one by one, they would undo each other."""
    hops = [
        hop for hop in lossy.hops_to_pool(fleet) if hop.source and str(ipaddress.ip_address(hop.source)) not in allowed
    ]
    return {str(hop.source): hop.proxy.name for hop in sorted(hops, key=lambda hop: str(hop.source))}


def left_out(lossy: LossyHop, setting: FpmSetting, sources: t.Mapping[str, str], lines: list[LogRecord]) -> Finding:
    """The proxy's address is not allowed. sources: the addresses to add, each with its proxy."""
    place = file_and_line(setting["place"])
    text = "%s = %s (%s) leaves out %s, from which %s connects"
    config = Evidence("config", text % (SETTING, setting["value"], place, lossy.hop.source, lossy.hop.proxy.name))
    value = ",".join([*(word.strip() for word in setting["value"].split(",") if word.strip()), *sources])
    added = ", ".join("%s of %s" % item for item in sources.items())
    note = "added to %s: %s, each as %s sees it" % (setting["value"], added, lossy.host.name)
    remedy = remedies.php_fpm(lossy.host, lossy.fpm, "reloaded", pool=lossy.name, settings={SETTING: value}, note=note)
    return on_hop(lossy.hop, CAUSE.name, (*lossy.evidence(*lines), config), remedy=remedy)


def translated(lossy: LossyHop, setting: FpmSetting, dropped: str, lines: list[LogRecord]) -> Finding:
    """The proxy's own address is allowed and another one is dropped: the proxy's after address translation, or a stranger's."""
    place, proxy = file_and_line(setting["place"]), lossy.hop.proxy.name
    text = "%s = %s (%s) has %s, and PHP-FPM drops %s"
    config = Evidence("config", text % (SETTING, setting["value"], place, lossy.hop.source, dropped))
    return on_hop(
        lossy.hop,
        CAUSE.name,
        (*lossy.evidence(*lines), config),
        why="%s may be %s behind address translation, or a stranger: only you can know" % (dropped, proxy),
        advice=(
            "ss -tnH state established 'sport = :%d'   # on %s, while %s asks: which address comes in?"
            % (lossy.hop.address.port, lossy.host.name, proxy),
            "# if it is %s: %s = %s,%s in pool %s at %s; whoever has that address can run PHP there"
            % (proxy, SETTING, setting["value"], dropped, lossy.name, place),
            "systemctl reload %s   # on %s" % (shlex.quote(lossy.fpm.get("unit") or "php-fpm"), lossy.host.name),
        ),
    )


CAUSE = Cause(
    name="fpm_allowed_clients",
    title="PHP-FPM does not allow the proxy's address",
    says="PHP-FPM on {on} does not allow {proxy}'s address",
    find=find,
    set_off_by=("backend",),
    # A pool that drops every connection of this proxy drops those around a reload, too.
    outdoes=(*ENDED, "fpm_reload_cuts_requests"),
)
