# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong over a hop now, by signature: how connecting to it fails, what nginx answers over it, and what asking it directly ends with.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.connect_error import connect_signature
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import (
    Evidence,
    answer_evidence,
    log_evidence,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.probe_symptoms import (
    Sign,
    handshake_sign,
    reply_sign,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.refused_besides import REFUSED

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.contact import Contact

#: Failures of one request that are no single event, such as a restart.
OFTEN = 3
NO_LIVE, CONNECTING, FORBIDDEN = "no_live_upstreams", "connecting to upstream", "selinux_network_connect"
LEFT_BEHIND = "stale_unix_socket"


def symptoms_of(contact: Contact) -> dict[str, list[Evidence]]:
    """The evidence of each signature that is seen over a contact now."""
    seen: dict[str, list[Evidence]] = {}
    for signature, item in (*_refusals(contact), *_faults(contact)):
        seen.setdefault(signature, []).append(item)
    for signature, item in _remembered(contact) if NO_LIVE in seen else ():
        seen.setdefault(signature, []).append(item)
    for signature, item in _asked_directly(contact):
        seen.setdefault(signature, []).append(item)
    return seen


def _refusals(contact: Contact) -> t.Iterator[tuple[str, Evidence]]:
    """The attempts to connect that failed, with their signatures."""
    for attempt, address in zip(contact.tried, contact.tried_addresses):
        well = attempt.get("connected") or address in contact.besides.addresses
        signature = None if well else connect_signature(address, attempt.get("errno"))
        if signature == FORBIDDEN:
            # Who tried is not confined as nginx is: over IPv6 that is what a firewall's admin-prohibited ends with.
            signature = "firewall_reject"
        if attempt.get("nobody_listens"):
            signature = LEFT_BEHIND
        if signature:
            text = "connect to %s from %s: %s (errno %s)%s" % (
                address,
                contact.proxy.name,
                attempt.get("error"),
                attempt.get("errno"),
                "; root is refused, too: nobody listens there" if attempt.get("nobody_listens") else "",
            )
            yield signature, Evidence("probe", text)


def _faults(contact: Contact) -> t.Iterator[tuple[str, Evidence]]:
    """The answers that fail, with the signatures of the lines that they made; one that failed elsewhere and was then refused has failed so."""
    for answer in contact.failing:
        signature = answer.get("signature")
        if signature in REFUSED and contact.besides.addresses:
            signature = contact.besides.signature
        if signature:
            yield signature, answer_evidence(answer)


def _remembered(contact: Contact) -> t.Iterator[tuple[str, Evidence]]:
    """The failures for which nginx may ask nobody over a contact now, as the log has them. How connecting fails shows by itself."""
    now = or_empty(contact.proxy.facts.get("clock")).get("now") or 0.0
    aside = max(contact.set_aside_for, default=0.0)
    is_well = _is_well_asked_directly(contact)
    for record in contact.records:
        blames = record["signature"] != NO_LIVE and record.get("action") != CONNECTING
        still = not is_well or _sets_aside_again(record, aside)
        if still and blames and record["last"] >= now - aside:
            yield record["signature"], log_evidence(record)


def _is_well_asked_directly(contact: Contact) -> bool:
    """Whether a direct request, which says nothing of the connection that nginx does not say, was answered to its end."""
    reply = or_empty(or_empty(contact.reach).get("reply"))
    return (reply.get("status") or 500) < 500 and not reply.get("error") and not contact.connection_header


def _sets_aside_again(record: LogRecord, aside: float) -> bool:
    """Whether one request sets servers aside again and again, for longer than nginx keeps them so: that another one is well shows nothing then."""
    return bool(record.get("request")) and record["count"] >= OFTEN and record["last"] - record["first"] > aside


def _asked_directly(contact: Contact) -> t.Iterator[tuple[str, Evidence]]:
    """What a direct request to the backend failed with, where nginx has not said why its own failed, and the answers that it explains.

    Of a name with several addresses its last line may be of one that refuses: of the one that connects it has said nothing then.
    """
    unsaid = [answer for answer in contact.failing if not answer.get("signature")]
    of_another = or_empty(contact.reach).get("connected") and all(
        answer.get("signature") in REFUSED for answer in contact.failing
    )
    sign = probe_sign(contact) if unsaid or contact.failing and of_another else None
    if sign:
        yield sign.signature, Evidence(sign.look, "asked directly, %s %s" % (contact.address, sign.seen))
        yield from ((sign.signature, answer_evidence(answer)) for answer in unsaid)


def probe_sign(contact: Contact) -> Sign | None:
    """What a direct request to the backend failed with; None where it did not."""
    reach = or_empty(contact.reach)
    tls, reply = reach.get("tls"), reach.get("reply")
    return (handshake_sign(tls) if tls else None) or (reply_sign(contact.family, reply) if reply else None)
