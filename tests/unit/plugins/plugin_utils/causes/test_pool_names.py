# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of sockets as distributions, panels and administrators make them."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _pool_names


def socket(path):
    return Address("", 0, path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/run/php/php7.4-fpm.sock", "/run/php/php8.2-fpm.sock"),
        ("/run/php/php7.4-fpm-shop.sock", "/run/php/php8.2-fpm-shop.sock"),
        ("/var/run/php/php7.4-fpm.sock", "/run/php/php8.2-fpm.sock"),
        ("/var/opt/remi/php74/run/php-fpm/www.sock", "/var/opt/remi/php82/run/php-fpm/www.sock"),
        (
            "/opt/cpanel/ea-php74/root/usr/var/run/php-fpm/ab12.sock",
            "/opt/cpanel/ea-php82/root/usr/var/run/php-fpm/ab12.sock",
        ),
        ("/www/php-cgi-74.sock", "/www/php-cgi-82.sock"),
        ("/run/php/7.4/shop.sock", "/run/php/8.3/shop.sock"),
        ("/run/php5-fpm.sock", "/run/php8-fpm.sock"),
        ("/var/run/www55.fpm.socket", "/var/run/www56.fpm.socket"),
        ("/run/php-fpm8.1/shop.sock", "/run/php-fpm8.2/shop.sock"),
    ],
)
def test_the_same_but_for_the_version(old, new):
    assert _pool_names.without_version(socket(old)) == _pool_names.without_version(socket(new))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/run/php/php8.2-fpm-shop.sock", "/run/php/php8.2-fpm.sock"),
        ("/run/php/php8.2-fpm-shop1.sock", "/run/php/php8.2-fpm-shop2.sock"),
        ("/run/php/site74.sock", "/run/php/site82.sock"),
        ("/run/www1.sock", "/run/www2.sock"),
    ],
)
def test_another_name(one, other):
    assert _pool_names.without_version(socket(one)) != _pool_names.without_version(socket(other))


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/run/php/php8.2-fpm.sock", set()),
        ("/run/php-fpm/www.sock", set()),
        ("/var/opt/remi/php82/run/php-fpm/default.sock", set()),
        ("/run/php/php8.2-fpm-shop.sock", {"shop"}),
        ("/var/www/vhosts/system/example.org/php-fpm.sock", {"vhosts", "system", "example", "org"}),
        ("/run/php/shop_2.sock", {"shop", "2"}),
    ],
)
def test_whose(path, owner):
    assert _pool_names.whose(socket(path)) == owner


def test_a_port_is_anybody_s():
    assert _pool_names.whose(Address("127.0.0.1", 9000)) == frozenset()
