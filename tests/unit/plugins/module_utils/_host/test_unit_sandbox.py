# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a unit keeps its processes from."""

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_sandbox import LONGEST, sandbox
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.php_fpm_host import FpmHost

UNIT, DROPIN = "/lib/systemd/system/php-fpm.service", "/etc/systemd/system/php-fpm.service.d/hard.conf"


def test_each_property_that_is_set_with_its_line(tmp_path):
    host = FpmHost(tmp_path)
    host.write(UNIT, "[Service]\nRuntimeDirectory=php-fpm\nProtectSystem=full\n")
    host.write(DROPIN, "[Service]\nProtectSystem=strict\n")
    properties = {"FragmentPath": UNIT, "DropInPaths": DROPIN, "ProtectSystem": "strict", "ProtectHome": "no"}
    properties.update({"RuntimeDirectory": "php-fpm", "ReadWritePaths": "", "InaccessiblePaths": "/x" * LONGEST})
    assert sandbox(host, properties) == [
        {"setting": "ProtectSystem", "value": "strict", "file": DROPIN, "line": 2},
        {"setting": "InaccessiblePaths", "value": ("/x" * LONGEST)[:LONGEST], "file": UNIT, "line": 0},
        {"setting": "RuntimeDirectory", "value": "php-fpm", "file": UNIT, "line": 2},
    ]


def test_a_unit_without_any(tmp_path):
    assert sandbox(FpmHost(tmp_path), {"FragmentPath": UNIT, "ProtectSystem": "no", "User": ""}) == []
