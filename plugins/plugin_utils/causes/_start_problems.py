# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a unit needs to start and is not there: what is missing, and the lines that an administrator types or changes.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._obstacle import (
    Obstacle,
    start_again,
    status_words,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.start_problem import StartProblem
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit

#: The part of a version manager's path that names the version.
#: The Python of a virtual environment; that of the system is none.
_OF_ENVIRONMENT = re.compile(
    r"is to be run by (/(?!usr/bin/|bin/|usr/local/bin/)[\w./@+-]+)/bin/python[\d.]*, which is not there"
)
_VERSION = re.compile(r"/v?\d[\w.-]*/")
#: Folders of version managers, which remove old versions.
_VERSIONS = re.compile(r"/\S*/(?:\.(?:nvm|pyenv|rbenv|asdf|sdkman|rvm|volta)|versions)/\S*/")


def of_start_problems(host: Host, name: str, unit: Unit) -> Obstacle | None:
    """What a unit needs and is not there; None where nothing is known to be missing."""
    problems = unit.get("start_problems") or []
    return _of_problems(host, name, problems) if problems else None


def _of_problems(host: Host, name: str, problems: t.Sequence[StartProblem]) -> Obstacle:
    first = problems[0]
    shown = tuple(Evidence("config", "%s: %s: %s" % (_place(one), one["setting"], one["problem"])) for one in problems)
    advice = ["# mend that, or correct %s at %s" % (first["setting"], _place(first))]
    advice += [_line_to_change(one) for one in problems[1:]]
    advice += ["%s   # on %s" % (one["command"], host.name) for one in problems if one["command"]]
    advice += [line for one in problems for line in (*_lasting(host, one), *_where_to_look(host, one))]
    return Obstacle(
        "%s cannot %s: %s%s"
        % (
            name,
            "listen" if first["setting"] == "listen" else "start",
            first["problem"],
            " (%s)" % status_words(first["exit_status"]) if first["exit_status"] else "",
        ),
        shown,
        (*advice, start_again(host, name)),
    )


def _place(problem: StartProblem) -> str:
    return "%s:%d" % (problem["file"], problem["line"]) if problem["line"] else problem["file"]


def _line_to_change(problem: StartProblem) -> str:
    return "# %s, %s: %s; mend that, or correct the line" % (
        _place(problem),
        problem["setting"],
        problem["problem"],
    )


def _lasting(host: Host, problem: StartProblem) -> tuple[str, ...]:
    """The setting with which systemd makes a folder under /run at each start: one that is made by hand is gone after the next boot.

    Of a link that leads nowhere, how it gets another end."""
    missing = problem["missing"]
    if missing is None:
        return ()
    if missing["kind"] == "link":
        return ("# ln -sfn TARGET %s lets it lead to one that is there (a release, a version)" % missing["path"],)
    if missing["kind"] == "mount":
        state = 'systemctl status "$(systemd-escape -p --suffix=mount %s)"   # on %s: why it is not mounted'
        before = "# RequiresMountsFor=%s in [Unit] of its unit (systemctl edit): systemd then mounts that before each start, as it does for WorkingDirectory="
        by_itself = problem["setting"] == "WorkingDirectory"
        return (state % (shlex.quote(missing["path"]), host.name), *(() if by_itself else (before % missing["path"],)))
    if problem["setting"] != "listen" or not missing["path"].startswith("/run/"):
        return ()
    name = missing["path"][len("/run/") :]
    return ("# RuntimeDirectory=%s in its [Service] makes that folder at each start" % name,)


def _made_anew(host: Host, path: str) -> tuple[str, ...]:
    """How a virtual environment is made again whose Python is gone: its bin/python is a link to that of the system, which an upgrade replaces."""
    return (
        "ls -l %s/bin/; ls -d %s/lib/python*/site-packages/*.dist-info   # on %s: to which Python it leads, and what it had"
        % (shlex.quote(path), shlex.quote(path), host.name),
        "# an upgrade took that Python along: make it anew, as its owner: python3 -m venv --clear %s && %s/bin/pip install -r REQUIREMENTS" % (path, path),
    )  # fmt: skip


def _where_to_look(host: Host, problem: StartProblem) -> tuple[str, ...]:
    """How a virtual environment is made for another Python, and where to look for a program that is gone, as version managers remove old ones."""
    missing = problem["missing"]
    gone = _OF_ENVIRONMENT.search(problem["problem"] or "") if missing is None else None
    if gone:
        return _made_anew(host, gone.group(1))
    if missing is None or missing["kind"] not in ("environment", "program"):
        return ()
    path = missing["path"]
    if missing["kind"] == "environment":
        packages = "%s/lib/python%s/site-packages" % (path, missing["version"])
        return (
            "ls -d %s   # on %s: what it had" % (shlex.quote(packages) + "/*.dist-info", host.name),
            "# make it anew, as its owner: python3 -m venv --clear %s && %s/bin/pip install -r REQUIREMENTS (or the upgrade script of the product)"
            % (path, path),
        )
    name = shlex.quote(path.rpartition("/")[2])
    managed = _VERSIONS.match(path)
    if managed is None:
        return (
            "find / -xdev -name %s -perm /111 ! -type d 2>/dev/null   # on %s: where is it now?" % (name, host.name),
        )
    return (
        "command -v %s; ls %s   # on %s: which versions are there? A path without a version in it outlasts their updates"
        % (name, shlex.quote(_VERSION.split(managed.group())[0]), host.name),
    )
