# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the daemons of a lab host say to configurations that are only tried: their own binaries test them, nothing is put in force."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from _commands import LabError
from _hosts import container
from _podman import environment
from _settings import HERE, HOME

#: Where the files lie on the host. What is tried names itself by these paths.
FOLDER = "/opt/verdicts"


class Verdict(NamedTuple):
    accepted: bool
    said: str


class Daemons:
    """One program on a host that answers line by line: a verdict takes as long as the daemon's own test."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def test(self, files: dict[str, str], command: list[str]) -> Verdict:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"files": files, "command": command}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise LabError(
                "the host gives no more verdicts: its program ended with %s" % self._process.wait(timeout=10)
            )
        ended: dict[str, Any] = json.loads(line)
        return Verdict(ended["status"] == 0, ended["said"])

    def nginx(self, files: dict[str, str], main: str) -> Verdict:
        return self.test(files, ["nginx", "-t", "-q", "-c", main])

    def php_fpm(self, files: dict[str, str], main: str) -> Verdict:
        """Accepted or not, and with -tt each value that is in force."""
        return self.test(files, ["sh", "-c", 'exec php-fpm"$(ls /etc/php 2>/dev/null)" -tt -y "$0"', main])


@contextmanager
def daemons(host: str) -> Iterator[Daemons]:
    argv = [
        "podman",
        "exec",
        "-i",
        container(host),
        "python3",
        "-c",
        (HERE / "on_host_verdicts.py").read_text(),
        FOLDER,
    ]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(), cwd=HOME
    ) as process:
        try:
            yield Daemons(process)
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait(timeout=30)
