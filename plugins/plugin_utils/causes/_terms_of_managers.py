# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advice that is written for a systemd unit, in the terms of what else keeps a program running.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

_UNIT = r"(?: (?:in|of) \[Service\])?(?: (?:in|of) its unit)?(?: \(systemctl edit\))?"
_FILE = r"EnvironmentFile=/PATH/\.env%s(?:, with lines like NAME=value)?" % _UNIT
_VARIABLES = r"Environment=(\w+=[^\s,;]+(?: \w+=[^\s,;:]+)*)%s" % _UNIT
_FILES = r"LimitNOFILE=(\d+)(?: and LimitNPROC=\d+)?%s" % _UNIT


def _its(setting: str) -> str:
    """What matches a setting of a unit in a sentence, with what says whose it is."""
    return r"(?:\bits )?\b%s=(?: of its unit)?" % setting


#: What the settings of a unit are called elsewhere, in the order in which they are looked for.
_TERMS: dict[str, tuple[tuple[str, str], ...]] = {
    "supervisor": (
        (_FILE, 'environment=NAME="value" in its [program:NAME]'),
        (_VARIABLES, r"environment=\1 in its [program:NAME]"),
        (_FILES, r"minfds=\1 in [supervisord]"),
        (r"EnvironmentFile=|Environment=", "environment="),
        (r"ExecStart=", "command="),
        (r"WorkingDirectory=", "directory="),
        (r"\bUser=", "user="),
        (r"its unit\b", "its program"),
    ),
    "pm2": (
        (_FILE, "env: { NAME: 'value' } in its ecosystem file"),
        (_VARIABLES, r"\1 in env: of its ecosystem file"),
        (_FILES, r"LimitNOFILE=\1 in the unit that starts pm2 (systemctl edit pm2-USER)"),
        (_its("EnvironmentFile") + "|" + _its("Environment"), "its env"),
        (r"ExecStart=(?=/)", "script: "),
        (_its("ExecStart"), "its script"),
        (_its("WorkingDirectory"), "its cwd"),
        (_its("User"), "its user"),
        (r"its unit\b", "its program"),
    ),
    "container": (
        (_FILE, "env_file: or environment: in its compose file, else --env-file"),
        (_VARIABLES, r"\1 in its environment (compose: environment:, else -e)"),
        (_FILES, r"a limit of \1 open files (compose: ulimits: nofile, else --ulimit nofile=\1)"),
        (_its("EnvironmentFile") + "|" + _its("Environment"), "its environment"),
        (r"ExecStart=(?=/)", "command: "),
        (_its("ExecStart"), "its command"),
        (_its("WorkingDirectory"), "its working_dir"),
        (_its("User"), "its user"),
        (r"its unit\b", "its container"),
    ),
}
#: What only systemd has, and commands of it.
_SYSTEMD_ALONE = re.compile(
    r"\b(?:TasksMax|LimitNPROC|LimitMEMLOCK|AmbientCapabilities|WatchdogSec|RuntimeDirectory|StateDirectory|ReadWritePaths|ProtectSystem|DynamicUser|PIDFile"
    r"|ExecStartPre)=|\bsystemctl (?:cat|show|restart) |\[Service\]|systemctl edit(?! pm2)"
)


def in_terms_of(manager: str, lines: t.Iterable[str]) -> tuple[str, ...]:
    """The lines that hold for a program that this keeps running, in its own terms. What is typed on the host says nothing of what is in a container.

    manager: systemd | supervisor | pm2 | container
    """
    terms = _TERMS.get(manager)
    if terms is None:
        return tuple(lines)
    translated = [_with(terms, line) for line in lines if manager != "container" or line.startswith("# ")]
    return tuple(line for line in translated if not _SYSTEMD_ALONE.search(line))


def _with(terms: t.Iterable[tuple[str, str]], line: str) -> str:
    for setting, called in terms:
        line = re.sub(setting, called, line)
    return line
