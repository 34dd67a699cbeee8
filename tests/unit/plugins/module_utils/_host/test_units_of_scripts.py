# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units, as the scripts of other service managers than systemd show them."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Ran
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_choice import well_known
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.units_of_scripts import of_scripts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


@pytest.mark.parametrize(
    ("manager", "command", "link", "not_its_own"),
    [
        ("sysvinit", "service %s status", "/etc/rc2.d/S01nginx", "/etc/runlevels/default/apache2"),
        ("openrc", "rc-service %s status", "/etc/runlevels/default/nginx", "/etc/rc2.d/S01apache2"),
    ],
)
def test_scripts_know_whether_a_service_runs_and_starts_at_boot(tmp_path, manager, command, link, not_its_own):
    host = FakeHost(tmp_path, {command % "nginx": Ran(0, "", "", None), command % "apache2": Ran(3, "", "", None)})
    for name in ("nginx", "apache2", "cron", "php8.2-fpm"):
        host.write("/etc/init.d/" + name, "")
    host.write(link, "")
    host.write(not_its_own, "")
    host.write("/etc/apache2/apache2.conf", "Listen 7080\n")
    units = of_scripts(host, manager, well_known(()))
    assert {name: (unit["active"], unit["enabled"]) for name, unit in units.items()} == {
        "apache2": ("inactive", "disabled"),
        "nginx": ("active", "enabled"),
        "php8.2-fpm": ("unknown", "disabled"),
    }
    assert units["apache2"]["declares"][0]["address"] == "tcp:0.0.0.0:7080"
