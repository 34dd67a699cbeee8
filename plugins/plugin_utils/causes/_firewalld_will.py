# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody had firewalld refuse on purpose: the proxy's very address, or all that a policy does not let in. Each is for an administrator to lift.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import firewalld
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.opening import Wanted
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.firewall_verdict import Verdict
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop


def refused_on_purpose(hop: Hop, host: Host, cause: str, found: Verdict, seen: tuple[Evidence, ...]) -> Finding | None:
    """Advice where a rich rule of a zone or a policy refuses; None where a zone does with the proxy what it does with everybody."""
    chain = found.chain or ""
    policy = firewalld.policy_of_chain(chain)
    if policy:
        return _refused_by_policy(hop, host, cause, seen, policy)
    # What leads to a zone by its sources names addresses too, and stands outside of it.
    if firewalld.zone_of_chain(chain) and found.names(hop.source):
        return _refused_by_rich_rule(hop, host, cause, seen, found.zone or "")
    return None


def _refused_by_rich_rule(hop: Hop, host: Host, cause: str, seen: tuple[Evidence, ...], zone: str) -> Finding:
    """Advice where a zone of firewalld refuses the proxy's very address: somebody has banned it, and takes that back."""
    in_zone = "firewall-cmd --permanent --zone=%s" % shlex.quote(zone)
    address = shlex.quote('address="%s(/32|/128)?"' % (hop.source or "").replace(".", "[.]"))
    return on_hop(
        hop,
        cause,
        seen,
        why="zone %s of firewalld on %s has a rule that refuses the very address %s (%s): somebody made it on purpose"
        % (zone, host.name, hop.source, hop.proxy.name),
        advice=(
            "firewall-cmd --zone=%s --list-rich-rules | grep -E %s   # on %s: the rule"
            % (shlex.quote(zone), address, host.name),
            '%s --list-rich-rules | grep -E %s | while read -r rule; do %s --remove-rich-rule="$rule"; done; firewall-cmd --reload'
            "   # on %s, if the ban was a mistake: visitors' faults are charged to a proxy where logs have its address"
            % (in_zone, address, in_zone, host.name),
        ),
    )


def _refused_by_policy(hop: Hop, host: Host, cause: str, seen: tuple[Evidence, ...], policy: str) -> Finding:
    """Advice where a policy refuses: most are asked before any zone, so that a port which is opened in the zone stays refused."""
    wanted = Wanted(hop.address.port, (hop.source,) if hop.source else (), priority=-1)
    of_policy = "firewall-cmd --permanent --policy=%s" % shlex.quote(policy)
    return on_hop(
        hop,
        cause,
        seen,
        why="policy %s of firewalld on %s refuses it: somebody made it on purpose, and a port that is opened in the zone mostly stays refused"
        % (policy, host.name),
        advice=(
            "firewall-cmd --info-policy=%s   # on %s: what it lets in" % (shlex.quote(policy), host.name),
            *(
                "%s --add-rich-rule=%s && firewall-cmd --reload   # on %s, if %s is to come in"
                % (of_policy, shlex.quote(rule), host.name, hop.proxy.name)
                for rule in firewalld.rules(wanted)
            ),
        ),
    )
