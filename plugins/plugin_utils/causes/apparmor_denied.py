# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx's AppArmor profile does not let it connect: a denial is recorded.

Signatures: apparmor_denied, unix_socket_permission, selinux_network_connect.

Looked at: the audit records of the kernel, the socket's mode and owner, a direct connection.

Done: nothing is changed: the denial and the profile are named, with the rule that would allow it.

A quick fix: aa-complain or aa-disable take the profile's protection from the whole daemon, not from the one path.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop, log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._denials import Denial, denials
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop

SIGNATURE = "apparmor_denied"
#: EACCES: on a socket's path, and on TCP, where nothing but a policy gives it.
SYMPTOMS = ("unix_socket_permission", "selinux_network_connect")


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if not hop.has(*SYMPTOMS):
            continue
        denial = next((one for one in denials(hop, SIGNATURE) if is_about(one, hop)), None)
        if denial:
            yield denied(hop, denial)


def is_about(denial: Denial, hop: Hop) -> bool:
    """Whether a denial is about this hop. One about the network has no address, only its family."""
    fields = denial.fields
    if hop.is_unix:
        return Address("", 0, fields.get("name", "")).normal() in (hop.address.normal(), hop.real_address.normal())
    return fields.get("family") in ("inet", "inet6") and fields.get("operation") in ("connect", "create")


def in_a_rule(path: str) -> str:
    """A path as AppArmor's rules have it: in quotes where it has a blank."""
    return '"%s"' % path if " " in path else path


def denied(hop: Hop, denial: Denial) -> Finding:
    profile = denial.fields.get("profile") or "nginx"
    # A profile that is named after its program is in a file of that name; one with a name of its own may be in any file.
    has_own_name = not profile.startswith("/")
    file = "FILE" if has_own_name else profile.strip("/").replace("/", ".")
    search = (
        ("grep -l %s /etc/apparmor.d/*   # shows the profile's FILE" % shlex.quote("profile %s" % profile),)
        if has_own_name
        else ()
    )
    rule = "%s rw," % in_a_rule(hop.real_address.path) if hop.is_unix else "network inet stream,"
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*SYMPTOMS), log_evidence(denial.record)),
        on=hop.proxy.name,
        why="AppArmor's profile %s on %s has no rule for %s" % (profile, hop.proxy.name, hop.address),
        advice=(
            *search,
            "echo %s >>/etc/apparmor.d/local/%s" % (shlex.quote("  " + rule), shlex.quote(file)),
            "apparmor_parser -r /etc/apparmor.d/%s   # in force at once; nginx is not restarted" % shlex.quote(file),
            "# do not use aa-complain: it lets nginx do everything, for good",
        ),
    )


CAUSE = Cause(
    name=SIGNATURE,
    title="AppArmor does not let nginx connect to the backend",
    says="AppArmor does not let nginx on {proxy} use {subject}",
    find=find,
)
