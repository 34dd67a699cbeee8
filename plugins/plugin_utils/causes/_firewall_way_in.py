# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A firewall of the backend's host that refuses the proxy: opened for it, unless that would not help or not last.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import ipaddress
import typing as t
from dataclasses import replace

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.tools import TOOLS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding, Remedy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.firewall_verdict import (
    Verdict,
    in_charge,
    zone_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.packet import interface_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.by_hand import LISTS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.by_hand import by_hand as remedy_by_hand
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.panels import opening, title_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_boot import by_hand, kept, to_keep
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_owners import (
    advice_of_manager,
    advice_of_owner,
    why_of_owner,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_rules import let_through
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_ways import who_listens
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewalld_will import refused_on_purpose

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.facts import FirewallFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import Chain


class Refused(t.NamedTuple):
    """The connections over a hop that the rules of its backend's host refuse: the verdict, and the evidence of it."""

    hop: Hop
    host: Host
    cause: str
    found: Verdict
    seen: tuple[Evidence, ...]

    @property
    def source(self) -> str:
        """The address that the host sees the proxy come from; empty where it is not known."""
        return self.hop.source or ""

    @property
    def firewall(self) -> FirewallFacts:
        return or_empty(self.host.facts["firewall"])

    @property
    def chains(self) -> list[Chain]:
        return list((self.firewall.get("rules") or {}).get("chains", {}).values())

    def advised(self, why: str, advice: tuple[str, ...]) -> Finding:
        """The finding without a remedy: why the port is not opened, and what to do."""
        return on_hop(self.hop, self.cause, self.seen, why=why, advice=advice)


def refused_on_the_way_in(hop: Hop, host: Host, cause: str, found: Verdict, signatures: tuple[str, ...]) -> Finding:
    """The finding that the backend's firewall refuses: with the remedy that opens the port, or advice where that would not help or not last."""
    refused = Refused(hop, host, cause, found, _evidence(hop, host, found, signatures))
    return next(filter(None, (reason(refused) for reason in NOT_OPENED)), None) or _opened(refused)


def _opened(refused: Refused) -> Finding:
    """The finding with the remedy that opens the port."""
    hop, host, found = refused.hop, refused.host, refused.found
    place = kept(refused.firewall, found)
    return on_hop(
        hop,
        refused.cause,
        refused.seen,
        remedy=opening_by(hop, refused.firewall, found, place.file, place.fades),
        advice=(
            *to_keep(place, found, refused.source, host.name, host.system.get("family")),
            *_of_a_container(hop, host),
        ),
    )


def _of_a_container(hop: Hop, host: Host) -> tuple[str, ...]:
    """What an opening for an nginx in a container of this very host has to name in the end: the container gets another address when it is made anew."""
    if hop.proxy.within is not host:
        return ()
    own = [one for addresses in (host.system.get("interfaces") or {}).values() for one in addresses]
    held = [ipaddress.ip_interface(one).network for one in own]
    networks = [str(one) for one in held if hop.source and ipaddress.ip_address(hop.source) in one]
    return (
        "# the container may have another address when it is made anew: give it a fixed one (compose: ipv4_address), or let its network in%s"
        % (" (%s in place of %s)" % (networks[0], hop.source) if networks else ""),
    )


def _by_an_owner(refused: Refused) -> Finding | None:
    """Advice where the chain is another program's than the firewall's: fail2ban, docker and others have commands for it."""
    found, source, on = refused.found, refused.hop.source, refused.host.name
    if not (found.owner and source):
        return None
    return refused.advised(why_of_owner(found, source, on), advice_of_owner(found, source, found.port, on))


def _by_a_manager(refused: Refused) -> Finding | None:
    """Advice where a program writes all rules anew from files of its own."""
    manager, source, on = refused.firewall.get("manager"), refused.hop.source, refused.host.name
    if not (manager and source):
        return None
    return refused.advised(
        "%s writes the rules of %s: change them there" % (title_of(manager), on),
        opening(manager, source, refused.found.port, on)
        or advice_of_manager(manager, refused.found, source, on, refused.chains),
    )


def _on_the_way_through(refused: Refused) -> Finding | None:
    """Advice where the backend's host passes the connection on, and refuses it there: an opening of the port on the way in would change nothing."""
    found, source, on = refused.found, refused.hop.source, refused.host.name
    if not (found.through and source):
        return None
    return refused.advised(
        "%s passes the connection on to %s, and refuses it on the way through (%s)" % (on, found.through, found.where),
        ("nft list ruleset; iptables -S FORWARD   # on %s: who made this rule?" % on, _let_through(refused, source)),
    )


def _let_through(refused: Refused, source: str) -> str:
    """The command that lets a source through to where the host passes its connections on, in the tool whose rule refuses."""
    found, on = refused.found, refused.host.name
    to = read_address("tcp:%s" % found.through)
    if any(chain["name"] == "DOCKER-USER" for chain in refused.chains):
        return advice_of_owner(found._replace(owner="docker"), source, to.port, on)[-1]
    return let_through(found, source, to, on)


def _of_none_in_charge(refused: Refused) -> Finding | None:
    """Advice where the rule is none of the tool's that owns the firewall."""
    hop, found, firewall, on = refused.hop, refused.found, refused.firewall, refused.host.name
    if not found.tool or found.tool in in_charge(firewall):
        return None
    allow = "# allow tcp port %d from %s on %s" % (hop.address.port, hop.source, on)
    return refused.advised(
        "the rule is %s's, and not of %s, which owns the firewall of %s" % (found.tool, firewall["tool"], on),
        (
            "%s   # on %s: who made this rule?" % (LISTS.get(found.tool, LISTS["nftables"]), on),
            *(by_hand(found, refused.source, on) if found.tool in ("nftables", "iptables") else (allow,)),
        ),
    )


def _among_rivals(refused: Refused) -> Finding | None:
    """Advice where several tools are in charge: only what all of them open is open, and no boot leaves the rules of all."""
    hop, host, firewall, on = refused.hop, refused.host, refused.firewall, refused.host.name
    if not firewall.get("beside"):
        return None
    rivals = in_charge(firewall)
    zone = zone_of(firewall, refused.source, interface_of(host.facts["system"], refused.source, hop.destination.host))
    openings = [opening_by(hop, firewall, refused.found._replace(tool=tool, zone=zone), "") for tool in rivals]
    both = " and ".join(rivals)
    return refused.advised(
        "%s are in charge on %s at once: firewalld takes the rules of others away when it starts, and what they refuse by policy stays refused"
        % (both, on),
        (
            "# of %s, let one be in charge on %s, and switch the other off; until then both have to let the proxy in"
            % (both, on),
            *(line for opening in openings for line in remedy_by_hand(opening, on)),
        ),
    )


def _on_purpose(refused: Refused) -> Finding | None:
    """Advice where somebody had firewalld refuse the proxy, or all that a policy does not let in."""
    found = refused.found
    if (found.tool or refused.firewall["tool"]) != "firewalld":
        return None
    return refused_on_purpose(refused.hop, refused.host, refused.cause, found, refused.seen)


def _by_name(refused: Refused) -> Finding | None:
    """Advice where a tool refuses the proxy's very address, and an opening would take the place of that rule: an undo could not put it back."""
    hop, found, firewall, on = refused.hop, refused.found, refused.firewall, refused.host.name
    name = found.tool or firewall["tool"]
    tool = TOOLS.get(name)
    if not (tool and tool.REPLACES and found.names(hop.source)):
        return None
    in_its_place = opening_by(hop, firewall, found, kept(firewall, found).file)
    return refused.advised(
        "%s on %s has a rule that refuses the very address %s (%s): somebody made it on purpose"
        % (name, on, hop.source, hop.proxy.name),
        (
            "%s   # on %s" % (LISTS[name], on),
            *("%s: takes the place of that rule" % line for line in remedy_by_hand(in_its_place, on)),
        ),
    )


def _not_kept(refused: Refused) -> Finding | None:
    """Advice where no file that is loaded at boot could keep an opening."""
    why, on = kept(refused.firewall, refused.found).why, refused.host.name
    if not why:
        return None
    return refused.advised(
        "an opening would not outlive a boot of %s: %s" % (on, why),
        by_hand(refused.found, refused.source, on),
    )


#: Why the port is not opened, in the order in which it is asked.
NOT_OPENED = (
    _by_an_owner,
    _by_a_manager,
    _on_the_way_through,
    _of_none_in_charge,
    _among_rivals,
    _on_purpose,
    _by_name,
    _not_kept,
)


def opening_by(hop: Hop, firewall: FirewallFacts, found: Verdict, file: str, fades: str = "") -> Remedy:
    """The port opened for the proxy's address, in the tool that owns the firewall."""
    port = found.port or hop.address.port
    note = "%s is the address from which %s connects" % (hop.source, hop.proxy.name)
    note += "; " + fades if fades else ""
    remedy = remedies.firewall_port(
        found.tool or firewall["tool"], port, hop.source or "", **found.place, file=file, note=note
    )
    return replace(remedy, fades=fades)


def _evidence(hop: Hop, host: Host, found: Verdict, signatures: tuple[str, ...]) -> tuple[Evidence, ...]:
    """What is seen over the hop, the rule that decides, and who listens behind it."""
    whose = found.owner or found.tool or or_empty(host.facts["firewall"])["tool"]
    rule = Evidence("firewall", "%s on %s, %s: %s" % (whose, hop.on, found.where, found.rule_text))
    return (*hop.seen(*signatures), rule, *who_listens(hop, host))
