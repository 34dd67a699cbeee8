# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP-FPMs that only their units know, and what removed ones left behind."""

import pathlib

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import gone, php_fpm_facts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.php_fpm_host import BINARY, FpmHost


@pytest.fixture
def host(tmp_path):
    return FpmHost(tmp_path)


def look(host, units=None):
    return php_fpm_facts(host, Processes(host), units)


SCRIPT = """\
#!/bin/sh
prefix=/www/server/php/74
exec_prefix=${prefix}
php_fpm_BIN=${exec_prefix}/sbin/php-fpm
php_fpm_CONF=${prefix}/etc/php-fpm.conf
php_fpm_PID=$(sed -n 's/^pid[ =]*//p' $php_fpm_CONF)
php_opts="--fpm-config $php_fpm_CONF --pid $php_fpm_PID"
"""


@pytest.mark.parametrize(
    ("unit", "binary", "config"),
    [
        ({"exec": ["/opt/php-7.0.9/sbin/php-fpm"]}, "/opt/php-7.0.9/sbin/php-fpm", "/opt/php-7.0.9/etc/php-fpm.conf"),
        (
            {"exec": ["/data/php/sbin/php-fpm", "--nodaemonize", "-y", "/data/shop.conf"]},
            "/data/php/sbin/php-fpm",
            "/data/shop.conf",
        ),
        (
            {"exec": ["/data/php/sbin/php-fpm74", "--prefix=/data/jail"]},
            "/data/php/sbin/php-fpm74",
            "/data/jail/etc/php-fpm.conf",
        ),
        (
            {"exec": ["/etc/init.d/fpm", "start"], "fragment": "/run/systemd/generator.late/fpm.service"},
            "/www/server/php/74/sbin/php-fpm",
            "/www/server/php/74/etc/php-fpm.conf",
        ),
        (
            {"exec": [], "fragment": "/etc/init.d/fpm"},
            "/www/server/php/74/sbin/php-fpm",
            "/www/server/php/74/etc/php-fpm.conf",
        ),
    ],
)
def test_an_fpm_that_only_its_unit_knows(host, unit, binary, config):
    host.write("/etc/init.d/fpm", SCRIPT)
    host.write(config, "[global]\n[shop]\nlisten = /run/shop.sock\n")
    units = {"any.service": {"main_pid": 0, **unit}}
    assert gone(host, units, look(host, units)) == [
        {
            "version": "7.4" if binary.startswith("/www") else None,
            "config": config,
            "binary": binary,
            "pools": [{"file": config, "pool": "shop", "address": "unix:/run/shop.sock"}],
        }
    ]
    host.write(binary, "")
    found = look(host, units)
    assert (found[1]["binary"], found[1]["config"], found[1]["unit"]) == (binary, config, "any.service")
    assert gone(host, units, found) == []


def test_several_masters_of_one_program_have_their_own_units(host):
    for name in ("a", "b"):
        host.write("/etc/fpm-%s.conf" % name, "[%s]\nlisten = /run/%s.sock\n" % (name, name))
    units = {
        "fpm@%s.service" % name: {"main_pid": 0, "exec": [BINARY, "-y", "/etc/fpm-%s.conf" % name]} for name in "ab"
    }
    assert [(fpm["config"], fpm["unit"]) for fpm in look(host, units)[1:]] == [
        ("/etc/fpm-a.conf", "fpm@a.service"),
        ("/etc/fpm-b.conf", "fpm@b.service"),
    ]


@pytest.mark.parametrize(
    ("config", "version"),
    [
        ("/etc/php/7.4/fpm/php-fpm.conf", "7.4"),
        ("/etc/opt/remi/php81/php-fpm.conf", "8.1"),
        ("/etc/opt/rh/rh-php73/php-fpm.conf", "7.3"),
        ("/opt/plesk/php/8.0/etc/php-fpm.conf", "8.0"),
        ("/opt/php55/etc/php55-fpm.conf", "5.5"),
    ],
)
def test_what_a_removed_fpm_left_behind(host, config, version):
    host.write(config, "[shop]\nlisten = /run/shop.sock\n[none]\nuser = x\n")
    (found,) = gone(host, None, look(host))
    assert (found["version"], found["config"], found["binary"]) == (version, config, None)
    assert found["pools"] == [{"file": config, "pool": "shop", "address": "unix:/run/shop.sock"}]


def test_a_folder_of_pools_may_be_all_that_is_left(host):
    host.write("/etc/php/7.3/fpm/pool.d/shop.conf", "[shop]\nlisten = /run/shop.sock\n")
    assert gone(host, None, look(host)) == [
        {
            "version": "7.3",
            "config": "/etc/php/7.3/fpm/php-fpm.conf",
            "binary": None,
            "pools": [{"file": "/etc/php/7.3/fpm/pool.d/shop.conf", "pool": "shop", "address": "unix:/run/shop.sock"}],
        }
    ]


def test_a_program_that_others_may_write_is_not_run(host):
    host.write("/srv/shop/sbin/php-fpm", "")
    pathlib.Path(host.path("/srv/shop/sbin/php-fpm")).chmod(0o702)
    host.write("/srv/shop/etc/php-fpm.conf", "[shop]\nlisten = /run/shop.sock\n")
    units = {"any.service": {"main_pid": 0, "exec": ["/srv/shop/sbin/php-fpm"]}}
    found = look(host, units)
    assert [fpm["binary"] for fpm in found] == [BINARY]
    assert host.unknown == [{"missing": "php_fpm /srv/shop/etc/php-fpm.conf", "why": "others may write to its program"}]
    assert gone(host, units, found) == []
