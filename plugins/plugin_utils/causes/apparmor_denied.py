# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An AppArmor profile does not let nginx connect, or PHP-FPM start: a denial is recorded.

Signatures: apparmor_denied, unix_socket_permission, selinux_network_connect, unix_socket_missing, backend_port_closed.

Looked at: the audit records of the kernel, the socket's mode and owner, a direct connection, PHP-FPM's unit and php-fpm -t.

Done: nothing is changed: the denial and the profile are named, with the rule that would allow it.

A quick fix: aa-complain or aa-disable take the profile's protection from the whole daemon, not from the one path.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._denials import Denial, denials, fpm_denials
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_start import (
    DOWN,
    by_hand,
    config_is_refused,
    service_of,
    start_evidence,
    stopped_behind,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmFacts

SIGNATURE = "apparmor_denied"
#: EACCES: on a socket's path, and on TCP, where nothing but a policy gives it.
SYMPTOMS = ("unix_socket_permission", "selinux_network_connect")
#: Seconds before a unit failed in which its start was denied something.
START_SECONDS = 60.0
#: What AppArmor's rules call what its records ask for: whoever makes or removes a file writes.
MASKS = {"c": "w", "d": "w", "a": "w", "x": "ix"}


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.has(*SYMPTOMS):
            denial = next((one for one in denials(hop, SIGNATURE) if is_about(one, hop)), None)
            if denial:
                yield denied(hop, denial)
        elif hop.backend and hop.has(*DOWN) and not hop.backend.listener(hop.real_address):
            for fpm in stopped_behind(hop):
                found = at_start(hop.backend, fpm)
                if found:
                    yield start_denied(hop, hop.backend, fpm, found)
                    break


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


def at_start(host: Host, fpm: FpmFacts) -> list[Denial]:
    """What the last start of a PHP-FPM that failed was denied, or its check just now; one record for each rule that is missing."""
    unit = or_empty(host.unit(fpm.get("unit")))
    if unit.get("active") != "failed" and not config_is_refused(fpm):
        return []
    since = (unit.get("since") or 0.0) - START_SECONDS
    found = {rule_for(one): one for one in fpm_denials(host, SIGNATURE) if one.record["last"] >= since}
    return [one for rule, one in found.items() if rule]


def rule_for(denial: Denial) -> str:
    """The rule that would allow what was denied; empty where the record does not say what that was."""
    fields = denial.fields
    if fields.get("capname"):
        return "capability %s," % fields["capname"]
    if fields.get("family", "").startswith("inet"):
        return "network %s stream," % fields["family"]
    asked = {MASKS.get(letter, letter) for letter in fields.get("requested_mask", "")}
    if not asked or not fields.get("name", "").startswith("/"):
        return ""
    return "%s %s," % (in_a_rule(fields["name"]), "".join(sorted(asked, key="mrwlkix".find)))


def allowing(profile: str, rules: t.Iterable[str], host: Host) -> tuple[str, ...]:
    """Commands that add rules to a profile and put them in force."""
    file, local = files_of(profile)
    return (
        *("echo %s >>%s   # on %s" % (shlex.quote("  " + rule), local, host.name) for rule in rules),
        "apparmor_parser -r %s" % file,
    )


def denied(hop: Hop, denial: Denial) -> Finding:
    profile = denial.fields.get("profile") or "nginx"
    rule = "%s rw," % in_a_rule(hop.real_address.path) if hop.is_unix else "network inet stream,"
    *rules, load = allowing(profile, [rule], hop.proxy)
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*SYMPTOMS), log_evidence(denial.record)),
        on=hop.proxy.name,
        why="AppArmor's profile %s on %s has no rule for %s" % (profile, hop.proxy.name, hop.address),
        advice=(
            *rules,
            load + "   # in force at once; nginx is not restarted",
            "# do not use aa-complain: it lets nginx do everything, for good",
        ),
    )


def start_denied(hop: Hop, host: Host, fpm: FpmFacts, found: list[Denial]) -> Finding:
    profile = found[0].fields.get("profile") or "php-fpm"
    rules = [rule_for(one) for one in found]
    lacks = "has no rule for %s" % ", ".join(rule.rstrip(",") for rule in rules)
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*DOWN), *start_evidence(host, fpm, [one.record for one in found])),
        why="%s on %s does not start: AppArmor's profile %s %s" % (service_of(fpm), host.name, profile, lacks),
        advice=(
            *allowing(profile, rules, host),
            *by_hand(host, fpm),
            "# a start shows the next denial where one was hidden behind this: journalctl -k -g apparmor",
            "# do not use aa-complain: it lets PHP-FPM do everything, for good",
        ),
    )


CAUSE = Cause(
    name=SIGNATURE,
    title="AppArmor does not let nginx connect, or PHP-FPM start",
    says="AppArmor on {on} stands between nginx and {subject}",
    find=find,
    set_off_by=("labels", "backend"),
    outdoes=(
        "php_fpm_stopped",
        "php_fpm_config_invalid",
        "php_fpm_socket_dir_missing",
        "backend_start_fails",
        "stale_unix_socket",
    ),
)
