# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge import page_status


@pytest.mark.parametrize(("status", "kind"), [(200, "content"), (206, "content"), (304, "content"), (302, "redirect")])
def test_kinds(status, kind):
    assert page_status.kind_of(status) == kind
    assert page_status.kind_of(404) == "404"


def test_as_before():
    assert page_status.as_before(206, [200])
    assert not page_status.as_before(403, [200, 404])
    assert not page_status.as_before(200, [])


def test_a_login_refuses_nothing():
    assert [status for status in (200, 302, 401, 403, 404, 500) if page_status.refuses(status)] == [403, 404, 500]
