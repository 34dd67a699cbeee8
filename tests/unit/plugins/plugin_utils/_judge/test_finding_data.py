# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.finding_data import finding_data
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.plan import Judged
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet


def data(judged):
    return finding_data(small_fleet.fleet(web=small_fleet.host()), judged, small_fleet.cause("c"))


def test_a_refusal_goes_before_what_the_finding_says_itself():
    found = small_fleet.finding(why="a person has to look")
    shown = data(Judged(found, "not_allowed", "fix_502_allow leaves out start"))
    assert (shown["why"], shown["change"], shown["remedy"]) == ("fix_502_allow leaves out start", "", None)
    assert data(Judged(small_fleet.finding(), "advice", "not sure"))["why"] == "not sure"
