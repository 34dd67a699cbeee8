# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP-FPM takes the proxy's connection and drops it: the proxy's address is not among listen.allowed_clients."""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_start import place_text
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._lost_fpm_requests import BrokenHop, broken_hops

SETTING = "listen.allowed_clients"
_DROPPED = re.compile(r"Connection disallowed: IP address '([^']{1,60})'")


def addresses(text: str) -> set[str]:
    """The addresses of a list, each in one form; words that are none are left out, as FPM does."""
    found = set()
    for word in text.split(","):
        try:
            found.add(str(ipaddress.ip_address(word.strip())))
        except ValueError:
            continue
    return found


def dropped(lines: t.Iterable[Facts]) -> str | None:
    """The address that FPM says it dropped last."""
    found = [_DROPPED.search(record["message"]) for record in lines]
    return next((match.group(1) for match in found if match), None)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for broken in broken_hops(fleet):
        setting = broken.pool["settings"].get(SETTING)
        source = broken.hop.source
        if broken.hop.is_unix or not setting or not setting["value"] or not source or not broken.present:
            continue
        allowed = addresses(setting["value"])
        lines = broken.told("fpm_allowed_clients")
        if str(ipaddress.ip_address(source)) not in allowed:
            yield shut_out(broken, setting, missing(broken, fleet, allowed), lines)
        elif dropped(lines) and addresses(dropped(lines) or "") - allowed:
            yield translated(broken, setting, source, lines)


def missing(broken: BrokenHop, fleet: Fleet, allowed: t.Collection[str]) -> dict[str, str]:
    """Addresses that are left out, of all proxies that ask this pool, each with its proxy: two that were added one by one would undo each other."""
    hops = [
        hop for hop in broken.hops_to_pool(fleet) if hop.source and str(ipaddress.ip_address(hop.source)) not in allowed
    ]
    return {str(hop.source): hop.proxy.name for hop in sorted(hops, key=lambda hop: str(hop.source))}


def shut_out(broken: BrokenHop, setting: Facts, sources: dict[str, str], lines: list[Facts]) -> Finding:
    source, proxy = broken.hop.source, broken.hop.proxy.name
    config = Evidence(
        "config",
        "%s = %s (%s) leaves out %s, from which %s connects"
        % (SETTING, setting["value"], place_text(setting["place"]), source, proxy),
    )
    value = ",".join([*(word.strip() for word in setting["value"].split(",") if word.strip()), *sources])
    added = ", ".join("%s of %s" % item for item in sources.items())
    note = "added to %s: %s, each as %s sees it" % (setting["value"], added, broken.host.name)
    remedy = remedies.php_fpm(
        broken.host, broken.fpm, "reloaded", pool=broken.name, settings={SETTING: value}, note=note
    )
    return on_hop(broken.hop, CAUSE.name, (*broken.seen(*lines), config), remedy=remedy)


def translated(broken: BrokenHop, setting: Facts, source: str, lines: list[Facts]) -> Finding:
    """The proxy's own address is allowed and another is dropped: the proxy's after a translation, or a stranger's."""
    address = dropped(lines)
    config = Evidence(
        "config",
        "%s = %s (%s) has %s, and PHP-FPM drops %s"
        % (SETTING, setting["value"], place_text(setting["place"]), source, address),
    )
    return on_hop(
        broken.hop,
        CAUSE.name,
        (*broken.seen(*lines), config),
        why="%s may be %s behind address translation, or a stranger: only you can say"
        % (address, broken.hop.proxy.name),
        advice=(
            "ss -tnH state established 'sport = :%s'   # on %s, while %s asks: which address comes in"
            % (broken.hop.address.port, broken.host.name, broken.hop.proxy.name),
            "%s = %s,%s   # in pool %s at %s; whoever has that address can run PHP there"
            % (SETTING, setting["value"], address, broken.name, place_text(setting["place"])),
            "systemctl reload %s" % (broken.fpm.get("unit") or "php-fpm"),
        ),
    )


CAUSE = Cause(name="fpm_allowed_clients", title="PHP-FPM does not allow the proxy's address", find=find)
