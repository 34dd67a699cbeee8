# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that the boot loads rules from: which unit loads them, and what they make alone, in a network namespace of their own that nothing else is in.

The rules in force say nothing of that: a rule may go into a chain that another unit has loaded, and the next boot loads nothing of its file.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, Callable, Iterable, List, Optional, Pattern, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class BootFile(TypedDict):
        """A file that rules are loaded from."""

        file: str
        unit: Optional[str]  # the enabled unit that loads it; None: none does
        chains: List[str]  # IDs of the chains that it makes alone
        error: Optional[str]  # why it can't be loaded alone
        line: Optional[int]  # of a script that adds rules by commands: the last line that does


LIMIT = 300
#: Characters of a line that are looked at.
LONGEST = 500
#: What else runs at boot, or when the network comes up; of tables of cron what they run @reboot.
SCRIPTS = (
    "/etc/rc.local",
    "/etc/rc.d/rc.local",
    "/etc/network/interfaces",
    "/etc/network/interfaces.d/*",
    "/etc/network/if-pre-up.d/*",
    "/etc/network/if-up.d/*",
    "/etc/NetworkManager/dispatcher.d/*",
    "/etc/networkd-dispatcher/*/*",
    "/etc/cron.d/*",
    "/var/spool/cron/crontabs/root",
    "/var/spool/cron/root",
    "/etc/rc[2S].d/S*",
)
_SCRIPT = re.compile(r"/(?:etc|usr/local|opt|root|srv)/[\w./+@-]+")
UNIT_FOLDER = "/etc/systemd/system"
#: Rules may name interfaces, which have to be there when they are loaded: the host's names are given to some of no use.
WITH_INTERFACES = (
    '%s 2>/dev/null || { for one in /sys/class/net/*; do ip link add "${one##*/}" type bridge; done 2>/dev/null; %s; }'
)


def alone(load: str, show: str = "") -> List[str]:
    """The command that loads a file ($1) in an empty network namespace, and shows what that makes; the path is still to follow."""
    script = WITH_INTERFACES % (load, load) + (" && " + show if show else "")
    return ["unshare", "-n", "sh", "-c", script, "sh"]


def started_at_boot(host: Host) -> Optional[List[Tuple[str, str]]]:
    """Name and commands of each enabled service, its drop-ins' with them; None where systemd does not start the host."""
    if not host.is_dir("/run/systemd/system"):
        return None
    found = []
    for path in host.glob(UNIT_FOLDER + "/*.wants/*.service")[:LIMIT]:
        name = path.rpartition("/")[2]
        dropins = host.glob("%s/%s.d/*.conf" % (UNIT_FOLDER, name))[:LIMIT]
        text = "\n".join((host.read(one, 65536) or "") for one in [path, *dropins])
        # An empty assignment takes back what came before it.
        text = re.split(r"^ExecStart=\s*$", text, flags=re.MULTILINE)[-1]
        found.append((name, "\n".join(re.findall(r"^Exec\w+=(.*)$", text, re.MULTILINE))))
    for path in [path for pattern in SCRIPTS for path in host.glob(pattern) if _is_run(host, path)][:LIMIT]:
        text = host.read(path, 65536) or ""
        found.append((path, "\n".join(re.findall("^@reboot(.*)", text, re.MULTILINE)) if "cron" in path else text))
    return found


def _is_run(host: Host, path: str) -> bool:
    """Whether what stands in a file is run at boot: of a script only where it may be run, as systemd and run-parts ask first."""
    if "cron" in path or "/interfaces" in path:
        return True
    try:
        return bool(host.stat(path).st_mode & 0o111)
    except OSError:
        return False


def scripts_of(host: Host, name: str, commands: str) -> List[Tuple[str, str]]:
    """The scripts that a unit's commands name, or the script of this name itself with those that it names: path and text of each."""
    found = [(name, commands)] if name.startswith("/") and "cron" not in name else []
    for path in list(dict.fromkeys(_SCRIPT.findall(commands)))[:LIMIT]:
        text = host.read(path, 65536) or ""
        if text.startswith("#!") and path != name:
            found.append((path, text))
    return found


def loaded_alone(
    host: Host,
    usual: Iterable[str],
    loaded_by: Callable[[str], List[str]],
    load_and_show: Callable[[str], Tuple[str, str]],
    chains_of: Callable[[str, str], List[str]],
    adds: "Pattern[str]",
) -> "Optional[List[BootFile]]":
    """The files of one tool. usual: where it keeps them, whoever loads them. loaded_by: the files that a unit's commands load; load_and_show: what loads
    one, and what prints the rules then; chains_of: the chains in what that printed; adds: a line of a script that adds a rule."""
    services = started_at_boot(host)
    if services is None:
        return None
    made: "List[BootFile]" = []
    for unit, commands in services:
        scripts = scripts_of(host, unit, commands)
        for path, text in scripts:
            lines = [number for number, line in enumerate(text.splitlines(), 1) if adds.match(line[:LONGEST])]
            if lines and path not in [one["file"] for one in made]:
                made.append({"file": path, "unit": unit, "chains": [], "error": None, "line": lines[-1]})
        for path in dict.fromkeys(
            path for text in [commands, *(one[1] for one in scripts)] for path in loaded_by(text)
        ):
            if host.exists(path) and path not in [one["file"] for one in made]:
                ran = host.run([*alone(*load_and_show(path)), path], timeout=20.0)
                words = (ran.error or ran.err).strip().splitlines()
                error = (
                    None if ran.code == 0 else (words or ["exit code %s" % ran.code])[0].replace(path + ":", "line ")
                )
                chains = chains_of(path, ran.out) if ran.code == 0 else []
                made.append({"file": path, "unit": unit, "chains": chains, "error": error, "line": None})
    loaded = [one["file"] for one in made]
    for path in usual:
        if host.exists(path) and path not in loaded:
            made.append({"file": path, "unit": None, "chains": [], "error": None, "line": None})
    return made
