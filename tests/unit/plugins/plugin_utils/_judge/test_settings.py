# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that no run can work with are named; all others pass."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.settings import problems

KINDS = ["start", "reload"]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"fix_502_rounds": "2", "fix_502_log_window": 1},
        {"fix_502_allow": "start, reload", "fix_502_urls": "http://a/,https://b:8443/x?y=1"},
        {"fix_502_allow": [], "fix_502_urls": ["http://[::1]:8080/"]},
        {"fix_502_backend_services": {"8080": "shop.service", 9000: "php8.2-fpm", "/run/app.sock": "app"}},
    ],
)
def test_what_a_run_can_work_with_passes(settings):
    assert problems(settings, KINDS) == []


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("fix_502_rounds", "many", "many"),
        ("fix_502_rounds", 0, "1 or more"),
        ("fix_502_rounds", True, "True"),
        ("fix_502_max_cures", 0, "1 or more"),
        ("fix_502_watch", -1, "0 to 3600"),
        ("fix_502_watch", 3601, "0 to 3600"),
        ("fix_502_log_window", -5, "-5"),
        ("fix_502_log_window", None, "None"),
        ("fix_502_urls", ["example.org/x"], "http:// or https://"),
        ("fix_502_urls", ["ftp://example.org/"], "ftp://example.org/"),
        ("fix_502_urls", ["http:///path"], "http:///path"),
        ("fix_502_urls", ["http://[::1/"], "no URL"),
        ("fix_502_urls", ["http://a:99999/"], "no URL"),
        ("fix_502_allow", "start,bounce", "bounce, which is no kind of change: choose from start, reload"),
        ("fix_502_backend_services", {"http": "x"}, "neither a port"),
        ("fix_502_backend_services", {"70000": "x"}, "neither a port"),
        ("fix_502_backend_services", {"80": ""}, "no unit for 80"),
    ],
)
def test_what_is_wrong_is_named_with_what_it_has_to_be(name, value, words):
    (line,) = problems({name: value}, KINDS)
    assert line.startswith(name) and words in line


def test_each_wrong_setting_has_a_line_and_a_long_value_is_cut():
    lines = problems({"fix_502_rounds": "x" * 500, "fix_502_log_window": 0}, KINDS)
    assert len(lines) == 2 and all(len(line) < 200 for line in lines)
