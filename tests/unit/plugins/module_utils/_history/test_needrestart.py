# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who stopped a service after packages were changed, on a host that has needrestart."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._history.needrestart import HOOK, name_needrestart
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import change
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

SSL = ("libssl3", "upgraded 3.0.17-1 -> 3.0.18-1")


def stopped(host, package=SSL, after=20.0, what="stopping", by=None):
    """By whom PHP-FPM is said to have been stopped."""
    packages = [change(1000.0, "package", "tzdata", "upgraded 1 -> 2"), change(1001.0, "package", *package)]
    (event,) = name_needrestart(host, packages, [change(1001.0 + after, "unit", "php8.2-fpm.service", what, by)])
    return event["by"]


def test_services_are_restarted_once_all_packages_are_there(tmp_path):
    host = FakeHost(tmp_path)
    assert stopped(host) is None
    host.write(HOOK, "")
    assert stopped(host) == "needrestart, as libssl3 was upgraded"


@pytest.mark.parametrize(
    "other",
    [
        {"package": ("php8.2-common", "upgraded 1 -> 2")},  # the scripts of its own packages restart it
        {"after": 600.0},
        {"after": -60.0},
        {"what": "started"},
        {"by": "alice, by sudo"},
    ],
)
def test_nothing_else_is_taken_for_that(tmp_path, other):
    host = FakeHost(tmp_path)
    host.write(HOOK, "")
    assert stopped(host, **other) == other.get("by")
