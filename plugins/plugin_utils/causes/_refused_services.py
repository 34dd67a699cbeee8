# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the database or cache that a service is refused by listens now, and how that is started.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, is_loopback
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._exit_codes import exit_words
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._refused_words import (
    SERVICES,
    Target,
    named_by,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import killed_for_memory, start_command

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.needed_services import Needed

SHOWN = 3
#: Other protocols of these products: X of MySQL, nodes and pages of RabbitMQ, nodes of Elasticsearch and of Redis.
OF_OTHERS = frozenset({33060, 4369, 15672, 25672, 9300, 16379})
_LOCAL = ("", "localhost", "localhost.localdomain", "ip6-localhost")


def _is_own(host: Host, name: str) -> bool | None:
    """Whether a name or number is the host itself; None where its own are not known."""
    own = host.system.get("addresses")
    if name in _LOCAL or name.startswith("127.") or is_loopback(name):
        return True
    if not own:
        return None
    return name in own or name == host.system.get("hostname")


def _listens(host: Host, target: Target) -> bool | None:
    """Whether somebody listens there by now; None where that cannot be seen from here, or nobody says what it is."""
    if not host.sees("listeners") or not _is_own(host, target.host) or target.leads_nowhere:
        return None
    if target.path:
        return host.unix_listener(Address("", 0, target.path)) is not None
    return bool(host.tcp_listeners(target.port)) if target.port else None


def refusing(host: Host, said: str, needs: t.Sequence[Needed] = ()) -> Target | None:
    """What a service was refused by, as its words or its environment say, and that does not listen now as far as is known; None where nothing is missing.

    A Target without address: it was refused, and nothing says by whom."""
    targets = named_by(said, needs) if host.sees("listeners") else []
    silent = [one for one in targets if _listens(host, one) is False]
    unseen = [one for one in targets if _listens(host, one) is None]
    return next(iter((*unseen, *silent) if unseen and unseen[0].host else (*silent, *unseen)), None)


def silent_now(host: Host, said: str, needs: t.Sequence[Needed] = ()) -> bool:
    """Whether nobody listens now where a service was refused, or that is on another host."""
    target = refusing(host, said, needs)
    return target is not None and bool(target.host or target.path or target.port)


def what_it_waits_for(host: Host, said: str, needs: t.Sequence[Needed] = ()) -> str:
    """That nobody listens where a service connects to, that this is on another host, or that nothing says what it is; empty where it does not wait."""
    target = refusing(host, said, needs)
    if target is None:
        return ""
    by = " (%s)" % target.product if target.product else ""
    place = "; that is what %s says" % target.stands_at if target.stands_at else ""
    if target.leads_nowhere:
        return "the name %s, which it connects to, could not be resolved" % target.host
    if not _is_own(host, target.host):
        is_number = target.host[:1].isdigit() or ":" in target.host
        there = ", which is no address of this host" if is_number else "%s, which is not this host" % by
        return "it does not get through to %s%s%s" % (_bare(target), there, place)
    if not target.path and not target.port:
        return "it was refused where it connects to, and does not say what that is"
    if target.is_guess:
        text = "it was refused by %s, and nothing listens on port %d of this host" % (target.product, target.port or 0)
    else:
        text = "nothing listens on %s%s, which it connects to%s" % (
            target.path or "port %d" % (target.port or 0), by, place,
        )  # fmt: skip
    instead = listens_instead(host, target)
    if instead:
        return "%s; %s listens on %s instead" % (text, instead[0].unit, ", ".join(one.address.bare for one in instead))
    return text + _why_down(host, target)


class Elsewhere(t.NamedTuple):
    """Where the product that a service connects to listens, and its unit."""

    unit: str
    address: Address


def listens_instead(host: Host, target: Target) -> list[Elsewhere]:
    """Where the only unit of the product that a service connects to listens; [] where none does, or several."""
    starts = _beginnings(target) if target.product else ()
    listeners = or_empty(host.facts.get("listeners"))
    found = [
        Elsewhere(one.get("unit") or "", Address(one["address"], one["port"]))
        for one in listeners.get("tcp") or []
        if one["port"] not in OF_OTHERS
    ] + [Elsewhere(one.get("unit") or "", Address("", 0, one["path"])) for one in listeners.get("unix") or []]
    own = [one for one in found if starts and one.unit.startswith(starts)]
    return own[:SHOWN] if len({one.unit for one in own}) == 1 else []


def _down(host: Host, target: Target) -> list[str]:
    """The units of the product that a service connects to, or of any, that do not run."""
    units = host.units
    return [
        one
        for one in units
        if one.startswith(_beginnings(target))
        and one.endswith(".service")
        and or_empty(units[one]).get("active") != "active"
    ]


def _beginnings(target: Target) -> tuple[str, ...]:
    return tuple(one for name, starts in SERVICES.values() if target.product in (name, "") for one in starts)


def _why_down(host: Host, target: Target) -> str:
    """How the only unit of the product has failed, in words; empty where it was stopped, or none is known."""
    down = _down(host, target) if target.product else []
    unit = host.unit(down[0]) if len(down) == 1 else None
    if unit is None or unit.get("active") != "failed":
        return ""
    words = exit_words(unit.get("result"), unit.get("exit_status"))
    return ": %s has failed%s" % (down[0], " (%s)" % words if words else "")


def _bare(target: Target) -> str:
    return "%s:%d" % (target.host, target.port) if target.port else target.host


def how_to_serve_it(host: Host, said: str, needs: t.Sequence[Needed] = ()) -> tuple[str, ...]:
    """How what it waits for is started, where it is known what that is, or asked whether it answers; nothing elsewhere."""
    target = refusing(host, said, needs)
    if target is None:
        return ()
    if not _is_own(host, target.host):
        return _of_another_host(host, target)
    if not target.product and target.port:
        return ()
    instead = listens_instead(host, target)
    if instead:
        where = "at %s" % target.stands_at if target.stands_at else "in its settings"
        wanted = target.path or "port %d" % (target.port or 0)
        return (
            "systemctl cat %s; ss -ltnp | grep %s   # on %s: by which file does it listen on %s?"
            % (shlex.quote(instead[0].unit), shlex.quote(instead[0].address.bare), host.name, instead[0].address.bare),
            "# write that %s, in place of %s, and start the service again; or let %s listen on %s as before"
            % (where, wanted, instead[0].unit, wanted),
        )
    down, units = _down(host, target), host.units
    find = "systemctl list-units --all %s" % " ".join(shlex.quote(one + "*") for one in _beginnings(target))
    start = start_command(down[0], units[down[0]]) if len(down) == 1 else find
    killed = killed_for_memory(down[0], units[down[0]], host.name) if len(down) == 1 else ()
    if target.product:
        other = " or socket" if target.path else ""
        return (
            "%s   # on %s: %s; after an upgrade it may have another port%s" % (start, host.name, target.product, other),
            *killed,
        )
    return (
        "%s   # on %s: %s"
        % (start, host.name, "down; is it that?" if len(down) == 1 else "do its database and cache run?"),
        "# what it connects to stands in its settings: Environment=, EnvironmentFile=, .env or a file of its own",
    )


def _of_another_host(host: Host, target: Target) -> tuple[str, ...]:
    known = () if target.host[:1].isdigit() or ":" in target.host else (
        "getent hosts %s   # on %s: where does that name lead? Where nowhere: a line of /etc/hosts, its DNS server, or another name in its settings"
        % (shlex.quote(target.host), host.name),
    )  # fmt: skip
    if not target.port:
        return known
    return (*known, does_it_answer(host, target.host, target.port))


def does_it_answer(host: Host, to: str, port: int) -> str:
    """A command that shows whether a host that is not looked at takes connections of this one, and what to look for where it does not."""
    return (
        "timeout 5 bash -c '</dev/tcp/%s/%d' && echo answers   # on %s; where not: is it up there, does it listen on that address, does a firewall refuse it?"
        % (to, port, host.name)
    )
