# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates that a release passes, on this machine: each ends as passed, SHUT, or not run with the reason.

    gates.py [NAME ...]     all, or the named ones; ends with 1 where one is shut
    gates.py --list
"""

from __future__ import annotations

import concurrent.futures
import subprocess
import sys
import time

import _gates
from _machine import CACHE, Missing

#: ansible-test waits much for pip and for processes that it starts one by one: two at a time fill two cores.
AT_ONCE = 2


def attempt(name: str) -> tuple[str, str]:
    """How a gate ended, and its closing line."""
    run = _gates.Run(name)
    begun = time.monotonic()
    try:
        verdict, line = "passed", _gates.GATES[name](run)
    except Missing as missing:
        verdict, line = "not run", str(missing)
    except _gates.Shut as shut:
        verdict, line = "SHUT", "%s (%s)" % (shut, run.log.relative_to(CACHE.parents[1]))
    except (OSError, ValueError, subprocess.SubprocessError) as broken:
        verdict, line = "SHUT", "%s: %s" % (type(broken).__name__, broken)
    print("%-22s %-8s %4d s  %s" % (name, verdict, time.monotonic() - begun, line), flush=True)
    return verdict, name


def main(names: list[str]) -> int:
    if names == ["--list"]:
        print("\n".join(_gates.GATES))
        return 0
    unknown = sorted(set(names) - set(_gates.GATES))
    if unknown:
        print("no such gate: %s (there are: %s)" % (", ".join(unknown), ", ".join(_gates.GATES)), file=sys.stderr)
        return 2
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        ended = list(pool.map(attempt, names or list(_gates.GATES)))
    count = {verdict: [name for told, name in ended if told == verdict] for verdict in ("passed", "SHUT", "not run")}
    print("gates: %d passed, %d shut, %d not run" % tuple(len(count[verdict]) for verdict in ("passed", "SHUT", "not run")))
    for name in count["SHUT"]:
        tail = (CACHE / "logs" / (name + ".log")).read_text(encoding="utf-8").splitlines()[-40:]
        print("\n--- %s\n%s" % (name, "\n".join(tail)))
    return 1 if count["SHUT"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
