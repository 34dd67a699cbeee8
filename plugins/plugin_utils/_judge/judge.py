# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules over the facts of all hosts: findings, with the causes that explain a hop best.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import importlib
import pkgutil
import typing as t
from dataclasses import replace

from ansible_collections.webops.bad_gateway.plugins.plugin_utils import causes as causes_package
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import asked
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet

#: A finding with less confidence is reported, but nothing is changed because of it.
SURE_ENOUGH = 0.6

#: By proxy and cause: the error that a rule raised on the facts.
RuleErrors = dict[str, dict[str, str]]


def known_causes() -> list[Cause]:
    """Every cause: the CAUSE of each file in causes/, by name."""
    names = sorted(
        module.name for module in pkgutil.iter_modules(causes_package.__path__) if not module.name.startswith("_")
    )
    return [importlib.import_module("%s.%s" % (causes_package.__name__, name)).CAUSE for name in names]


def judge(fleet: Fleet, causes: t.Sequence[Cause] | None = None, errors: RuleErrors | None = None) -> list[Finding]:
    """All findings, the surest first; of several that explain one hop only those that no other explains better.

    errors: collects what rules raise; without it, they raise here.
    """
    known = {cause.name: cause for cause in (known_causes() if causes is None else causes)}
    found: dict[str, Finding] = {}
    for cause in known.values():
        for finding in findings_of(cause, fleet, errors):
            kept = found.get(finding.key)
            found[finding.key] = merged(kept, finding) if kept else finding
    by_proxy: dict[str, list[Finding]] = {}
    for finding in found.values():
        by_proxy.setdefault(finding.seen_from, []).append(finding)
    best = [finding for finding in found.values() if not outdone(finding, known, by_proxy[finding.seen_from])]
    return sorted(best, key=lambda finding: (-finding.confidence, finding.key))


def findings_of(cause: Cause, fleet: Fleet, errors: RuleErrors | None) -> list[Finding]:
    """What one rule finds. Where it raises an error, it is asked of each proxy apart, and finds nothing on those where it raises one."""
    try:
        return list(cause.find(fleet))
    except Exception:
        if errors is None:
            raise
    found: list[Finding] = []
    for proxy in fleet.proxies():
        try:
            found += cause.find(fleet.seen_from(proxy))
        except Exception as error:  # whatever a rule did not expect: the other rules and hosts are judged all the same
            errors.setdefault(proxy.name, {})[cause.name] = "%s: %s" % (type(error).__name__, error)
    return found


def merged(kept: Finding, other: Finding) -> Finding:
    """The same cause found over two routes is one finding, with the remedy of the one that has any."""
    evidence = kept.evidence + tuple(item for item in other.evidence if item not in kept.evidence)
    return replace(
        kept if kept.remedy or not other.remedy else other, evidence=evidence, routes=kept.routes | other.routes
    )


def outdone(finding: Finding, known: t.Mapping[str, Cause], found: t.Iterable[Finding]) -> bool:
    """Whether another cause, found at the same proxy for the same subject or the same route, explains this one's symptoms better."""
    cause = known[finding.cause]
    return any(
        explains_better(known[other.cause], cause)
        and (other.subject == finding.subject or not other.routes.isdisjoint(finding.routes))
        for other in found
    )


def explains_better(other: Cause, cause: Cause) -> bool:
    """Whether one cause explains a hop better than another, by what either of them declares."""
    if other.name in cause.yields_to or cause.name in other.outdoes:
        return True
    return "*" in cause.yields_to and other.name not in (cause.name, *cause.outdoes)


def not_asked_again(fleet: Fleet, findings: t.Sequence[Finding]) -> dict[str, list[str]]:
    """Per proxy, what its log blames a backend for, where asking again did not get to the backend and no finding explains it."""
    explained = {(finding.seen_from, route) for finding in findings for route in finding.routes}
    left: dict[str, list[str]] = {}
    for hop in fleet.hops:
        for record in hop.records:
            again = [
                answer for answer in hop.asked_again(record) if (hop.proxy.name, answer.get("route")) not in explained
            ]
            if again and hop.is_barred(record):
                url, status = asked(again[0]), again[0]["status"] or "no valid answer"
                text = (
                    "%s in the log, upstream %s; asked again, %s gives %s, which does not show whether it still fails"
                    % (record["signature"], hop.address, url, status)
                )
                left.setdefault(hop.proxy.name, []).append(text)
    return {name: list(dict.fromkeys(texts)) for name, texts in left.items()}


def unexplained(fleet: Fleet, findings: t.Sequence[Finding]) -> dict[str, list[str]]:
    """Per proxy, the URLs that fail now and that no finding explains."""
    explained: dict[str, set[int]] = {}
    for finding in findings:
        explained.setdefault(finding.seen_from, set()).update(finding.routes)
    left: dict[str, list[str]] = {}
    for proxy in fleet.proxies():
        routes = explained.get(proxy.name, set())
        urls = [answer["url"] for answer in proxy.failing if answer.get("route") not in routes]
        if urls:
            left[proxy.name] = urls
    return left
