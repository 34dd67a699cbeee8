# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that findings are about, and that a host of the inventory has which was not looked at.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.shapes import Judgement

LEFT_OUT = "# %s is %s of the inventory, which was not looked at in this run: run it again with both (-l %s)"


def strangers(judged: t.Mapping[str, Judgement], seen: t.Collection[str]) -> set[str]:
    """The addresses and names that findings are about, and that are no host's that was looked at."""
    return {
        one["on"]
        for found in judged.values()
        for one in ([] if "failure" in found else found["findings"])
        if one["on"] not in seen
    }


def add_left_out(judged: t.Mapping[str, Judgement], holders: t.Mapping[str, str]) -> None:
    """Add to each finding about such an address the advice to look at its host as well. holders: the host by its address or name."""
    for found in judged.values():
        for one in () if "failure" in found else found["findings"]:
            if one["on"] in holders:
                host = holders[one["on"]]
                one["advice"] = [LEFT_OUT % (one["on"], host, ",".join((one["seen_from"], host))), *one["advice"]]
