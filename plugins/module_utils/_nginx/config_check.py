# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx -t, asked so that nothing of it stays behind.

What nginx -t does besides reading (files seen with 1.22, the rest from its source): it makes an empty pid file and empty log files, temporary and cache folders
where they are missing, gives those folders to nginx's user, writes its complaint to the compiled-in error log, and binds the ports that
nobody holds for some milliseconds. It asks the resolver for every upstream's name.

Private to this collection: it may change in any release.
"""

import os
import re
import stat
from typing import TYPE_CHECKING, NamedTuple, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host, Ran
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.open_files import open_files
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.config_files import ConfigFiles
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.instance import Nginx
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import how_it_ended, was_not_run

TIMEOUT = 15.0
_ERROR_LINE = re.compile(
    r"^(?:nginx: |\d{4}/\d\d/\d\d \d\d:\d\d:\d\d )\[emerg\] (?:\d+#\d+: )?(?P<message>.*)$", re.MULTILINE
)
_PLACE = re.compile(r"^(?P<message>.*) in (?P<file>/.*):(?P<line>\d+)$", re.DOTALL)
_NO_STDERR_OPTION = re.compile(r"0\.|1\.(?:[0-9]|1[0-8])\.|1\.19\.[0-4]$")


if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import Place

    class ConfigCheck(TypedDict):
        """What `nginx -t` says. sound: null where it could not be asked; where: the place that it names."""

        sound: Optional[bool]
        error: Optional[str]
        where: Optional[Place]
        not_run: Optional[
            int
        ]  # how nginx ended where it did not get as far as its files: an exit code, below 0 a signal


class Verdict(NamedTuple):
    """What `nginx -t` says. sound is None where nginx could not be asked; error then says why."""

    sound: Optional[bool]
    error: Optional[str]
    where: "Optional[Place]"
    output: str
    not_run: Optional[int] = None

    def facts(self) -> "ConfigCheck":
        return {"sound": self.sound, "error": self.error, "where": self.where, "not_run": self.not_run}


class Traces:
    """What stood at some paths before, so that it can stand there again."""

    def __init__(self, host: Host, paths: Sequence[str]) -> None:
        self.host = host
        self.before = {path: self._stat(path) for path in paths}

    def _stat(self, path: str) -> Optional[os.stat_result]:
        try:
            return os.lstat(self.host.path(path))
        except OSError:
            return None

    def wipe(self) -> None:
        """Remove what is new, empty and in nobody's hands; give folders back to their owners."""
        for path, before in self.before.items():
            now = self._stat(path)
            try:
                if now is not None and before is None:
                    self._remove(path, now)
                elif now is not None and before is not None:
                    self._give_back(self.host.path(path), now, before)
            except OSError:
                continue

    def _remove(self, path: str, now: os.stat_result) -> None:
        if stat.S_ISDIR(now.st_mode):
            os.rmdir(self.host.path(path))
        elif stat.S_ISREG(now.st_mode) and now.st_size == 0 and not self._is_open(path):
            os.unlink(self.host.path(path))

    def _is_open(self, path: str) -> bool:
        """Whether a process has a file open: then it is no trace of ours, but the log of what was started meanwhile."""
        place = self.host.realpath(path)
        pids = [int(name) for name in self.host.listdir("/proc") if name.isdigit()]
        return any(one.path == place for pid in pids for one in open_files(self.host, pid))

    @staticmethod
    def _give_back(path: str, now: os.stat_result, before: os.stat_result) -> None:
        if not stat.S_ISDIR(now.st_mode) or (now.st_uid, now.st_gid, now.st_mode) == (
            before.st_uid,
            before.st_gid,
            before.st_mode,
        ):
            return
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if os.fstat(descriptor).st_ino == before.st_ino:
                os.fchown(descriptor, before.st_uid, before.st_gid)
                os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
        finally:
            os.close(descriptor)


def check_config(host: Host, nginx: Nginx, files: ConfigFiles) -> Verdict:
    """Whether nginx accepts the configuration on disk, and its first complaint where it does not."""
    paths = [files.pid_path(nginx.prefix, nginx.pid_path)] + (
        [nginx.error_log_path] if nginx.error_log_path.startswith("/") else []
    )
    paths += files.log_paths("error_log", nginx.prefix) + files.log_paths("access_log", nginx.prefix)
    traces = Traces(host, paths + nginx.temp_paths + files.folders(nginx.prefix))
    quietly = [] if _NO_STDERR_OPTION.match(nginx.version) else ["-e", "stderr"]
    asking = host.acting_as(nginx.master.uid if nginx.master else host.owner_of(nginx.binary))
    try:
        ran = host.run([*asking, *nginx.argv("-t", *quietly)], timeout=TIMEOUT)
    finally:
        traces.wipe()
    return judged(ran, os.geteuid() == 0 and not asking)


def judged(ran: Ran, is_root: bool) -> Verdict:
    """What the outcome of nginx -t says."""
    output = (ran.out + ran.err).strip()
    if ran.code is None:
        return Verdict(None, ran.error, None, output)
    if ran.code == 0:
        return Verdict(True, None, None, output)
    found = _ERROR_LINE.search(output)
    if was_not_run(ran.code, output):
        return Verdict(False, how_it_ended("nginx -t", ran.code, output), None, output, ran.code)
    message = found.group("message").strip() if found else how_it_ended("nginx -t", ran.code, output)
    if not is_root and "(13: Permission denied)" in message:
        return Verdict(None, message, None, output)
    return Verdict(False, message, _place(message), output)


def _place(message: str) -> "Optional[Place]":
    found = _PLACE.match(message)
    return {"file": found.group("file"), "line": int(found.group("line"))} if found else None
