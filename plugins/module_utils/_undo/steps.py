# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps by which a change is undone, and how each one ended.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, NamedTuple, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.service_manager import START, STOP

if TYPE_CHECKING:  # Python 3.6 has no TypedDict
    from typing import TypedDict

    class ShownStep(TypedDict):
        """A step as modules return it."""

        step: str
        outcome: str
        why: Optional[str]


#: What a step does; a unit is started or stopped.
PUT_BACK, RUN, UNDO = ("put back", "run", "undo")
KINDS = (PUT_BACK, RUN, START, STOP, UNDO)
#: How a step ended. SAME: there was nothing to do; LEFT_ALONE: others have changed it; NOT_DONE: the step before it failed; PLANNED: check mode.
DONE, SAME, FAILED, LEFT_ALONE, NOT_DONE, PLANNED = ("done", "same", "failed", "left_alone", "not_done", "planned")


class Step(NamedTuple):
    """One step of an undo. kind: one of KINDS; what: the path, the command line, the unit or the change that it is about."""

    kind: str
    what: str
    outcome: str
    why: Optional[str] = None

    @property
    def text(self) -> str:
        return "%s %s" % (self.kind, self.what)

    def shown(self) -> "ShownStep":
        return {"step": self.text, "outcome": self.outcome, "why": self.why}


def command_step(argv: Sequence[str], outcome: str, why: Optional[str] = None) -> Step:
    return Step(RUN, " ".join(argv), outcome, why)
