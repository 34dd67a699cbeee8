# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""iptables: the opening of a port by rules of iptables and ip6tables, in force and in the files that are loaded at boot.

Private to this collection: it may change in any release.
"""

import re
import shlex
from typing import TYPE_CHECKING, List, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.boot import alone, loaded_alone
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.iptables_listing import chains_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.opening import (
    MARK,
    Answer,
    Edit,
    Found,
    Opening,
    Seen,
    Wanted,
    name,
    replacement,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import filtering
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.boot import BootFile
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import Chain

SERVICES = ("iptables", "ip6tables", "netfilter-persistent")
REPLACES = False
#: Those of iptables-persistent (Debian) and iptables-services (Red Hat).
BOOT_FILES = ["/etc/iptables/rules.v4", "/etc/sysconfig/iptables"]
BOOT_FILES_6 = ["/etc/iptables/rules.v6", "/etc/sysconfig/ip6tables"]
#: What the programs of its services load.
_LOADERS = (
    ("netfilter-persistent", (BOOT_FILES[0], BOOT_FILES_6[0])),
    ("/ip6tables.init", (BOOT_FILES_6[1],)),
    ("/iptables.init", (BOOT_FILES[1],)),
)
_ADDS = re.compile(r"[^#]*(?:\bip6?tables\S*|\$\{?\w+\}?)\s[^#]*-(?:[AIP]|-append|-insert|-policy)\s")
_RESTORES = re.compile(r"\b(ip6?)tables(?:-nft|-legacy)?-restore\s[^\n]*?(/[^\s\"';<]+)")
#: How iptables ends where it knows that a rule is not there.
ABSENT = 1
#: Seconds to wait while another iptables changes rules.
WAIT = ["-w", "10"]


def is_in_charge(seen: Seen) -> bool:
    """Whether anything filters: asked of the tools last, it is iptables that made it."""
    return bool(filtering(seen.chains))


def made(chain: "Chain", in_charge: bool) -> bool:
    """Whatever nobody else has made."""
    return True


def boot(host: Host) -> "Optional[List[BootFile]]":
    """The files that an enabled unit hands to iptables-restore, those of iptables-persistent and iptables-services among them."""

    families = dict.fromkeys(BOOT_FILES_6, "ip6")

    def loaded_by(commands: str) -> List[str]:
        own = [path for program, paths in _LOADERS for path in paths if program in commands]
        restored = {path: family for family, path in _RESTORES.findall(commands) if path not in own}
        families.update(restored)
        return own + list(restored)

    def load_and_show(path: str) -> Tuple[str, str]:
        tool = families.get(path, "ip") + "tables"
        return tool + '-restore "$1"', tool + "-save"

    def chains(path: str, saved: str) -> List[str]:
        return list(chains_of(saved, families.get(path, "ip")))

    return loaded_alone(host, BOOT_FILES + BOOT_FILES_6, loaded_by, load_and_show, chains, _ADDS)


def rules(wanted: Wanted) -> List[str]:
    """Rules as iptables-save prints them, without the -A of the line."""
    chain = name(wanted.chain, "chain")
    return [
        '%s -s %s -p tcp -m tcp --dport %d -m comment --comment "%s" -j ACCEPT'
        % (chain, _network(source), wanted.port, MARK)
        for source in wanted.sources
    ]


def _network(source: str) -> str:
    if "/" in source:
        return source
    return source + ("/128" if _is_v6(source) else "/32")


def _is_v6(text: str) -> bool:
    return ":" in text


def _command(wanted: Wanted, source: str, option: str) -> List[str]:
    """What does one thing with the rule for one source: -I, -C or -D."""
    (rule,) = rules(wanted._replace(sources=[source]))
    return ["ip6tables" if _is_v6(source) else "iptables"] + WAIT + [option] + shlex.split(rule)


def boot_files(wanted: Wanted) -> List[str]:
    return [wanted.file] if wanted.file else BOOT_FILES + BOOT_FILES_6


def reads(wanted: Wanted) -> List[List[str]]:
    """Whether the rule for each source is in force."""
    return [_command(wanted, source, "-C") for source in wanted.sources]


def opening(wanted: Wanted, found: Found) -> Opening:
    """A host without a file for boot keeps no rules: there the opening lasts as long as the others do."""
    edits = [edit for source in wanted.sources for edit in _edits(wanted, source, found)]
    commands = [
        _command(wanted, source, "-I")
        for source, answer in zip(wanted.sources, found.answers)
        if not _is_there(wanted, source, answer)
    ]
    return Opening(list(dict.fromkeys(edit.path for edit in edits)), edits, commands)


def _is_there(wanted: Wanted, source: str, answer: Answer) -> bool:
    if answer.code not in (0, ABSENT):
        raise ValueError("%s: %s" % (" ".join(_command(wanted, source, "-C")), answer.err.strip()))
    return answer.code == 0


def _edits(wanted: Wanted, source: str, found: Found) -> List[Edit]:
    path = _boot_file(wanted, source, found)
    if path is None:
        return []
    (rule,) = rules(wanted._replace(sources=[source]))
    # Once, in the table filter, before the first rule of the chain or, where it has none, at the end of the table.
    place = r"(?s)\A(?!.*^-A %s$)(.*?^\*filter$.*?)(?=^-A %s |^COMMIT$)" % (
        re.escape(rule),
        re.escape(wanted.chain),
    )
    restore = "ip6tables-restore" if _is_v6(source) else "iptables-restore"
    check = " ".join(shlex.quote(word) for word in alone(restore + ' --test "$1"'))
    return [Edit(path, place, r"\g<1>-A %s\n" % replacement(rule), check + " %s")]


def _boot_file(wanted: Wanted, source: str, found: Found) -> Optional[str]:
    if wanted.file:
        return wanted.file
    known = BOOT_FILES_6 if _is_v6(source) else BOOT_FILES
    return next((path for path in known if path in found.files), None)


def undo(wanted: Wanted) -> List[List[str]]:
    return [_command(wanted, source, "-D") for source in wanted.sources]
