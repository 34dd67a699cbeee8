# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter service_command."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.filter.service_command import FilterModule, service_command


@pytest.mark.parametrize(
    ("service", "action", "manager", "argv"),
    [
        ("nginx.service", "reload", "systemd", "systemctl reload nginx.service"),
        ("nginx.service", "restart", "sysvinit", "service nginx restart"),
        ("nginx", "start", "openrc", "rc-service nginx start"),
        ("homebrew.mxcl.php", "reload", "launchd", "launchctl kill SIGUSR2 system/homebrew.mxcl.php"),
        ("nginx", "none", "systemd", ""),
        ("nginx", "start", "none", ""),
        ("nginx", "start", "", ""),
        ("", "start", "systemd", ""),
    ],
)
def test_commands(service, action, manager, argv):
    assert " ".join(service_command(service, action, manager, "SIGUSR2")) == argv


def test_the_filter_has_its_name():
    assert FilterModule().filters() == {"service_command": service_command}
