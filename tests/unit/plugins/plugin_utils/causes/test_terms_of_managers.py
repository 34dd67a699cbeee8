# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What last words ask for is said in the terms of what keeps the program running."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _last_words
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._terms_of_managers import in_terms_of

#: Settings that only a unit has.
OF_UNITS = ("ExecStart=", "WorkingDirectory=", "User=", "EnvironmentFile=", "[Service]", "systemctl edit")
MODULE, FILES = "ModuleNotFoundError: No module named 'shop'", "EMFILE: too many open files"
SETTING = "KeyError: 'DJANGO_SECRET_KEY'"


@pytest.mark.parametrize("said", [MODULE, FILES, SETTING])
@pytest.mark.parametrize("manager", ["supervisor", "container"])
def test_settings_of_units_are_those_of_the_other(said, manager):
    lines = _last_words.what_to_do(said, "app", manager=manager)
    assert lines and not [line for line in lines if any(one in line for one in OF_UNITS)]


@pytest.mark.parametrize(
    ("manager", "said", "called"),
    [
        ("supervisor", MODULE, "the environment that command= names (VENV/bin/pip"),
        ("supervisor", FILES, "# minfds=65536 in [supervisord]; "),
        ("supervisor", SETTING, 'environment=NAME="value" in its [program:NAME]'),
        ("pm2", FILES, "LimitNOFILE=65536 in the unit that starts pm2"),
        ("pm2", MODULE, "# if it is the application's own: its cwd (gunicorn --chdir) has to be the folder"),
        ("container", FILES, "(compose: ulimits: nofile, else --ulimit nofile=65536)"),
        ("container", SETTING, "# env_file: or environment: in its compose file"),
        ("systemd", MODULE, "ExecStart= names"),
    ],
)
def test_each_has_its_own(manager, said, called):
    assert [line for line in _last_words.what_to_do(said, "app", manager=manager) if called in line]


def test_a_setting_of_the_environment_keeps_its_value():
    (line,) = in_terms_of("supervisor", ["# Environment=LANG=C.UTF-8 LC_ALL=C in its unit (systemctl edit): no locale"])
    assert line == "# environment=LANG=C.UTF-8 LC_ALL=C in its [program:NAME]: no locale"


def test_what_is_typed_on_the_host_is_left_out_of_a_container():
    lines = ["namei -l /srv/shop   # on app", "# the Ruby of its unit"]
    assert in_terms_of("container", lines) == ("# the Ruby of its container",)
    assert in_terms_of("systemd", lines) == tuple(lines)


def test_what_only_systemd_has_is_left_out():
    lines = [
        "# RuntimeDirectory=shop in [Service] of its unit (systemctl edit)",
        "systemctl cat UNIT   # on app",
        "# mend it",
    ]
    assert in_terms_of("pm2", lines) == ("# mend it",)


def test_an_unknown_manager_is_left_alone():
    assert in_terms_of("runit", ["# ExecStart="]) == ("# ExecStart=",)
