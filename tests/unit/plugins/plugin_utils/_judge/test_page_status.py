# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge import page_status


def test_a_login_refuses_nothing():
    assert [status for status in (200, 302, 401, 403, 404, 500) if page_status.refuses(status)] == [403, 404, 500]


def test_words():
    assert page_status.had_in_words([404, 200]) == "the access log has 200, 404"
    assert page_status.had_in_words([]) == "no earlier answer is in the access log"
