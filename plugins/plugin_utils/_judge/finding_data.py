# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A finding as plain data, with what is done about it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Finding, fingerprint
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.lasting_edits import with_where_edits_last
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.trigger import trigger_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.typed_advice import in_commands_of_hosts

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.plan import Judged
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.shapes import JudgedFinding


def finding_data(fleet: Fleet, judged: Judged, cause: Cause) -> JudgedFinding:
    """A finding as plain data. Why it is not cured goes before what the finding itself says."""
    finding = judged.finding
    return {
        "key": finding.key,
        "cause": finding.cause,
        "title": cause.title,
        "says": sentence(finding, cause),
        "seen_from": finding.seen_from,
        "on": finding.on,
        "subject": finding.subject,
        "confidence": finding.confidence,
        "evidence": [item.text for item in sorted(finding.evidence, key=lambda item: -item.decides)],
        "remedy": finding.remedy.role if finding.remedy else None,
        "change": finding.remedy.change if finding.remedy else "",
        "outcome": judged.outcome,
        "why": judged.why or finding.why,
        "advice": in_commands_of_hosts(
            with_where_edits_last(finding.advice, (finding.seen_from, finding.on), fleet), finding.on, fleet
        ),
        "step": judged.step,
        "routes": sorted(finding.routes),
        "recurs": finding.recurs,
        "fades": finding.remedy.fades if finding.remedy else "",
        "fault": finding.fault or fault_of_daemon(judged, cause),
        "behind": finding.behind.says if finding.behind else "",
        "history": list(judged.history),
        "given_up": judged.given_up,
        "trigger": trigger_of(fleet, finding, cause),
        "waits": judged.waits,
    }


def fault_of_daemon(judged: Judged, cause: Cause) -> str:
    """What is the same in all findings of one daemon of the proxy's own host that does not serve: one PHP-FPM may have a pool for each of a hundred sites."""
    finding = judged.finding
    same = judged.step or finding.why
    if cause.daemon == "runs" or not same:
        return ""
    return "%s %s:%s" % (finding.cause, finding.on, fingerprint(same))


def sentence(finding: Finding, cause: Cause) -> str:
    """What is wrong, with the names of the hosts."""
    if finding.says:
        return finding.says
    subject = finding.subject.removeprefix("tcp:")
    return (cause.says or cause.title).format(on=finding.on, proxy=finding.seen_from, subject=subject)
