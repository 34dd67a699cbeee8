# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that belong to a program of a user's own, which his systemd or pm2 keeps running.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._last_words import what_to_do

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.user_programs import UserProgram

SHOWN = 3


def owners(host: Host, address: Address) -> list[UserProgram]:
    """The programs that say they listen there; where none does, those that say nothing and that, or whose manager, does not run."""
    programs = host.facts.get("user_programs") or []
    named = [
        one for one in programs if any(is_there(read_address(at["address"]), address) for at in one["declares"] or ())
    ]
    return named or [
        one for one in programs if one["declares"] == [] and (not one["managed"] or one.get("runs") is False)
    ]


def unit_of_pm2(host: Host, address: Address) -> str:
    """The unit of the system that starts the pm2 which has a program saved for this address, where that pm2 does not run; empty elsewhere."""
    programs = [one for one in owners(host, address) if one["declares"] and not one["managed"]]
    units = {one.get("unit") or "" for one in programs}
    return units.pop() if len(units) == 1 else ""


def is_there(one: Address, asked: Address) -> bool:
    """Whether both are the same socket, or the same port of whichever address."""
    return one.normal() == asked.normal() if one.is_unix or asked.is_unix else one.port == asked.port


def found(hop: Hop, host: Host, cause: str, seen: tuple[Evidence, ...], programs: list[UserProgram]) -> Finding:
    """The finding that it is one of these that does not listen. It is the user's own: nothing is started in his name."""
    first = programs[0]
    texts = ["%s, %s" % (named(one), state(one)) for one in programs[:SHOWN]]
    evidence = [Evidence("config", "%s: %s" % (one["file"], text)) for one, text in zip(programs, texts)]
    why = "%s %s" % ("it is" if first["declares"] else "no unit is known that owns it; it may be", "; ".join(texts))
    said = first.get("last_words") or []
    evidence += [Evidence("backend_log", "%s says: %s" % (first["name"], line), 0.3) for line in said]
    why += "; its log ends with: %s" % " / ".join(said) if said else ""
    advice = [*what_to_do(" / ".join(said), host.name, manager=first["manager"])]
    advice += [line for one in programs[:SHOWN] for line in commands(one, host.name)]
    return on_hop(hop, cause, (*seen, *evidence), why=why, advice=tuple(dict.fromkeys(advice)))


def named(one: UserProgram) -> str:
    kept = "a service of this user's own systemd" if one["manager"] == "systemd" else "saved in this user's pm2"
    return "%s of user %s, %s" % (one["name"], one["user"], kept)


def state(one: UserProgram) -> str:
    """What its manager does, in words."""
    if one["managed"]:
        if one.get("runs"):
            return "which runs, and so does this program: it listens elsewhere, or not yet"
        gone = "which runs, and has stopped or given up this program"
        return gone if one.get("runs") is False else gone + ", or that listens elsewhere"
    if one["at_boot"]:
        return "which does not run, although it is set to start at boot"
    if one["manager"] == "pm2":
        return "which does not run, and nothing starts it at boot"
    return "which ends with the user's last session, as lingering is off"


def commands(one: UserProgram, on: str) -> t.Iterator[str]:
    """How the program is started and kept, and where it says why it does not run."""
    user, name = shlex.quote(one["user"]), shlex.quote(one["name"])
    if one["manager"] == "pm2":
        pm2 = "su - %s -c %%s   # on %s%%s" % (user, on)
        why = pm2 % (shlex.quote("pm2 logs %s --nostream --lines 50" % name), ": why it ends")
        if one["managed"]:
            yield pm2 % (shlex.quote("pm2 ls"), ": `errored` is what it has given up, `stopped` what somebody stopped")
            yield why
            yield pm2 % (shlex.quote("pm2 restart %s" % name), ", once that is mended")
        else:
            yield pm2 % (shlex.quote("pm2 resurrect"), "")
            yield why
        if not one["at_boot"]:
            yield "env PATH=$PATH:/usr/bin pm2 startup systemd -u %s --hp ~%s   # on %s: starts it at boot" % (
                user,
                user,
                on,
            )
        return
    if not one["at_boot"]:
        yield "loginctl enable-linger %s   # on %s: the user's services run without a session, and from boot on" % (
            user,
            on,
        )
    mine = "systemctl --user -M %s@ %%s %s   # on %s%%s" % (user, name, on)
    yield mine % ("restart", "")
    yield mine % ("status", "")
    yield "journalctl _UID=$(id -u %s) --user-unit %s -n 50 --no-pager   # on %s: why it ends" % (user, name, on)
