# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When requests failed, as parts of the time that is drawn."""

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.timeline import timeline_of

STARTED, FINISHED = "2026-11-29T02:50:14Z", "2026-11-29T02:51:13Z"
BEGAN = 1_795_920_614.0


def test_a_host_whose_log_is_silent_has_no_timeline():
    assert timeline_of([], STARTED, FINISHED) is None
    line = timeline_of([{"signature": "a", "first": BEGAN - 541, "last": BEGAN + 59, "count": 1}], STARTED, FINISHED)
    assert (line["begin"], line["end"], line["run"]) == ("2026-11-29T02:41:13Z", FINISHED, [0.9017, 1.0])
    assert line["lines"][0]["at"] == [0.0, 1.0]
