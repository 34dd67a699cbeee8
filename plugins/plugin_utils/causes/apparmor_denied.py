# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx's AppArmor profile does not let it connect: a denial is recorded.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop, log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._selinux_denials import denials

SIGNATURE = "apparmor_denied"
#: EACCES: on a socket's path, and on TCP, where nothing but a policy gives it.
SYMPTOMS = ("unix_socket_permission", "selinux_network_connect")


def about(hop: Hop, denied: t.Mapping[str, str]) -> bool:
    """Whether a denial is about this hop. One about the network names no address, only its kind."""
    if hop.is_unix:
        return Address("", 0, denied.get("name", "")).normal() in (hop.address.normal(), hop.real_address.normal())
    return denied.get("family") in ("inet", "inet6") and denied.get("operation") in ("connect", "create")


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        told = (
            [(record, denied) for record, denied in denials(hop, SIGNATURE) if about(hop, denied)]
            if hop.has(*SYMPTOMS)
            else []
        )
        if told:
            yield denied_to(hop, *told[0])


def denied_to(hop: Hop, record: Facts, denied: t.Mapping[str, str]) -> Finding:
    profile = denied.get("profile") or "nginx"
    # One that is named after its program is in a file of that name; one with a name of its own may be in any.
    file = profile.strip("/").replace("/", ".") if profile.startswith("/") else "FILE"
    which = (
        () if profile.startswith("/") else ("grep -l 'profile %s' /etc/apparmor.d/*   # the profile's FILE" % profile,)
    )
    rule = "%s rw," % hop.real_address.path if hop.is_unix else "network inet stream,"
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*SYMPTOMS), log_evidence(record)),
        on=hop.proxy.name,
        why="the profile %s of AppArmor on %s has no rule for %s" % (profile, hop.proxy.name, hop.address),
        advice=(
            *which,
            "echo '  %s' >>/etc/apparmor.d/local/%s" % (rule, file),
            "apparmor_parser -r /etc/apparmor.d/%s   # in force at once; nginx is not restarted" % file,
            "not aa-complain: it lets nginx do everything, for good",
        ),
    )


CAUSE = Cause(name=SIGNATURE, title="AppArmor keeps nginx from the backend", find=find)
