# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service that is down says of its own configuration."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Ran
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.service_config_check import config_check
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

BROKEN = """AH00526: Syntax error on line 228 of /etc/apache2/apache2.conf:
Invalid command 'Foo', perhaps misspelled or defined by a module not included in the server configuration
Action '-t' failed.
The Apache error log may have more information.
"""
NAMELESS = "AH00558: apache2: Could not reliably determine the server's fully qualified domain name\nSyntax OK\n"
DOWN = {"active": "failed", "load": "loaded", "enabled": "enabled"}


def check(tmp_path, answer, name="apache2", **unit):
    return config_check(
        FakeHost(tmp_path, {"sh -c . /etc/apache2/envvars": answer, "httpd -t": answer}), name, {**DOWN, **unit}
    )


def test_what_is_wrong_is_returned_without_the_noise(tmp_path):
    assert check(tmp_path, Ran(1, "", BROKEN, None)) == {"sound": False, "error": " ".join(BROKEN.splitlines()[:2])}
    assert check(tmp_path, Ran(1, "", "", None), "httpd") == {"sound": False, "error": "it does not say why"}


def test_a_warning_is_no_mistake(tmp_path):
    assert check(tmp_path, Ran(0, "", NAMELESS, None)) == {"sound": True, "error": None}


@pytest.mark.parametrize(
    "name,unit",
    [
        ("nginx", {}),
        ("apache2", {"active": "active"}),
        ("apache2", {"enabled": "disabled"}),
        ("apache2", {"load": "masked", "enabled": "masked"}),
    ],
)
def test_nobody_is_asked_in_vain(tmp_path, name, unit):
    assert check(tmp_path, Ran(1, "", BROKEN, None), name, **unit) is None


def test_a_disabled_service_that_another_one_starts_is_asked(tmp_path):
    assert check(tmp_path, Ran(0, "", NAMELESS, None), enabled="disabled", wanted_by=["nginx.service"]) is not None
    assert check(tmp_path, Ran(0, "", NAMELESS, None), enabled="masked", wanted_by=["nginx.service"]) is None


def test_what_cannot_be_run_says_nothing(tmp_path):
    assert config_check(FakeHost(tmp_path), "apache2", DOWN) is None
