# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What daemons write to their own logs when they end and begin to serve, as PHP-FPM 7.4 to 8.4 and Apache 2.4 do."""

import time

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._history.own_words import own_words
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Span
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

AT = 1795918385.0
FPM_AT = time.strftime("[%d-%b-%Y %H:%M:%S] ", time.localtime(AT))
APACHE_AT = time.strftime("[%a %b %d %H:%M:%S.123456 %Y] ", time.localtime(AT))


@pytest.mark.parametrize(
    "unit, path, line, what",
    [
        ("php8.2-fpm", "/var/log/php8.2-fpm.log", FPM_AT + "NOTICE: Terminating ...", ["stopping"]),
        ("php-fpm", "/var/log/php-fpm/error.log", FPM_AT + "NOTICE: Finishing ...", ["stopping"]),
        ("php8.2-fpm", "/var/log/php8.2-fpm.log", FPM_AT + "NOTICE: ready to handle connections", ["started"]),
        (
            "apache2",
            "/var/log/apache2/error.log",
            APACHE_AT + "[mpm_event:notice] [pid 7:tid 8] AH00491: caught SIGTERM, shutting down",
            ["stopping"],
        ),
        (
            "apache2",
            "/var/log/apache2/error.log",
            APACHE_AT + "[mpm_event:notice] [pid 7:tid 8] AH00492: caught SIGWINCH, shutting down gracefully",
            ["stopping"],
        ),
        (
            "httpd",
            "/var/log/httpd/error_log",
            APACHE_AT
            + "[mpm_event:notice] [pid 7:tid 8] AH00489: Apache/2.4.57 configured -- resuming normal operations",
            ["started"],
        ),
        ("php8.2-fpm", "/var/log/php8.2-fpm.log", FPM_AT + "NOTICE: exiting, bye-bye!", []),
        ("php8.2-fpm", "/var/log/php8.2-fpm.log", FPM_AT + "WARNING: [pool www] said: NOTICE: Terminating ...", []),
        ("php8.2-fpm", "/var/log/php8.2-fpm.log", "NOTICE: Terminating ...", []),
        ("php8.2-fpm", "/var/log/php8.2-fpm.log", "[31-Feb-2026 00:00:00] NOTICE: Terminating ...", []),
        ("php8.3-fpm", "/var/log/php8.2-fpm.log", FPM_AT + "NOTICE: Terminating ...", []),
        ("shop", "/var/log/shop.log", FPM_AT + "NOTICE: Terminating ...", []),
    ],
)
def test_what_is_told(tmp_path, unit, path, line, what):
    host = FakeHost(tmp_path)
    host.write(path, line + "\n")
    found = own_words(host, Span(AT - 60, AT + 60), [unit])
    assert [(one["kind"], one["subject"], one["what"], one["at"]) for one in found] == [
        ("unit", unit, one, AT) for one in what
    ]
    assert own_words(host, Span(AT + 1, AT + 60), [unit]) == []
