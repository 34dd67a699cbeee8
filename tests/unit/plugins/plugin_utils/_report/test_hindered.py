# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about what keeps a host from being changed."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.hindered import what_hinders

REFUSED = "nothing was edited: /etc/nginx/a b.conf can't be changed: "


@pytest.mark.parametrize(
    ("why", "first"),
    [
        ("/etc/php/8.2/fpm/pool.d/www.conf can't be changed: it is immutable (lsattr)", "lsattr -d /etc/php"),
        ("/etc/nginx/a.conf can't be changed: it is a mount point of its own (findmnt)", "findmnt -no SOURCE"),
        ("/etc/nginx/a.conf can't be changed: its file system is read-only", "findmnt -T /etc/nginx/a.conf"),
        ("/etc/nginx/a.conf can't be changed: its file system is full", "df -h /etc/nginx/a.conf"),
        ("The start of a.service was not begun: run 2-b of root has been changing this host since 1:", "# two runs"),
    ],
)
def test_what_is_typed_first(why, first):
    lines = what_hinders(why, "web")
    assert lines[0].startswith(first)
    assert all(line.startswith("# ") or "   # on web" in line for line in lines)


@pytest.mark.parametrize("why", ["", "nginx -t failed", "/etc/nginx/a.conf can't be changed: it is odd"])
def test_of_other_words_nothing_is_known(why):
    assert what_hinders(why, "web") == ()
