# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of PHP-FPM compares, saves and does."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._change.php_fpm import OPTIONS, PhpFpm
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.module_calls import Calls

CONF = "/etc/php/8.2/fpm/php-fpm.conf"
DROPIN = "/etc/php/8.2/fpm/pool.d/zz-bad_gateway-www.conf"
CHILDREN = {"pm.max_children": 20}
WRITTEN = {"changed": True, "files": [DROPIN], "settings": ["pm.max_children"], "needs": "reload"}
SERVED = {"changed": True, "how": "reloaded"}


def recipe(**settings):
    defaults = {name: option.get("default") for name, option in OPTIONS.items()}
    known = {
        "binary": "/usr/sbin/php-fpm8.2",
        "config": CONF,
        "unit": "php8.2-fpm.service",
        "service_manager": "systemd",
    }
    return PhpFpm(dict(defaults, **dict(known, **settings)))


def test_a_start_saves_whether_the_unit_runs():
    calls, made = Calls(php_fpm_service=SERVED), recipe(action="started")
    assert made.compare(calls)
    assert calls.steps() == [("php_fpm_service", "check")]
    assert made.to_save() == {"files": [], "after_undo": [], "units": ["php8.2-fpm.service"]}
    made.apply(calls)
    assert calls.steps()[1:] == [("php_fpm_service", "do")]
    assert calls.given("php_fpm_service", "do")["state"] == "started"


def test_settings_are_written_and_then_made_to_count():
    calls, made = (
        Calls(php_fpm_pool=WRITTEN, php_fpm_service=SERVED),
        recipe(action="reloaded", pool="www", settings=CHILDREN),
    )
    assert made.compare(calls)
    assert calls.given("php_fpm_service", "check")["force"] is True
    saved = made.to_save()
    assert saved["files"] == [DROPIN]
    assert saved["after_undo"] == [
        ["/usr/sbin/php-fpm8.2", "-t", "--fpm-config", CONF],
        ["systemctl", "reload", "php8.2-fpm.service"],
    ]
    made.apply(calls)
    assert calls.steps()[2:] == [("php_fpm_pool", "do"), ("php_fpm_service", "do")]
    assert calls.given("php_fpm_service", "do")["settings"] == ["pm.max_children"]


def test_a_restart_for_settings_is_done_in_the_way_that_harms_least():
    calls, made = Calls(php_fpm_pool=WRITTEN, php_fpm_service=SERVED), recipe(action="restarted", settings=CHILDREN)
    assert made.compare(calls)
    assert calls.given("php_fpm_service", "check")["state"] == "applied"


def test_files_that_are_written_already_leave_it_to_what_runs():
    current = {"changed": False, "files": [], "settings": [], "needs": "none"}
    calls, made = Calls(php_fpm_pool=current), recipe(action="reloaded", settings=CHILDREN)
    assert not made.compare(calls)
    asked = calls.given("php_fpm_service", "check")
    assert (asked["force"], asked["settings"]) == (False, ["pm.max_children"])


def test_what_the_comparison_found_current_is_left_alone():
    calls, made = Calls(php_fpm_pool=WRITTEN), recipe(action="reloaded", settings=CHILDREN)
    assert made.compare(calls)
    made.apply(calls)
    assert calls.steps()[-1] == ("php_fpm_pool", "do")


def test_a_folder_of_sockets_is_made_now_and_at_each_boot():
    calls, made = Calls(whole_files={"changed": True}), recipe(socket_dir="/run/my php")
    assert made.compare(calls)
    tmpfile = "/etc/tmpfiles.d/bad_gateway-run-my-php.conf"
    assert made.to_save() == {"files": [tmpfile, "/run/my php"], "after_undo": [], "units": []}
    made.apply(calls)
    asked = calls.given("whole_files", "do")
    assert asked["folders"] == [{"path": "/run/my php", "mode": "0755"}]
    assert asked["files"][0]["path"] == tmpfile and "d /run/my php 0755 root root -\n" in asked["files"][0]["content"]


@pytest.mark.parametrize("more", [{"service_manager": "none"}, {"unit": ""}])
def test_without_a_manager_or_a_unit_nothing_is_asked_of_them(more):
    calls, made = (
        Calls(php_fpm_pool=WRITTEN, php_fpm_service=SERVED),
        recipe(action="reloaded", settings=CHILDREN, **more),
    )
    assert made.compare(calls)
    saved = made.to_save()
    assert (saved["after_undo"], saved["units"]) == ([], [])


def test_an_undo_lets_a_master_go_on_that_was_halted():
    calls = Calls(php_fpm_pool=WRITTEN, php_fpm_service=dict(SERVED, master=71))
    made = recipe(action="reloaded", settings=CHILDREN)
    assert made.compare(calls)
    assert made.to_save()["after_undo"][0] == ["/bin/sh", "-c", "kill -CONT 71 2>/dev/null || :"]
