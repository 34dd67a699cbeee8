# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that listen where their program does by itself, as far as is seen: no line of theirs is known that says so.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import read_declared
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_options import SERVERS, plain_name
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._places import is_same_place

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import DeclaredAddress

SYSTEM = ("/bin", "/lib", "/sbin", "/usr")


def is_habit(host: Host, name: str, declared: DeclaredAddress) -> bool:
    """Whether what is declared for a unit is where its program listens by itself: the place is then that of its command, which says nothing of it."""
    unit = or_empty(host.unit(name))
    programs = [one for one in map(plain_name, unit.get("exec") or []) if one in SERVERS]
    own = [read_declared(str(SERVERS[one].default)) for one in programs if SERVERS[one].default]
    there = read_address(declared["address"])
    return any(one and is_same_place(one, there) for one in own) and declared["file"] == unit.get("fragment")


def line_to_find(host: Host, name: str, there: Address) -> str:
    """The command that finds the file in which a service has where it listens: in /etc, or beside its program."""
    folders = [posixpath.dirname(posixpath.dirname(one)) for one in or_empty(host.unit(name)).get("exec") or []]
    own = [one for one in dict.fromkeys(folders) if one.count("/") > 1 and not one.startswith(SYSTEM)]
    return (
        "grep -rnwI --exclude-dir=nginx %s %s 2>/dev/null   # on %s: which file of %s says so? Another one there, and it has to be started again"
        % (there.port or shlex.quote(there.path), shlex.join(["/etc", *own]), host.name, name)
    )
