# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be behind a symptom, as one of several things that are looked for.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Behind, Evidence


class Explanation(t.NamedTuple):
    """What was found out: what was seen of it, why requests fail in words, and what helps. All are empty where there is nothing of the kind.

    does: what the backend does, where this shows it better than nginx's line. on, behind: as a finding has them, where it is not the backend's host.
    """

    evidence: tuple[Evidence, ...] = ()
    words: str = ""
    advice: tuple[str, ...] = ()
    does: str = ""
    on: str | None = None
    behind: Behind | None = None


NOTHING = Explanation()


def strongest(explanations: t.Iterable[Explanation]) -> Explanation:
    """The first that has words; NOTHING where none has."""
    return next((one for one in explanations if one.words), NOTHING)
