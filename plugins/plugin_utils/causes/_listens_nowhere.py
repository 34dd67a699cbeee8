# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A unit that should listen, runs, and listens nowhere: whether it only needs time, what it waits for, and what it says.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import (
    read_address,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_journal import LOUD
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import (
    asked_address,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._by_habit import is_habit
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import Explanation
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._habits import habit
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._last_words import what_to_do, where_it_says
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._places import is_same_place
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._products import how_to_serve
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._refused_services import (
    how_to_serve_it,
    silent_now,
    what_it_waits_for,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._service_folders import (
    folder_of,
    kept_by_folder,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_sandbox import SandboxSetting

SHOWN = 3
#: Seconds in which a service that runs may still be on its way to listening: the slow ones (Java, compilers) take a minute or two.
STARTING = 180.0
#: As many files as any service is given may be few; this is less than any needs.
FEW_FILES = 256
PATIENCE = "# it may only need time: ask the site again in a minute or two; a restart would begin anew"
SUPERVISED = (
    "supervisorctl status   # on %s: the state of its programs; supervisorctl tail NAME stderr shows why one ends"
)


def listens_nowhere(hop: Hop, host: Host, name: str) -> Explanation:
    """Of a unit that runs and listens nowhere: its state and what it says, in words, and what helps."""
    unit = or_empty(host.unit(name))
    alone = next((one for one in unit.get("sandbox") or [] if one["setting"] == "PrivateNetwork"), None)
    if alone and not hop.is_unix:
        return _by_itself(hop, host, name, alone)
    words, needs = unit.get("last_words") or [], unit.get("needs") or ()
    loud = " / ".join(line for line in words if LOUD.search(line))
    state = _state(hop, host, name, unit, loud)
    is_known = silent_now(host, loud, needs)
    awaited = what_it_waits_for(host, loud, needs) if is_known else ""
    return Explanation(
        tuple(Evidence("backend_log", "%s says: %s" % (name, line)) for line in words),
        "%s %s%s" % (name, state.words, "; " + awaited if awaited else _said(loud, words)),
        (
            *(how_to_serve_it(host, loud, needs) if is_known else ()),
            *(lines_that_say(host, name, hop) if state.has_begun else ()),
            *few_files(host, name),
            *state.advice,
            *state.look,
        ),
    )


def _by_itself(hop: Hop, host: Host, name: str, alone: SandboxSetting) -> Explanation:
    """Of a unit whose sandbox leaves it no other network than its own: nobody else sees where it listens in that."""
    place, asked = "%s:%d" % (alone["file"], alone["line"]), hop.real_address.bare
    says = "%s has a network of its own (PrivateNetwork=%s at %s), in which nobody else gets to %s" % (
        name, alone["value"], place, asked,
    )  # fmt: skip
    return Explanation(
        (Evidence("config", says),),
        says,
        (
            "# take that line out of %s; IPAddressDeny=any with IPAddressAllow=localhost keeps it from other hosts all the same" % place,
            "systemctl daemon-reload; systemctl restart %s   # on %s, after that; it loses what it works on"
            % (shlex.quote(name), host.name),
            "# or let it listen on a socket below its RuntimeDirectory=, which has nothing to do with networks, and name that at %s" % named_at(hop),
        ),
    )  # fmt: skip


def keeps_others(host: Host, name: str, hop: Hop) -> bool:
    """Whether a unit keeps programs running, of which one should listen there: where the others listen shows nothing."""
    return name.startswith("supervisor") or bool(folder_of(or_empty(host.unit(name)), hop))


class State(t.NamedTuple):
    """How a unit runs that listens nowhere, in words, what helps, and how more of it is seen. has_begun: whether it had time enough to listen."""

    words: str
    advice: tuple[str, ...]
    look: tuple[str, ...]
    has_begun: bool = True


def _state(hop: Hop, host: Host, name: str, unit: Unit, loud: str) -> State:
    log = "journalctl -u %s -n 50 --no-pager   # on %s: what it waits for" % (shlex.quote(name), host.name)
    processes = "systemctl status %s   # on %s: its processes" % (shlex.quote(name), host.name)
    declares = unit.get("declares") or []
    if "uwsgi" in " ".join([name, *(unit.get("exec") or [])]) and any(one["file"].endswith(".ini") for one in declares):
        return State("runs, and what it starts for this socket does not", _of_vassal(host, unit), (log, processes))
    if name.startswith("supervisor"):
        words = unit.get("last_words") or []
        return State(
            "runs, and its program that should listen does not",
            (*what_to_do(" / ".join(words), host.name, manager="supervisor"), SUPERVISED % host.name),
            (where_it_says(name, words, host.name), processes),
        )
    folder = folder_of(unit, hop)
    if folder:
        kept = "runs, and the service in %s that should listen does not" % folder
        return State(kept, (), kept_by_folder(folder, host.name))
    if unit.get("sub") == "exited":
        return State(
            "counts as active, and what it started left no process behind",
            (
                "systemctl restart %s   # on %s: `start` does nothing, as it counts as active; for good, a unit of its own in place of the script"
                % (shlex.quote(name), host.name),
            ),
            (
                log,
                "systemctl cat %s   # on %s: what it starts, and from which settings" % (shlex.quote(name), host.name),
            ),
        )
    age = max(0.0, (or_empty(host.facts.get("clock")).get("now") or 0.0) - (unit.get("since") or 0.0))
    if unit.get("active") == "active" and (loud or age > STARTING):
        program = unit.get("exec") or ()
        part = habit(name, program, hop.real_address.port, host.name)
        if part and part.is_part:
            return State("runs, and the part of it that listens there does not", (part.line,), (processes,))
        to_serve = () if loud else how_to_serve(name, program)
        first = (*to_serve, *what_to_do(loud, host.name, name))
        return State("runs since %.0f s and listens nowhere" % age, first, (log, processes))
    waiting = "has been starting for %.0f s and does not listen yet" % age
    return State(waiting, (PATIENCE,), (log, processes), has_begun=False)


def lines_that_say(host: Host, name: str, hop: Hop) -> tuple[str, ...]:
    """The lines of its configuration that say where it is to listen."""
    declares = or_empty(host.unit(name)).get("declares") or []
    found = [
        one
        for one in declares
        if is_same_place(read_address(one["address"]), asked_address(hop)) and not is_habit(host, name, one)
    ]
    return tuple(
        "# %s:%d: by that it would listen on %s" % (one["file"], one["line"], read_address(one["address"]).bare)
        for one in found
    )


def few_files(host: Host, name: str) -> tuple[str, ...]:
    """What to do about a service that may open so few files that it cannot get as far as to listen; nothing where it may open more."""
    most = or_empty(host.unit(name)).get("limit_nofile")
    if not most or most >= FEW_FILES:
        return ()
    return (
        "systemctl cat %s | grep -nE '^# /|LimitNOFILE'   # on %s: it may open %d files and connections in all, which is too few to begin with; which file"
        " says so?" % (shlex.quote(name), host.name, most),
        "# LimitNOFILE=65536 there, or that line out of it; then systemctl daemon-reload; systemctl restart %s" % shlex.quote(name),
    )  # fmt: skip


def _said(loud: str, words: t.Sequence[str]) -> str:
    """What a service that does not listen said: the lines that say what went wrong, else the last one."""
    if loud:
        return "; it said: %s" % loud
    return "; its log ends with: %s" % words[-1] if words else ""


def _of_vassal(host: Host, unit: Unit) -> tuple[str, ...]:
    """Where uwsgi says why it ends what one of its files describes: in the log that the file names, or in its own."""
    files = sorted({one["file"] for one in unit.get("declares") or []})
    return (
        "grep -nE '^ *(logto2?|daemonize2?|logger|virtualenv|home|chdir|module|wsgi-file) *=' %s   # on %s: its log, and what it needs; then tail that log"
        % (" ".join(map(shlex.quote, files[:SHOWN])), host.name),
    )
