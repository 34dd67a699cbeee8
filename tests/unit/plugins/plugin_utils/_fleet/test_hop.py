# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One hop: what is wrong over it, and the evidence of that."""

from __future__ import annotations

from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    answer,
    hop_of,
    log,
    proxy,
    reached,
    record,
    tried,
)

APP = "tcp:10.0.0.2:80"


def test_what_is_wrong_over_it_and_the_evidence():
    row = reached(APP, tried(APP, 111, source="10.0.0.1"))
    late = [answer(signature="connect_timeout", upstream=APP)]
    hop = hop_of(proxy("http://10.0.0.2", reach=[row], answers=late, log=log(record(APP))))
    assert hop.has("backend_port_closed") and hop.has("other", "connect_timeout") and not hop.has("other")
    assert hop.source == "10.0.0.1"
    assert [item.look for item in hop.seen("backend_port_closed", "connect_timeout")] == ["probe", "answer", "log"]
    assert hop.seen("backend_port_closed")[0].text == "connect to tcp:10.0.0.2:80 from web: refused (errno 111)"
