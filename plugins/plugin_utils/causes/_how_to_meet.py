# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes nginx and a service meet that listens elsewhere: another setting of the one or of the other.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, is_any, read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import is_made_here
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._by_habit import is_habit, line_to_find
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._habits import Habit
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._places import is_same_place
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._same_names import ignored

#: Ports on which mostly TLS is spoken, and how others of that kind end; 5001 is that of ASP.NET.
TLS_PORTS = (5001, 7001)
TLS_ENDING = "443"


def how_to_meet(hop: Hop, host: Host, name: str, there: list[Address], known: Habit | None) -> tuple[str, ...]:
    """What makes nginx and the service meet. known: what its product is known for."""
    asked = hop.real_address
    alike = [one for one in there if one.is_unix == asked.is_unix] or there
    written = [read_address(one["address"]) for one in or_empty(host.unit(name)).get("declares") or []]
    pick = next((one for one in alike if any(is_same_place(one, other) for other in written)), alike[0])
    is_everywhere = not pick.is_unix and is_any(pick.host)
    bare = Address((asked.host or "127.0.0.1") if is_everywhere else pick.host, pick.port, pick.path).bare
    said = [
        one
        for one in or_empty(host.unit(name)).get("declares") or []
        if any(is_same_place(read_address(one["address"]), place) for place in there)
    ]
    again = (
        "systemctl daemon-reload; systemctl restart %s   # on %s, if its configuration was changed after it was started; it loses what it works on"
        % (shlex.quote(name), host.name)
    )
    its = (
        "# let it listen on %s: %s:%d says %s" % (_to_be(hop, pick).bare, said[0]["file"], said[0]["line"], pick.bare)
        if said
        else ""
    )
    if said and is_habit(host, name, said[0]):
        its, said = line_to_find(host, name, pick), []
    is_tls = pick.port in TLS_PORTS or str(pick.port).endswith(TLS_ENDING)
    by_tls = ", with https:// if it has TLS there" if is_tls and hop.scheme == "http" else ""
    return (
        "ss -l%snp   # on %s: where it listens" % ("x" if pick.is_unix else "t", host.name),
        *(() if known and known.port else (its,) if its else (again, *_by_setting(hop, name, host))),
        *(_other_file(asked, said[0]["file"], name, host) if said else ()),
        *(
            ()
            if known and known.is_part
            else ("# or write %s instead of %s at %s%s" % (*_written(hop, bare, pick), named_at(hop), by_tls),)
        ),
        *ignored(hop),
    )


def _to_be(hop: Hop, pick: Address) -> Address:
    """Where a service should listen: of the numbers of a name of this host, at the one that it has now."""
    asked = hop.real_address
    is_near = hop.address.is_name and asked.is_loopback and not pick.is_unix
    return Address(pick.host, asked.port, "") if is_near else asked


def _written(hop: Hop, bare: str, pick: Address) -> tuple[str, str]:
    """How an address is written in place of the one that nginx asks: with its scheme where one of the two is a path, which has another form."""
    asked = hop.address if hop.address.is_name else hop.real_address
    if pick.is_unix == asked.is_unix or hop.routes[0]["pass"]["upstream"]:
        return bare, asked.bare
    scheme = hop.scheme + "://" if hop.family in ("proxy", "grpc") else ""
    return (
        "%s%s%s" % (scheme, "unix:" if pick.is_unix else "", bare),
        "%s%s%s" % (scheme, "unix:" if asked.is_unix else "", asked.bare),
    )


def _by_setting(hop: Hop, name: str, host: Host) -> tuple[str, ...]:
    """How a service of which nothing says where it listens is set to listen where nginx asks."""
    asked, unit = hop.real_address, or_empty(host.unit(name))
    if asked.is_unix:
        return ()
    program = (unit.get("exec") or [""])[0]
    if unit and not is_made_here(unit) and program.startswith("/usr/") and host.system.get("family") == "debian":
        return (
            "grep -rnisE '^[^#;]*\\b(listen|bind(-?address)?|port|address)\\b' $(dpkg-query -Wf '${Conffiles}' $(dpkg -S %s | cut -d: -f1) | awk '{print $1}')"
            " /etc/%s"
            "   # on %s: what the files of its package say of where it listens"
            % (shlex.quote(program), shlex.quote(name.partition(".")[0]), host.name),
        )
    return (
        "systemctl edit %s   # on %s: or let it listen there: Environment=PORT=%d below [Service] where it reads that, else its own option or setting"
        % (shlex.quote(name), host.name, asked.port),
    )


def _other_file(asked: Address, read: str, name: str, host: Host) -> tuple[str, ...]:
    """How a file is found that says the port which nginx asks, and that the service does not read; nothing where units say it, or of sockets."""
    if asked.is_unix or read.startswith(("/etc/systemd/", "/lib/systemd/", "/usr/lib/systemd/")):
        return ()
    return (
        "grep -rnwI --exclude-dir=nginx %d /etc /usr/local/etc 2>/dev/null   # on %s: does another file say so? %s reads %s"
        % (asked.port, host.name, name, read),
    )
