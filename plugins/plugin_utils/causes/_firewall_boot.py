# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an opening would be there after the next boot, and would cost it none of the rules that are there now.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import iptables

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.boot import BootFile
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.facts import FirewallFacts
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.firewall_verdict import Verdict


#: How iptables' rules of now are kept for each boot, by the family of the system.
SAVE_ALL = {
    "debian": "apt-get install -y iptables-persistent && netfilter-persistent save",
    "redhat": "dnf install -y iptables-services && service iptables save && systemctl enable iptables",
}


class Kept(t.NamedTuple):
    """file: where an opening is kept; empty: where the tool keeps its rules. why: why no file can keep it.

    fades: why an opening lasts until the next boot only, as the rules around it do; script: what makes them at boot.
    """

    file: str = ""
    why: str = ""
    fades: str = ""
    script: BootFile | None = None


def kept(firewall: FirewallFacts, found: Verdict) -> Kept:
    """The file that keeps an opening in the chain that refuses: one that an enabled unit loads, and that makes this chain by itself."""
    files, chain = firewall.get("boot"), "%s %s %s" % (found.family, found.table, found.chain)
    if files is None:
        return Kept()
    keeper = next((one for one in files if one["unit"] and chain in (one["chains"] or ())), None)
    if keeper:
        # iptables has files of its own for either family, which its role knows.
        own = firewall["tool"] == "iptables" and keeper["file"] in (*iptables.BOOT_FILES, *iptables.BOOT_FILES_6)
        return Kept(file="" if own else keeper["file"])
    script = next((one for one in files if one["line"]), None)
    if firewall["tool"] == "iptables" and (script or not files):
        return Kept(fades=_until_boot(script), script=script)
    return Kept(
        why="; ".join(reason(one, chain) for one in files)
        or "no file that is loaded at boot makes the chain %s" % chain
    )


def _until_boot(script: BootFile | None) -> str:
    """Why rules of iptables are gone after a boot."""
    if script is None:
        return "it lasts until the next boot: nothing was found that loads rules of iptables then"
    return "it lasts until the next boot: %s adds the rules one by one then%s" % (
        script["file"], "" if script["unit"] == script["file"] else " (run by %s)" % script["unit"],
    )  # fmt: skip


def to_keep(place: Kept, found: Verdict, source: str, on: str, family: str | None) -> tuple[str, ...]:
    """How an opening that lasts until the next boot is kept, by the same means as the rules around it; empty for one that is kept."""
    if not place.fades:
        return ()
    rule = "ip%stables -I %s -s %s -p tcp --dport %d -j ACCEPT" % (
        "6" if ":" in source else "", found.chain, source, found.port,
    )  # fmt: skip
    if place.script:
        return (
            "# to keep it, below line %s of %s on %s: %s" % (place.script["line"], place.script["file"], on, rule),
            "sed -n %sp %s   # on %s" % (place.script["line"], shlex.quote(place.script["file"]), on),
        )
    return (
        "# to keep it, with all rules that are there now (whatever refuses %s is kept with it):" % source,
        "%s   # on %s" % (SAVE_ALL.get(family or "", SAVE_ALL["debian"]), on),
    )


def reason(file: BootFile, chain: str) -> str:
    """Why a file does not keep an opening."""
    if file["unit"] is None:
        return "no enabled unit loads %s" % file["file"]
    if file["error"]:
        return "%s, which %s loads at boot, can't be loaded alone: %s" % (file["file"], file["unit"], file["error"])
    return "%s, which %s loads at boot, does not make the chain %s: with a rule for it none of that file would be loaded" % (
        file["file"], file["unit"], chain,
    )  # fmt: skip


def by_hand(found: Verdict, source: str, on: str) -> tuple[str, ...]:
    """The commands that open the port until the next boot, and that find what makes the chain."""
    if found.tool == "nftables":
        rule = "%s saddr %s tcp dport %d accept" % ("ip6" if ":" in source else "ip", source, found.port)
        return (
            "nft insert rule %s %s %s %s   # on %s: until the next boot"
            % (found.family, found.table, found.chain, rule, on),
            "grep -rsn 'chain %s' /etc /usr/local --include=*nft*   # on %s: which file makes it? The same rule goes there"
            % (found.chain, on),
            "# on %s, before the next boot, whether that file still loads alone: unshare -n nft -c -f FILE" % on,
        )
    kind = "6" if ":" in source else ""
    return (
        "ip%stables -I %s -s %s -p tcp --dport %d -j ACCEPT   # on %s: until the next boot"
        % (kind, found.chain, source, found.port, on),
        "grep -rslE 'tables(-restore)? ' /etc/systemd/system /etc/network /etc/rc.local /usr/local/sbin   # on %s: what makes its rules at boot?"
        % on,
        "# on %s, before the next boot, whether that file still loads alone: unshare -n ip%stables-restore --test FILE"
        % (on, kind),
    )
