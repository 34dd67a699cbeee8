# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that may be meant by an address of which nothing says whose it is: by files below /etc that name it, or by the name of the site.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.name_words import is_alike, words_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._habits import habit
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._last_words import what_to_do
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._own_ports import is_its_own
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._places import listens_on, port_or_path
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._start_problems import of_start_problems
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import start_command

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import DeclaredAddress

SHOWN = 3
_STATES = {"active": "runs", "failed": "has failed", "activating": "is started again and again"}


def named_in(host: Host, address: Address) -> dict[str, str]:
    """FILE:LINE of where a file that bears a unit's name names an address, by unit: of those that do not run, where there are any."""
    place = address.path or str(address.port)
    found = {
        name: "%s:%d" % (one["file"], one["line"])
        for name, unit in host.units.items()
        for one in unit.get("named_in") or []
        if one["address"] == place
    }
    down = {name: at for name, at in found.items() if or_empty(host.unit(name)).get("active") != "active"}
    return down or found


def at_its_own(host: Host, address: Address, named: t.Mapping[str, str]) -> dict[str, str]:
    """Services whose program, or a part of it, has a port by itself; those of them alone for which a file names it, where there are any."""
    found = {
        name: named.get(name, "")
        for name, unit in host.units.items()
        if not address.is_unix and name.endswith(".service") and is_its_own(name, unit.get("exec") or (), address.port)
    }
    return {name: at for name, at in found.items() if at} or found


def of_sites_name(hop: Hop, host: Host) -> list[str]:
    """Units that run and listen elsewhere, have failed or were stopped, and whose name has a word of the site's: its server names, its upstream, its file."""
    words = words_of(_names_of(hop))
    return [
        name
        for name, unit in host.units.items()
        if name.endswith(".service") and name != host.nginx.get("unit")
        if unit.get("active") in _STATES or unit.get("stopped")
        if is_alike(name[: -len(".service")], words)
    ]


def about(host: Host, name: str, port: int, why: str = "") -> tuple[str, ...]:
    """Advice about one of them. port: the one that is asked for. why: what speaks for it, where that was not said yet."""
    unit = or_empty(host.unit(name))
    called = "# %s (%s)" % (name, why) if why else "# " + name
    if unit.get("active") == "active":
        places = [port_or_path(one) for one in dict.fromkeys(listens_on(host, name))]
        where = "listens on %s" % ", ".join(places) if places else "listens nowhere"
        known = habit(name, unit.get("exec") or (), port, host.name)
        return (
            "%s runs, and %s: has it another port by now, or a part of it that does not run?" % (called, where),
            *((known.line,) if known else ()),
            "systemctl status %s   # on %s" % (shlex.quote(name), host.name),
        )
    problem = of_start_problems(host, name, unit)
    if problem:
        return ("%s: %s" % (called, problem.why.partition(" ")[2]), *problem.advice)
    words = " / ".join(unit.get("last_words") or [])
    state = "is masked" if unit.get("load") == "masked" else _STATES.get(unit.get("active") or "", "is down")
    said = ("# its log ends with: %s" % words, *what_to_do(words, host.name, name)) if words else ()
    would = tuple(_would_listen(host, name, one) for one in (unit.get("declares") or [])[:SHOWN])
    start, once = start_command(name, unit or None), ""
    if said:
        once = "once that is mended, "
    if unit.get("active") == "activating":
        start, once = "systemctl restart %s" % shlex.quote(name), "once that is mended, "
    return (
        "%s %s" % (called, state),
        *would,
        *said,
        "%s   # on %s: %sif it is what serves this" % (start, host.name, once),
    )


def _would_listen(host: Host, name: str, declared: DeclaredAddress) -> str:
    """Where a unit that does not run would listen, and who has that."""
    place = read_address(declared["address"])
    has = [] if place.is_unix else host.tcp_listeners(place.port)
    by = next((one.get("unit") or one.get("process") for one in has), None)
    taken = ", which %s has" % by if has and by and by != name else ""
    return "# by %s:%d it would listen on %s%s" % (declared["file"], declared["line"], place.bare, taken)


def _names_of(hop: Hop) -> t.Iterator[str]:
    for route in hop.routes:
        yield from route["server_names"]
        yield posixpath.basename(route["server_place"]["file"])
    yield hop.address.host
