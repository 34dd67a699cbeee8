# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of the inventory that findings are about, and that were not looked at."""

from __future__ import annotations

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.left_out import add_left_out, strangers


def judged(*places):
    return {
        "web": {"findings": [{"on": on, "seen_from": "web", "advice": ["ss -ltnp"]} for on in places]},
        "db": {"failure": "unreachable"},
    }


def test_what_no_host_that_was_looked_at_has_is_a_stranger():
    assert strangers(judged("web", "10.0.0.7", "app.internal"), ["web"]) == {"10.0.0.7", "app.internal"}


def test_its_host_is_the_first_thing_to_look_at():
    found = judged("web", "10.0.0.7", "10.0.0.8")
    add_left_out(found, {"10.0.0.7": "app"})
    assert [one["advice"][0] for one in found["web"]["findings"]] == [
        "ss -ltnp",
        "# 10.0.0.7 is app of the inventory, which was not looked at in this run: run it again with both (-l web,app)",
        "ss -ltnp",
    ]
