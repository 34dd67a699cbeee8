# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule finds: a cause with its evidence, and the remedy for it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import hashlib
import json
import typing as t
from dataclasses import dataclass, field

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import Evidence

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet

__all__ = ("Aspect", "Behind", "Cause", "DaemonState", "Evidence", "Finding", "Remedy", "fingerprint")

#: What can set a finding off. backend: the unit behind the hop, its package, files and processes; route: the files in which the route stands; nginx: itself
#: and all its files; names: who resolves them; firewall, limits, labels, certificates: their files, and the tools that write them.
Aspect = t.Literal["backend", "route", "nginx", "names", "firewall", "limits", "labels", "certificates"]
#: What is with the daemon that should answer. stopped: it could run as all is now; hindered: what it reads, has or lacks keeps it from answering there.
DaemonState = t.Literal["runs", "stopped", "hindered"]
#: Nothing that is looked at from outside is beyond doubt.
SUREST = 0.999


@dataclass(frozen=True)
class Remedy:
    """A role with the variables that say all it needs (without the role's prefix), and the kinds of change that it makes.

    change is what it does in a few words; note is the calculation behind it or its reason; elsewhere: whether requests go to another daemon than before.
    fades: why the change does not last, and until when it does; empty where it lasts.
    """

    role: str
    kinds: tuple[str, ...]
    change: str
    parameters: t.Mapping[str, t.Any] = field(default_factory=dict)
    note: str = ""
    elsewhere: bool = False
    fades: str = ""


class Behind(t.NamedTuple):
    """What is broken behind the hosts of a finding: where, in the same words from whichever host it is seen, and a sentence that says what."""

    at: str
    says: str


@dataclass(frozen=True)
class Finding:
    """One cause on one host. on is an inventory name, or an address where no inventory host has it. recurs: how often it fails where nothing fails now.

    says: what is wrong, where this is more exact than the sentence of its cause. behind: what other hosts may suffer from as well, where that is
    neither on nor the subject.
    """

    cause: str
    seen_from: str
    on: str
    subject: str
    evidence: tuple[Evidence, ...]
    remedy: Remedy | None = None
    why: str = ""
    advice: tuple[str, ...] = ()
    routes: frozenset[int] = frozenset()
    recurs: str = ""
    says: str = ""
    behind: Behind | None = None

    @property
    def confidence(self) -> float:
        """1 minus the chance that every kind of look is wrong."""
        strongest: dict[str, float] = {}
        for item in self.evidence:
            strongest[item.look] = max(item.decides, strongest.get(item.look, 0.0))
        doubt = 1.0
        for weight in strongest.values():
            doubt *= 1.0 - weight
        return min(round(1.0 - doubt, 3), SUREST)

    @property
    def key(self) -> str:
        """What is the same for the same cause at the same place, in every round."""
        return "|".join((self.cause, self.seen_from, self.on, self.subject))

    @property
    def fault(self) -> str:
        """What is the same in all findings of one broken thing, whichever hosts suffer from it; empty where it is the host's own matter."""
        if self.behind:
            return self.behind.at
        port = self.subject.rpartition(":")[2]
        return "%s %s:%s" % (self.cause, self.on, port) if self.on != self.seen_from else ""


def fingerprint(*parts: t.Any) -> str:
    """A short name that is the same whenever the parts are the same."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Cause:
    """What a file in causes/ declares.

    says is the title as a sentence about these hosts, with {on}, {proxy} and {subject} in it; without it the title stands.
    find reads a Fleet and yields findings. yields_to names causes that explain the same hop better: this one is dropped beside them ("*": beside any).
    outdoes names causes that this one explains better: they are dropped beside it.
    set_off_by is what its findings can begin because of: the files of a vhost stop no PHP-FPM. daemon is what is with the daemon that should answer.
    """

    name: str
    title: str
    find: t.Callable[[Fleet], t.Iterator[Finding]]
    yields_to: tuple[str, ...] = ()
    outdoes: tuple[str, ...] = ()
    says: str = ""
    set_off_by: tuple[Aspect, ...] = ("backend", "route")
    daemon: DaemonState = "runs"
