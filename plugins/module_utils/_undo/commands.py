# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that an undo runs, with a limit of time and of output.

Private to this collection: it may change in any release.
"""

import os
import subprocess
import tempfile
from typing import IO, List, Optional, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import SYSTEM_PATH
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.service_manager import Runner
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import printable
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.steps import (
    DONE,
    FAILED,
    NOT_DONE,
    Step,
    command_step,
)

COMMAND_SECONDS = 100.0  # longer than systemd lets a unit take to stop
OUTPUT_LIMIT = 4096
WORDS_LIMIT = 300


def end_of(text: str) -> str:
    """The end of what a command or the system said, on one line and harmless on a terminal."""
    return printable(" ".join(text.split())[-WORDS_LIMIT:], WORDS_LIMIT)


def _output_file() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile()
    except OSError:  # a disk that is full must not keep a change from being undone
        return open(os.devnull, "w+b")


def run_command(argv: Sequence[str]) -> Tuple[Optional[int], str]:
    """The exit code of a command (None where it could not be run or did not end in time) and the end of its output.

    The output goes to a file, so that a daemon that the command starts and that keeps the output open holds up nobody.
    """
    env = {"PATH": SYSTEM_PATH, "LC_ALL": "C", "LANG": "C", "HOME": "/root"}
    with _output_file() as output:
        try:
            process = subprocess.Popen(  # pylint: disable=ansible-bad-function  # the host's timer runs this with no AnsibleModule around
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd="/",
                close_fds=True,
                start_new_session=True,
            )
        except OSError as error:
            return None, "%s: %s" % (argv[0], os.strerror(error.errno or 0))
        try:
            code = process.wait(timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None, "%s: no answer in %g seconds" % (argv[0], COMMAND_SECONDS)
        output.seek(0, os.SEEK_END)
        output.seek(max(0, output.tell() - OUTPUT_LIMIT))
        return code, output.read().decode("utf-8", "replace")


def run_step(run: Runner, argv: Sequence[str]) -> Step:
    """The step that runs a command."""
    code, said = run(argv)
    if code == 0:
        return command_step(argv, DONE)
    return command_step(argv, FAILED, end_of(said) or "ended with %s" % code)


def run_in_turn(run: Runner, commands: Sequence[Sequence[str]]) -> List[Step]:
    """The steps that run commands of which each needs the one before it to have succeeded: a check before a reload."""
    steps: List[Step] = []
    for argv in commands:
        if steps and steps[-1].outcome != DONE:
            steps.append(command_step(argv, NOT_DONE, "the command before it failed"))
        else:
            steps.append(run_step(run, argv))
    return steps
