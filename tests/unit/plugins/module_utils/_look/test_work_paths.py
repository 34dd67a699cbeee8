# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which paths are there so that work is done."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look.work_paths import does_work, is_script


@pytest.mark.parametrize(
    "path",
    ["/cron.php", "/wp-cron.php", "/cron/a1b2", "/admin/tasks/run", "/github-webhook/", "/hooks/x", "/unsubscribe", "/Deploy", "/_purge/a"],
)  # fmt: skip
def test_work(path):
    assert does_work(path)


@pytest.mark.parametrize(
    "path", ["/", "/index.php", "/api/", "/runner/", "/taskforce", "/news/all", "/wp-login.php", "/importance"]
)
def test_no_work(path):
    assert not does_work(path)


@pytest.mark.parametrize(
    ("path", "script"),
    [
        ("/pay.php", True),
        ("/cgi/form.pl", True),
        ("/index.php", False),
        ("/app.php", False),
        ("/pay", False),
        ("/a.php/", False),
    ],
)
def test_a_script_of_its_own(path, script):
    assert is_script(path) is script
