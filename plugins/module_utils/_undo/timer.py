# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The timer by which a host undoes a change that nobody confirms, and the program that it starts.

The program lies beside the journal: one file with the few modules it needs, for Python 3.6 or later and nothing else. It reads the journal when it
starts, so a timer that fires too late, twice, or for a change that was kept does nothing.

Private to this collection: it may change in any release.
"""

import ast
import functools
import io
import os
import sys
import zipfile
from typing import Any, Dict, Iterator, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import program as undo_program
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.boot_units import python
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.durable import write_file

PROGRAM = "undo.pyz"
MAIN = "import sys\nfrom %s import main\nsys.exit(main())\n"


def sources(module: str, package: str) -> Dict[str, str]:
    """The sources of a loaded module and of all loaded modules that it imports from the package, by their full names."""
    wanted = [module]
    found: Dict[str, str] = {}
    while wanted:
        name = wanted.pop()
        # Packages hold no code; what is imported from a module is not always a module.
        if name in found or name not in sys.modules or hasattr(sys.modules[name], "__path__"):
            continue
        loader: Any = sys.modules[name].__loader__
        found[name] = loader.get_source(name)
        for node in _imports(ast.parse(found[name]).body):
            if (node.module or "").startswith(package):
                wanted += [str(node.module)] + ["%s.%s" % (node.module, alias.name) for alias in node.names]
    return found


def _imports(statements: Sequence[ast.AST]) -> Iterator[ast.ImportFrom]:
    """The imports of a block and of the blocks within it. Expressions, nine tenths of what there is, have none."""
    for statement in statements:
        if isinstance(statement, ast.ImportFrom):
            yield statement
        for block in "body", "orelse", "handlers", "finalbody":
            yield from _imports(getattr(statement, block, ()))


@functools.lru_cache(maxsize=None)
def program_bytes() -> bytes:
    """The program as a zip that Python runs: the sources of the modules under their own names, and one line that starts them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        texts = sources(undo_program.__name__, undo_program.__name__.rpartition("._undo.")[0])
        packages = {name.rsplit(".", depth)[0] for name in texts for depth in range(1, name.count(".") + 1)}
        for package in sorted(packages):
            archive.writestr(package.replace(".", "/") + "/__init__.py", "")
        for name in sorted(texts):
            archive.writestr(name.replace(".", "/") + ".py", texts[name])
        archive.writestr("__main__.py", MAIN % undo_program.__name__)
    return out.getvalue()


def lay_program(folder: str) -> None:
    """Put the program into a folder of the journal, if it is not there."""
    program = os.path.join(folder, PROGRAM)
    if not os.path.exists(program):
        write_file(program, program_bytes())


def timer_name(run: str, change: str) -> str:
    return "bad_gateway-%s-%s" % (run, change)


def arm(host: Host, program: str, run: str, change: str, seconds: int) -> str:
    """Have the host undo a change in so many seconds. Returns what waits: systemd | process. Raises Refused where nothing would."""
    command = [python(), "-E", "-s", "-B", program, "--root", host.root, "--run", run, "--change", change]
    if service_manager.in_charge(host) == service_manager.SYSTEMD:
        argv = [
            "systemd-run",
            "--quiet",
            "--collect",
            "--unit=" + timer_name(run, change),
            "--on-active=%d" % seconds,
            "--timer-property=AccuracySec=1s",
        ]
        ran = host.run(argv + command)
        if ran.code == 0:
            return "systemd"
    ran = host.run([*command, "--after", str(seconds)])
    if ran.code != 0:
        raise Refused("no timer could be set that would undo the change: %s" % (ran.error or ran.err.strip()[-300:]))
    return "process"


def disarm(host: Host, run: str, change: str) -> None:
    """Stop the timer. A process that waits is left to wake up, read the journal and end."""
    if service_manager.in_charge(host) == service_manager.SYSTEMD:
        host.run(["systemctl", "stop", timer_name(run, change) + ".timer"])
