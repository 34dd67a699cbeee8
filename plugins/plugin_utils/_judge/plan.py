# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done about findings: how each is decided, and the steps that change hosts.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Finding

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.memory import EarlierCure

#: What becomes of a finding: of a judgement planned, advice, not_allowed or how a step ended before, of a report any of them.
Outcome = t.Literal["fixed", "relieved", "planned", "advice", "undone", "failed", "not_allowed"]


@dataclass(frozen=True)
class Judged:
    """A finding with what is done about it and why, and the id of the step that does it.

    history: when other runs cured it before; given_up: whether that is so often that it is cured no more; waits: for whom its step
    waits.
    """

    finding: Finding
    outcome: Outcome
    why: str
    step: str | None = None
    history: tuple[EarlierCure, ...] = ()
    given_up: bool = False
    waits: str = ""


@dataclass(frozen=True)
class Step:
    """One remedy to run: a role on a host, with its variables, driven by the first proxy that needs it.

    after: steps that have to be proven first; wave: steps of one wave, from 0 on, are made side by side.
    """

    id: str
    on: str
    driver: str
    role: str
    variables: t.Mapping[str, t.Any]
    causes: tuple[str, ...]
    after: tuple[str, ...] = ()
    wave: int = 0


class Plan(t.NamedTuple):
    """All findings in their order, and the steps in the order in which they are run."""

    judged: list[Judged]
    steps: list[Step]
