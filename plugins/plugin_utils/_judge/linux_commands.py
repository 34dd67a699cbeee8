# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advice as rules write it, for Linux: what Linux alone has, and a line taken apart into the commands that another system has words for.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

LINUX_ALONE = re.compile(
    r"\b(systemctl|journalctl|loginctl|coredumpctl|systemd-tmpfiles|ss|ip|free|ldd|dpkg|rpm|namei|setfacl|semanage|setsebool|restorecon|nsenter|nft|iptables"
    r"|ip6tables|firewall-cmd|ufw|tailscale|aa-status|getenforce)\b"
)
#: A loop stays with what it reads.
_JOIN = re.compile(r"(; (?!do |done\b)| && | \| (?!while )| \|\| )")


def translated(typed: str, command: t.Callable[[str], str | None]) -> str:
    """The commands of one line in another system's words, without those that have none: command returns None for these."""
    parts = ["", *_JOIN.split(typed)]
    said, left_out = "", False
    for join, one in zip(parts[::2], parts[1::2]):
        # What filters the output of a command goes with it.
        mine = None if left_out and join == " | " else command(one)
        left_out = mine is None
        if mine:
            said += (join if said else "") + mine
    return said


def in_words(command: str, words: t.Iterable[tuple[str, str]]) -> str | None:
    """The first of these whole commands that fits, in the words beside it; as it is where Linux is not alone in having it, else None."""
    for pattern, mine in words:
        found = re.match(pattern, command)
        if found:
            return found.expand(mine)
    return None if LINUX_ALONE.match(command) else command
