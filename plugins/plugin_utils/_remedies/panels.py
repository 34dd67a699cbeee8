# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are not ours to edit, as a control panel or another tool writes them anew: why, where to make the change instead, and with which command.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.panels import panel_file
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Remedy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.generators import (
    NOT_ROOTS,
    Kind,
    kind_by_words,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.known_panels import HEAD, PANELS, Panel

#: What an account or a pool is called where a file does not say whose it is.
_ANY = "the site"


class Written(t.NamedTuple):
    """A file that somebody writes anew. panel: None where the file's head names another program, or it is not root's; said: in these words.

    site: of a file that its head names, the name of the file.
    """

    path: str
    said: str
    panel: Panel | None = None
    kind: Kind | None = None
    site: str | None = None

    @property
    def is_its_owners(self) -> bool:
        """Whether it is only that its owner, who is not root, may write something else there."""
        return self.panel is None and self.said.startswith(NOT_ROOTS)

    @property
    def why(self) -> str:
        """Why it is not edited."""
        if self.panel is None:
            return "%s is not ours to edit (%s)" % (self.path, self.said)
        return "an edit would not last: %s writes %s" % (self.panel.title, self.path)

    def advice(self, on: str, what: t.Iterable[str] = ()) -> tuple[str, ...]:
        """Where the change is made instead, what it is, and the panel's command that writes the file again. on: the host."""
        kind = self.kind or Kind("")
        if self.panel is None:
            place = ": " + kind.place % {"site": self.site} if kind.place else ""
            from_there = "# make the change where %s of %s comes from (%s)%s" % (self.path, on, self.said, place)
            return (from_there, *what, *filter(None, [self.again(on)]))
        lines = []
        if kind.place:
            lines.append(
                "# where that is set in %s on %s: %s" % (self.panel.title, on, kind.place % {"site": self.site or _ANY})
            )
        again = self.again(on)
        return (*lines, *what, *([again] if again else []))

    def instead_of_return(self, on: str) -> tuple[str, ...]:
        """What to do where this file has nginx answer 502 by itself."""
        said = self.kind.returns if self.kind else ""
        return ("# " + said, *filter(None, [self.again(on)])) if said else self.advice(on)

    def again(self, on: str) -> str | None:
        """The panel's command that writes the file again from what the panel has; None where none is known."""
        kind = self.kind or Kind("")
        command = kind.anew % {"site": shlex.quote(self.site)} if kind.anew and self.site else kind.every
        source = self.panel.source if self.panel else "there"
        return "%s   # on %s: writes it again from %s" % (command, on, source) if command else None


def writer(host: Host, path: str, said: str | None = None) -> Written | None:
    """Who writes a file of a host anew; None for an administrator's own. said: who does by what is known of it elsewhere."""
    said = said or (host.config.get("generated") or {}).get(path)
    named = PANELS.get(said or "")
    name = said if named else host.system.get("panel")
    file = panel_file(path, name)
    if file:
        panel = PANELS[file.panel]
        return Written(path, file.panel, panel, panel.kinds.get(file.kind), file.site)
    if named:
        return Written(path, str(said), named, named.kinds.get(HEAD))
    return Written(path, said, None, kind_by_words(said), posixpath.basename(path)) if said else None


def edited_by(host: Host, remedy: Remedy) -> list[str]:
    """The files that a remedy would edit, or whose settings it would override."""
    given = remedy.parameters
    paths = [edit["path"] for edit in given.get("edits") or []]
    if given.get("settings"):
        asked = (given["config"], given["pool"])
        paths += [one.pool["file"] for one in host.pools() if (one.fpm["config"], one.name) == asked]
    return paths


def not_ours(host: Host, remedy: Remedy) -> Written | None:
    """The first file of a remedy that somebody else writes anew; None where all are an administrator's own."""
    found = (writer(host, path) for path in edited_by(host, remedy) if path)
    return next((one for one in found if one), None)


def opening(name: str, source: str, port: int, on: str) -> tuple[str, ...]:
    """How a panel whose rules refuse an address lets it in; empty where that is not known. name: the panel's, or that of another program."""
    panel = PANELS.get(name)
    if panel is None:
        return ()
    if panel.opens:
        command = panel.opens % {"source": shlex.quote(source), "port": port}
        return ("%s   # on %s" % (command, on),)
    return ("# in %s on %s, %s (tcp %d from %s)" % (panel.title, on, panel.rules, port, source),) if panel.rules else ()


def title_of(name: str) -> str:
    """What a panel calls itself; the name of any other program."""
    return PANELS[name].title if name in PANELS else name
