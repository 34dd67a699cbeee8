# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was cured, and failed again while the site was watched.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.proof import in_words

CAME_BACK = "it did not last: %d s after the last change %s answered %s"

Values = t.Mapping[str, t.Any]


def outcomes_after(
    outcomes: t.Sequence[Values], steps: t.Sequence[Values], watched: t.Sequence[Values]
) -> list[dict[str, t.Any]]:
    """How each step ended, where some have not lasted. watched: what site_answers_info returned for each host, one after the other."""
    found: dict[tuple[str, str | None], str] = {}
    seconds = 0.0
    for one in watched:
        seconds += one.get("watched") or 0.0
        for answer in one.get("gone") or []:
            found[answer["url"], answer["connect"]] = CAME_BACK % (seconds, answer["url"], in_words(answer))
    asked = {step["id"]: [(proof["url"], proof.get("connect")) for proof in _proofs(step)] for step in steps}
    ended = []
    for one in outcomes:
        why = next((found[url] for url in asked.get(one["step"], []) if url in found), None)
        lost = why and one["outcome"] in ("fixed", "relieved")
        ended.append({**one, "outcome": "relieved", "why": why, "came_back": True} if lost else dict(one))
    return ended


def _proofs(step: Values) -> list[t.Any]:
    return [proof for proof in step["variables"].get("%s_proof" % step["role"]) or [] if not proof.get("beside")]
