# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of this machine, with words that help when one is missing or fails."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

NOISE = "failed to connect to syslog"

Done = subprocess.CompletedProcess[str]


class LabError(Exception):
    """Something that the one who called the lab can act upon."""


def command(
    argv: list[str],
    text: str = "",
    check: bool = True,
    timeout: float = 600,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Done:
    """Run a command with text as its input; a failure shows the command and its own words."""
    brief = " ".join(argv[:4])
    try:
        done = subprocess.run(
            argv, input=text, capture_output=True, text=True, timeout=timeout, env=env, cwd=folder, check=False
        )
    except FileNotFoundError:
        raise LabError("%s is not installed; tests/lab/packages.txt lists what the lab needs" % argv[0]) from None
    except subprocess.TimeoutExpired:
        raise LabError("%s: no end after %g seconds" % (brief, timeout)) from None
    if check and done.returncode != 0:
        words = "\n".join(line for line in (done.stdout + done.stderr).splitlines() if NOISE not in line)
        raise LabError("%s ended with %d:\n%s" % (brief, done.returncode, words[-3000:]))
    return done
