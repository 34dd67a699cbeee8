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


def files_of(profile: str) -> tuple[str, str]:
    """The file of a profile and that of an administrator's additions to it, as a shell takes them.

    A profile that is named after its program is in a file of that name; one with a name of its own may be in any file.
    """
    if profile.startswith("/"):
        name = shlex.quote(profile.strip("/").replace("/", "."))
        return "/etc/apparmor.d/" + name, "/etc/apparmor.d/local/" + name
    found = "$(grep -ls %s /etc/apparmor.d/* | head -n 1)" % shlex.quote("profile %s" % profile)
    return '"%s"' % found, '"/etc/apparmor.d/local/$(basename "%s")"' % found


def denied(hop: Hop, denial: Denial) -> Finding:
    profile = denial.fields.get("profile") or "nginx"
    file, local = files_of(profile)
    rule = "%s rw," % in_a_rule(hop.real_address.path) if hop.is_unix else "network inet stream,"
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*SYMPTOMS), log_evidence(denial.record)),
        on=hop.proxy.name,
        why="AppArmor's profile %s on %s has no rule for %s" % (profile, hop.proxy.name, hop.address),
        advice=(
            "echo %s >>%s   # on %s" % (shlex.quote("  " + rule), local, hop.proxy.name),
            "apparmor_parser -r %s   # in force at once; nginx is not restarted" % file,
            "# do not use aa-complain: it lets nginx do everything, for good",
        ),
    )


CAUSE = Cause(
    name=SIGNATURE,
    title="AppArmor does not let nginx connect to the backend",
    says="AppArmor does not let nginx on {proxy} use {subject}",
    find=find,
)
