# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advice where it is not known which unit should listen on an address: how it is found.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import (
    Owner,
    asked_address,
    is_made_here,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._compose import of_compose_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._last_words import what_to_do
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._products import how_to_start
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._same_names import ignored
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._suspected_units import (
    about,
    of_sites_name,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import kept_down

#: Units that are shown at once.
MOST_SHOWN = 5
#: Beginnings of programs that listen and are no backend of a site.
NO_BACKENDS = ("sshd", "systemd", "init", "systemd-resolve", "dnsmasq", "master", "chronyd")
#: What works through queues and tables of times, and listens nowhere, by the names of units and programs.
WORKERS = re.compile(
    r"(?:^|[^a-z])(?:celery(?:beat|d)?|sidekiq|resque|dramatiq|huey|rqworker|horizon|workers?|queues?|beat|scheduler|cron|backup)(?:[^a-z]|$)"
)
BY_HAND = "# was it started by hand (nohup, screen, tmux, an init script that is not enabled)? Then nothing starts it after a boot: give it a unit"
BY_CONTAINER = (
    "# for nginx in its container %s is %s itself, no other container: start there what serves that port (in development mostly by hand: npm run dev, next dev,"
    " manage.py runserver), on all addresses (0.0.0.0), as no container gets to 127.0.0.1 of its host"
)
BY_CRON = "grep -rn @reboot /var/spool/cron /etc/crontab /etc/cron.d   # on %s: does cron start it at boot? Then nothing does once it has ended"


def made_here(host: Host) -> list[str]:
    """Services that an administrator made, wants to run, and that say nothing of where they listen: any of them may own an address."""
    units = host.units
    return [
        name
        for name, unit in units.items()
        if name.endswith(".service")
        and is_made_here(unit)
        and not unit.get("declares")
        and not unit.get("listened")
        and kept_down(name, unit) is None
        and not WORKERS.search(" ".join([name, *(unit.get("exec") or [])]))
    ]


def missed(host: Host) -> list[str]:
    """Services that do not run, of which nothing says where they listen: those that an admin made first, then those of packages that are wanted and have run
    since the boot, or failed, and those that were stopped since then."""
    packaged = [
        name
        for name, unit in host.units.items()
        if name.endswith(".service")
        and (
            unit.get("stopped")
            or (unit.get("enabled") == "enabled" and (unit.get("ended") or unit.get("active") == "failed"))
        )
        and not unit.get("declares")
        and not unit.get("listened")
        and not unit.get("named_in")
        and not name.startswith(NO_BACKENDS)
        and not WORKERS.search(" ".join([name, *(unit.get("exec") or [])]))
    ]
    wanted = dict.fromkeys((*made_here(host), *packaged))
    return [name for name in wanted if or_empty(host.unit(name)).get("active") != "active"]


def how_to_find(hop: Hop, host: Host, owner: Owner) -> tuple[str, ...]:
    """Advice where it is not known which unit should listen: those that could be meant, or where the address is written."""
    address = asked_address(hop)
    key = address.path if address.is_unix else str(address.port)
    keeper = how_to_start(address.path, host.name)
    if keeper and not owner.candidates:
        return (*keeper, *_other_listeners(hop, host))
    suspected: dict[str, str] = {}
    if not owner.candidates:
        suspected = dict.fromkeys(of_sites_name(hop, host), "has this site's name")
        suspected.update(dict.fromkeys(owner.suspected, ""))
    down = [] if owner.candidates or suspected else missed(host)
    known = owner.candidates or [*suspected] or down
    name_it = "# then name it for the next run: fix_502_backend_services: {'%s': %s}" % (
        key,
        known[0] if len(known) == 1 else "UNIT",
    )
    contained = () if owner.candidates or address.is_unix else of_compose_at(host, address.port)
    asked = "# %s asks for it at %s" % ("what is between" if hop.named_in else "nginx", named_at(hop))
    return (
        *contained,
        *((BY_CONTAINER % (hop.address.host, host.name),) if hop.proxy.within is host else ()),
        *(line for name, why in suspected.items() for line in about(host, name, address.port, why)),
        *_status_of(host, owner.candidates, down, key if not suspected else ""),
        *_other_listeners(hop, host),
        asked,
        *ignored(hop),
        *(_by_hand(host) if not known else ()),
        name_it,
    )


def _status_of(host: Host, candidates: t.Sequence[str], down: t.Sequence[str], key: str) -> tuple[str, ...]:
    """Commands that show the units that could be meant; where none are known, what names the key; nothing where that is empty."""
    if candidates:
        return ("systemctl status %s   # on %s: which of them?" % (" ".join(map(shlex.quote, candidates)), host.name),)
    if down:
        names = " ".join(map(shlex.quote, down[:MOST_SHOWN]))
        return (
            "systemctl status %s   # on %s: down; one of them?" % (names, host.name),
            *words_of(host, down[:MOST_SHOWN]),
        )
    if key:
        return (
            "grep -rnF %s /etc/systemd/system /etc/default /etc/init.d   # on %s: what names it?"
            % (shlex.quote(key), host.name),
        )
    return ()


def _by_hand(host: Host) -> tuple[str, ...]:
    """Advice where no unit is known at all."""
    by_cron = (BY_CRON % host.name,) if host.system.get("os", "linux") == "linux" else ()
    return (*by_cron, BY_HAND)


def words_of(host: Host, names: t.Sequence[str]) -> tuple[str, ...]:
    """What each of these that has failed said last, and what that asks for."""
    advice: list[str] = []
    for name in names:
        words = " / ".join(or_empty(host.unit(name)).get("last_words") or [])
        if words:
            advice += ["# the log of %s ends with: %s" % (name, words), *what_to_do(words, host.name, name)]
    return tuple(advice)


def _neighbours(hop: Hop, host: Host) -> tuple[str, ...]:
    """A command that shows which sockets are listened on beside the one that is missing: the service may call it otherwise by now."""
    folder = posixpath.dirname(hop.real_address.path)
    found = [
        (one.get("unit") or one.get("process") or "a process", one["path"])
        for one in or_empty(host.facts.get("listeners")).get("unix") or []
        if posixpath.dirname(one["path"]) == folder and folder not in ("/run", "/tmp")  # noqa: S108 - read, not written
    ]
    if not found:
        return ()
    return (
        "ss -lxnp src '%s/*'   # on %s: has the socket another name? There are: %s"
        % (folder, host.name, ", ".join("%s on %s" % one for one in sorted(set(found))[:5])),
    )


def _other_listeners(hop: Hop, host: Host) -> tuple[str, ...]:
    """A command that shows who listens on other ports of the host, or on sockets beside: the service may have moved."""
    if hop.is_unix:
        return _neighbours(hop, host)
    listeners = or_empty(host.facts.get("listeners")).get("tcp") or []
    # nginx itself is a backend where it runs on another host than the one that asks.
    others = NO_BACKENDS if host is not hop.proxy else (*NO_BACKENDS, "nginx")
    asked = {peer.rpartition(":")[2] for route in hop.proxy.config.get("routes") or [] for peer in route["peers"]}
    named = [
        (one.get("unit") or one["process"] or "", one["port"])
        for one in listeners
        if one.get("process") and not (one["process"] or "").startswith(others)
    ]
    # What nobody asks for first, as of the others it is known what they are for; then what is near: 8201 where 8200 is asked.
    port = asked_address(hop).port
    named.sort(key=lambda one: (str(one[1]) in asked, abs(one[1] - port)))
    found: dict[str, list[int]] = {}
    for name, open_port in dict.fromkeys(named):
        found.setdefault(name, []).append(open_port)
    if not found:
        return ()
    shown = ["%s on port %s" % (name, ", ".join(map(str, ports[:MOST_SHOWN]))) for name, ports in found.items()]
    return ("ss -ltnp   # on %s: has the service moved? These listen: %s" % (host.name, "; ".join(shown[:MOST_SHOWN])),)
