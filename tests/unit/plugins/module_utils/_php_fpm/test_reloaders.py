# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reloads PHP-FPM by rule."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.reloaders import FILE_SIZE, FOUND, reloaders
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.php_fpm_host import FpmHost


@pytest.fixture
def host(tmp_path):
    return FpmHost(tmp_path)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/etc/cron.d/deploy", "*/5 * * * * root systemctl reload php8.2-fpm"),
        ("/etc/crontab", "0 4 * * * root service php-fpm restart >/dev/null"),
        ("/var/spool/cron/crontabs/root", "0 4 * * * kill -USR2 $(cat /run/php/php8.2-fpm.pid)"),
        ("/etc/logrotate.d/php8.2-fpm", "\t\tinvoke-rc.d php8.2-fpm reload > /dev/null"),
        ("/etc/monit/conf-enabled/php", '  restart program = "/etc/init.d/php8.2-fpm restart"'),
        ("/etc/systemd/system/deploy.service", "ExecStart=/bin/systemctl try-reload-or-restart php8.2-fpm"),
        ("/etc/letsencrypt/renewal-hooks/deploy/php", "systemctl reload php82-fpm"),
    ],
)
def test_a_rule_is_found_by_its_line(host, path, line):
    host.write(path, "# php-fpm reload\n\n%s\n" % line)
    assert reloaders(host, "8.2") == [{"file": path, "line": 3}]


@pytest.mark.parametrize(
    "line",
    [
        "systemctl reload php7.4-fpm",
        "systemctl reload nginx",
        "[ ! -x /usr/lib/php/php-fpm-reopenlogs ] || /usr/lib/php/php-fpm-reopenlogs",
        "/bin/kill -SIGUSR1 `cat /run/php-fpm/php-fpm.pid`",
        "# systemctl restart php8.2-fpm",
    ],
)
def test_other_lines_are_none(host, line):
    host.write("/etc/cron.d/other", line + "\n")
    assert reloaders(host, "8.2") == []


def test_of_a_version_that_is_not_known_every_line_counts(host):
    host.write("/etc/cron.d/deploy", "systemctl reload php7.4-fpm\n")
    assert reloaders(host, None) == [{"file": "/etc/cron.d/deploy", "line": 1}]


def test_programs_are_not_searched_and_long_lists_are_cut(host):
    host.write("/usr/local/bin/tool", "\0fpm reload\n")
    host.write("/usr/local/sbin/large", " " * FILE_SIZE + "\nfpm reload\n")
    host.write("/etc/cron.d/many", "php-fpm reload\n" * (FOUND + 1))
    assert [found["line"] for found in reloaders(host, "8.2")] == list(range(1, FOUND + 1))
