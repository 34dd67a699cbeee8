# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates that a release passes, on this machine: each ends as passed, SHUT, or not run with the reason.

gates.py [NAME ...]     all, or the named ones; ends with 1 where one is shut
gates.py --list
"""

from __future__ import annotations

import collections
import concurrent.futures
import subprocess
import sys
import time

import _gates
from _machine import CACHE, Missing

#: ansible-test waits much for pip and for processes that it starts one by one: two at a time fill two cores.
AT_ONCE = 2


def attempt(name: str) -> tuple[str, str, str]:
    """How a gate ended, its name, and its closing line."""
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
    return verdict, name, line


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
    shut = [(name, line) for verdict, name, line in ended if verdict == "SHUT"]
    for name, _line in shut:
        tail = (CACHE / "logs" / (name + ".log")).read_text(encoding="utf-8", errors="replace").splitlines()[-40:]
        print("\n--- %s\n%s\n" % (name, "\n".join(line[: _gates.LONGEST_LINE] for line in tail)))
    count = collections.Counter(verdict for verdict, _name, _line in ended)
    print("gates: %d passed, %d shut, %d not run" % (count["passed"], count["SHUT"], count["not run"]))
    for name, line in shut:
        print("%s is shut: %s" % (name, line))
    return 1 if shut else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
