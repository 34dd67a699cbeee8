# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What programs wrote to log files of their own, of which the journal has nothing: files that a unit, an option or a manager of programs names.

Private to this collection: it may change in any release.
"""

import os
import re
import stat
from typing import TYPE_CHECKING, Any, List, Mapping, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.root_only import RootOnly
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.supervised import programs
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_addresses import (
    of_supervised,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_journal import LOUD, that_say_why
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import (
    Properties,
    argv_of,
    files_of,
)

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import DeclaredAddress

#: Bytes of the end of a log.
END = 16 * 1024
#: Seconds that a file's time may lie before the start whose words are looked for.
SLACK = 2.0
_OF_UNIT = re.compile(r"^\s*Standard(?:Error|Output)\s*=\s*(?:append|file|truncate):(/\S+)", re.MULTILINE)
_OF_COMMAND = re.compile(
    r"(?:^| )(?:--?(?:error-?log(?:file)?|log-?file|logto2?|daemonize2?)[= ]|[12]?>>? ?)(/[^\s;&|\"']+)"
)
_OF_CONFIG = re.compile(
    r"^\s*(?:(?:errorlog|logto2?|daemonize2?)\s*[:=]|stderr_path|stdout_redirect[\s(]+[\"'][^\"'\n]*[\"'],)\s*[\"']?(/[^\s\"'#]+)",
    re.MULTILINE,
)
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
#: How uwsgi begins its lines in a file.
_DATE = re.compile(r"^\w{3} \w{3} [ \d]\d [\d:]{8} \d{4} - ")


class OwnLogs:
    """Reads the logs of one unit. listeners: of the host; since: when the newest start of the unit began."""

    def __init__(
        self, host: Host, accounts: Accounts, listeners: Optional[Mapping[str, Any]], since: Optional[float]
    ) -> None:
        self.host = host
        self.accounts = accounts
        self.listeners = listeners or {}
        self.since = since

    def instead_of(self, words: List[str], properties: Properties, declares: "Sequence[DeclaredAddress]") -> List[str]:
        """Its last words, where those of the journal say less; else these."""
        if any(LOUD.search(line) for line in words):
            return words
        own = self.of_unit(properties, declares)
        return own if own and (not words or any(LOUD.search(line) for line in own)) else words

    def of_unit(self, properties: Properties, declares: "Sequence[DeclaredAddress]") -> List[str]:
        """The last words in the first of its own logs that has any."""
        texts = [self.host.read(path) or "" for path in files_of(properties)]
        paths = [path for text in texts[::-1] for path in _OF_UNIT.findall(text)[::-1]]
        paths += _OF_COMMAND.findall(" ".join(argv_of(properties)))
        for file in dict.fromkeys(one["file"] for one in declares):
            paths += _OF_CONFIG.findall(self.host.read(file) or "")
        return words_in(self.host, paths, properties.get("User") or "root", self.accounts, self.since)

    def of_supervised(self) -> List[str]:
        """Of supervisord's: the last words of its first program that listens on none of its addresses and has any, with its name."""
        there = {str(one["port"]) for one in self.listeners.get("tcp", [])}
        there |= {one["path"] for one in self.listeners.get("unix", [])}
        for program in programs(self.host):
            addresses = [read_address(one["address"]) for one in of_supervised(self.host, program)]
            places = {address.path or str(address.port) for address in addresses}
            if places and not places & there:
                # supervisord opens the logs of its programs itself.
                words = words_in(self.host, program.logs, "root", self.accounts, self.since)
                if words:
                    return ["%s, in %s" % (program.name, words[0]), *words[1:]]
        return []


def words_in(
    host: Host, paths: Sequence[str], user: str, accounts: Accounts, since: Optional[float] = None
) -> List[str]:
    """The last words in the first of these logs that has any and was written to since then, behind its path. user: as whom their program runs."""
    for path in dict.fromkeys(paths):
        lines = end_of(host, path, user, accounts, since)
        words = that_say_why([_DATE.sub("", _COLOUR.sub("", line)) for line in lines])
        if words:
            return ["%s: %s" % (path, words[0]), *words[1:]]
    return []


def end_of(host: Host, path: str, user: str, accounts: Accounts, since: Optional[float]) -> List[str]:
    """The last lines of a log. Root follows no link of others, and reads for them no more than what is theirs."""
    try:
        descriptor = os.open(host.path(path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW)
    except OSError:
        return []
    try:
        status = os.fstat(descriptor)
        is_his = accounts.user(status.st_uid) == user != "root"
        is_fresh = since is None or status.st_mtime >= since - SLACK
        if (
            not stat.S_ISREG(status.st_mode)
            or not is_fresh
            or not (is_his or _is_a_log_of_root(host, path, descriptor))
        ):
            return []
        start = max(0, status.st_size - END)
        text = os.pread(descriptor, END, start).decode("utf-8", "replace")
    except OSError:
        return []
    finally:
        os.close(descriptor)
    return text.splitlines()[1 if start else 0 :]


def _is_a_log_of_root(host: Host, path: str, descriptor: int) -> bool:
    """Whether nobody but root, or a daemon that keeps logs (Ubuntu's /var/log is its group's), has put an open file there.

    Where it lies is asked of the file itself: what a link on its path leads to may be another folder a moment later.
    """
    logs = os.path.realpath(host.path("/var/log"))
    in_logs = os.readlink("/proc/self/fd/%d" % descriptor).startswith(logs + "/") and os.fstat(descriptor).st_nlink == 1
    return in_logs or RootOnly(host).why_not(path) is None
