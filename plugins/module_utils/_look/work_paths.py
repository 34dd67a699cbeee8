# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths that are there so that work is done where they are asked: cron jobs, webhooks, scripts of their own.

A configuration names them, but it names them for cron or for another service, not for a look.

Private to this collection: it may change in any release.
"""

import re

_WORK = frozenset([
    "backup", "cron", "crontab", "delete", "deploy", "destroy", "disable", "enable", "execute", "flush", "hook", "hooks", "import",
    "install", "job", "jobs", "logout", "migrate", "purge", "reboot", "rebuild", "reindex", "remove", "reset", "restart", "restore", "run",
    "scheduler", "shutdown", "signout", "start", "stop", "sync", "task", "tasks", "trigger", "uninstall", "unsubscribe", "update",
    "upgrade", "webcron", "webhook", "webhooks", "wipe",
])  # fmt: skip
_WORDS = re.compile(r"[A-Za-z]+")
_SCRIPT = re.compile(r"/[^/]+\.(?:php\d?|phtml|cgi|fcgi|f?pl|py|rb|sh|jsp|do|aspx?|ashx|cfm)\Z")
#: Scripts that answer for a whole site.
_FRONT = re.compile(r"/(?:index|app|main|default|home)\.\w+\Z")


def does_work(path: str) -> bool:
    """Whether a path's words say that what is asked there is done."""
    return not _WORK.isdisjoint(word.lower() for word in _WORDS.findall(path))


def is_script(path: str) -> bool:
    """Whether a path is a script of its own, and not a site's front."""
    return bool(_SCRIPT.search(path)) and not _FRONT.search(path)
