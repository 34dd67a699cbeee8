# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nftables: the opening of a port by rules of nft, in force and in the file that its service loads.

Private to this collection: it may change in any release.
"""

import json
import re
import shlex
from typing import TYPE_CHECKING, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.boot import alone, loaded_alone
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.opening import (
    MARK,
    Edit,
    Found,
    Opening,
    Seen,
    Wanted,
    name,
    replacement,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.owners import owner_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import chain_id, filtering
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.boot import BootFile
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import Chain

SERVICES = ("nftables",)
REPLACES = False
BOOT_FILES = ["/etc/nftables.conf", "/etc/sysconfig/nftables.conf"]
_LOADS = re.compile(r"\bnft\s(?:[^\n]*?\s)?-f\s*[\"']?(/[^\s\"';]+)")
_ADDS = re.compile(r"[^#]*\bnft\s+(?:-\S+\s+)*(?:add|insert)\s+rule\s")
_PROGRAM = re.compile(r"^[-@:+!]*(/(?:etc|usr/local)/\S+)", re.MULTILINE)
FAMILIES = ("inet", "ip", "ip6")


def is_in_charge(seen: Seen) -> bool:
    """Whether rules filter that nft itself made. Tables of fail2ban, docker and their like do not count: they stand beside any tool."""
    return any(chain["syntax"] == "nft" and not owner_of(chain) for chain in filtering(seen.chains))


def made(chain: "Chain", in_charge: bool) -> bool:
    """Whether nft lists it: what other tools have made by way of nftables is theirs already."""
    return chain["syntax"] == "nft"


def boot(host: Host) -> "Optional[List[BootFile]]":
    """The files that `nft -f` of an enabled unit loads, or that are scripts of nft."""

    def loaded_by(commands: str) -> List[str]:
        scripts = [path for path in _PROGRAM.findall(commands) if _is_script(host, path)]
        return _LOADS.findall(commands) + scripts

    return loaded_alone(
        host, BOOT_FILES, loaded_by, lambda _path: ('nft -f "$1"', "nft -j list chains"), _chains, _ADDS
    )


def _is_script(host: Host, path: str) -> bool:
    return "nft" in (host.read(path, 100) or "").partition("\n")[0]


def _chains(_path: str, listed: str) -> List[str]:
    entries = [entry["chain"] for entry in json.loads(listed)["nftables"] if "chain" in entry]
    return [chain_id(entry["family"], entry["table"], entry["name"]) for entry in entries]


def rules(wanted: Wanted) -> List[str]:
    """Rules as nft prints them, so that they can be found again."""
    return [
        '%s saddr %s tcp dport %d accept comment "%s"' % ("ip6" if ":" in source else "ip", source, wanted.port, MARK)
        for source in wanted.sources
    ]


def _chain(wanted: Wanted) -> List[str]:
    family = wanted.family or "inet"
    if family not in FAMILIES:
        raise ValueError("%r is no family of a table that filters for a host" % family)
    return [family, name(wanted.table, "table"), name(wanted.chain, "chain")]


def boot_files(wanted: Wanted) -> List[str]:
    return [wanted.file] if wanted.file else BOOT_FILES


def reads(wanted: Wanted) -> List[List[str]]:
    return [["nft", "list", "chain"] + _chain(wanted)]


def opening(wanted: Wanted, found: Found) -> Opening:
    """Refuses an opening that would not last: one that no file keeps."""
    listed = found.answers[0]
    if listed.code != 0:
        raise ValueError("nft can't list the chain %s: %s" % (" ".join(_chain(wanted)), listed.err.strip()))
    if not found.files:
        files = ", ".join(boot_files(wanted))
        raise ValueError(
            "No file that nftables loads its rules from (%s). Set firewall_port_file to the one in use." % files
        )
    there = {line.strip() for line in listed.out.splitlines()}
    commands = [["nft", "insert", "rule"] + _chain(wanted) + [rule] for rule in rules(wanted) if rule not in there]
    return Opening([found.files[0]], [_edit(wanted, found.files[0])], commands)


def _edit(wanted: Wanted, path: str) -> Edit:
    """A block at the end of the file. Its marker names what it opens: others may have the same port opened for them, by another run."""
    chain = " ".join(_chain(wanted))
    marker = "%s: %d in %s for %s" % (MARK, wanted.port, chain, ", ".join(wanted.sources))
    begin, end = "# BEGIN " + marker, "# END " + marker
    block = [begin] + ["insert rule %s %s" % (chain, rule) for rule in rules(wanted)] + [end]
    return Edit(
        path,
        r"\A(?![\s\S]*^%s$)([\s\S]*?)\n*\Z" % re.escape(begin),
        r"\g<1>\n%s\n" % replacement("\n".join(block)),
        " ".join(shlex.quote(word) for word in alone('nft -c -f "$1"')) + " %s",
    )


def undo(wanted: Wanted) -> List[List[str]]:
    """nft deletes by number only, and the number is known only when the rule is there."""
    return [["sh", "-c", _deletes(_chain(wanted), rule)] for rule in rules(wanted)]


def _deletes(chain: List[str], rule: str) -> str:
    words = " ".join(chain)
    # No character of a rule or a chain's name is the comma that ends the expressions here.
    script = r"\,^[[:space:]]*%s # handle,s,.* # handle,delete rule %s handle,p" % (_literal(rule), _literal(words))
    quoted = " ".join(shlex.quote(word) for word in chain)
    return "nft -a list chain %s | sed -n %s | nft -f -" % (quoted, shlex.quote(script))


def _literal(text: str) -> str:
    """A text that an expression of sed fits, and nothing else."""
    return re.sub(r"([\\.*^$\[\]&])", r"\\\1", text)
