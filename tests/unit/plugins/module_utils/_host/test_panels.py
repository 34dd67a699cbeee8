# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which panel a host has, and which files it writes there. The paths are those of the panels' public templates, sources and manuals (docs/panels.md)."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.panels import SIGNS, panel_file, panel_of
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

#: Path, and panel, kind and site of the file, whichever panel the host has.
ITS_OWN = [
    ("/snap/nextcloud/43000/config/php/php-fpm.conf", ("snap", "snap", "nextcloud")),
    ("/etc/nginx/plesk.conf.d/vhosts/a.example.conf", ("plesk", "vhost", "a.example")),
    ("/etc/nginx/plesk.conf.d/webmails/roundcube/a.example_webmail.conf", ("plesk", "vhost", "a.example")),
    ("/etc/nginx/plesk.conf.d/server.conf", ("plesk", "nginx", None)),
    ("/var/www/vhosts/system/a.example/conf/nginx.conf", ("plesk", "vhost", "a.example")),
    ("/etc/nginx/conf.d/zz010_psa_nginx.conf", ("plesk", "nginx", None)),
    ("/opt/plesk/php/8.2/etc/php-fpm.d/a.example.conf", ("plesk", "pool", "a.example")),
    ("/etc/nginx/conf.d/users/alice.conf", ("cpanel", "vhost", "alice")),
    ("/etc/nginx/conf.d/ea-nginx.conf", ("cpanel", "nginx", None)),
    ("/etc/nginx/conf.d/cpanel-proxy-non-ssl.conf", ("cpanel", "nginx", None)),
    ("/etc/nginx/conf.d/includes-optional/cpanel-fastcgi.conf", ("cpanel", "nginx", None)),
    ("/var/nginx/conf.d/includes-optional/cpanel-proxy.conf", ("cpanel", "nginx", None)),
    ("/etc/nginx/conf.d/server-includes/cpanel-static-locations.conf", ("cpanel", "nginx", None)),
    ("/etc/nginx/conf.d/server-includes-standalone/cpanel-dcv.conf", ("cpanel", "nginx", None)),
    ("/opt/cpanel/ea-php82/root/etc/php-fpm.d/a.example.conf", ("cpanel", "pool", "a.example")),
    ("/opt/alt/php82/etc/php-fpm.d/a.example.conf", ("cpanel", "pool", "a.example")),
    ("/etc/nginx/sites-enabled/100-a.example.vhost", ("ispconfig", "vhost", "a.example")),
    ("/etc/nginx/sites-available/a.example.vhost", ("ispconfig", "vhost", "a.example")),
    ("/home/alice/conf/web/a.example/nginx.conf", ("hestia", "vhost", "a.example")),
    ("/home/alice/conf/web/a.example.nginx.ssl.conf", ("vesta", "vhost", "a.example")),
    ("/home/alice/conf/web/a.example/nginx.ssl.conf", ("hestia", "vhost", "a.example")),
    ("/home/alice/conf/mail/a.example/nginx.conf", ("hestia", "vhost", "a.example")),
    ("/home/admin/conf/web/nginx.conf", ("hestia", "vhost", None)),
    ("/etc/nginx/conf.d/domains/a.example.ssl.conf", ("hestia", "vhost", "a.example")),
    ("/www/server/panel/vhost/nginx/a.example.conf", ("aapanel", "vhost", "a.example")),
    ("/www/server/panel/vhost/nginx/node_a.example.conf", ("aapanel", "vhost", "a.example")),
    ("/www/server/panel/vhost/nginx/java_a.example.conf", ("aapanel", "vhost", "a.example")),
    ("/www/server/panel/vhost/nginx/proxy/a.example/1_a.example.conf", ("aapanel", "vhost", "a.example")),
    ("/www/server/panel/vhost/nginx/redirect/a.example/1_a.example.conf", ("aapanel", "vhost", "a.example")),
    ("/www/server/panel/vhost/nginx/dir_auth/a.example/admin.conf", ("aapanel", "vhost", "a.example")),
    ("/www/server/panel/vhost/nginx/well-known/a.example.conf", ("aapanel", "vhost", "a.example")),
    ("/www/server/nginx/conf/enable-php-82.conf", ("aapanel", "nginx", None)),
    ("/www/server/php/82/etc/php-fpm.conf", ("aapanel", "pool", "82")),
    ("/usr/local/directadmin/data/users/alice/nginx.conf", ("directadmin", "vhost", "alice")),
    ("/usr/local/directadmin/data/users/alice/php/php-fpm82.conf", ("directadmin", "pool", "alice")),
    ("/etc/nginx-rc/conf.d/shop.conf", ("runcloud", "vhost", "shop")),
    ("/etc/nginx-rc/conf.d/shop.ssl.conf", ("runcloud", "vhost", "shop")),
    ("/etc/nginx-rc/conf.d/shop.d/main.conf", ("runcloud", "vhost", "shop")),
    ("/etc/nginx-rc/nginx.conf", ("runcloud", "nginx", None)),
    ("/etc/php83rc/fpm.d/shop.conf", ("runcloud", "pool", "shop")),
    ("/etc/nginx-sp/vhosts.d/shop.conf", ("serverpilot", "vhost", "shop")),
    ("/etc/nginx-sp/vhosts.d/shop.d/main.conf", ("serverpilot", "vhost", "shop")),
    ("/etc/nginx-sp/nginx.conf", ("serverpilot", "nginx", None)),
    ("/etc/php8.1-sp/fpm-pools.d/shop.d/main.conf", ("serverpilot", "pool", "shop")),
    ("/etc/nginx/conf.d/elasticbeanstalk/00_application.conf", ("beanstalk", "vhost", "00_application")),
    ("/data/nginx/proxy_host/7.conf", ("npm", "vhost", "7")),
    ("/data/nginx/stream/2.conf", ("npm", "other", None)),
    ("/nix/store/9b8c7d6f5g4h3j2k1l0m9n8p7q6r5s4v-phpfpm-piwik.conf", ("nixos", "pool", "piwik")),
    ("/nix/store/0a1b2c3d4f5g6h7i8j9k0l1m2n3p4q5r-nginx.conf", ("nixos", "nginx", None)),
]
#: Panel of the host, path, and kind and site of the file there.
ON_ITS_HOST = [
    ("hestia", "/etc/php/8.2/fpm/pool.d/a.example.conf", "pool", "a.example"),
    ("ispconfig", "/etc/php/8.2/fpm/pool.d/web1.conf", "pool", "web1"),
    ("plesk", "/etc/php/8.2/fpm/pool.d/a.example.conf", "pool", "a.example"),
    ("cloudpanel", "/etc/php/8.2/fpm/pool.d/a.example.conf", "pool", "a.example"),
    ("cloudpanel", "/etc/nginx/sites-enabled/a.example.conf", "vhost", "a.example"),
    ("cpanel", "/etc/nginx/conf.d/default.conf", "nginx", None),
    ("cpanel", "/etc/nginx/conf.d/users.conf", "nginx", None),
    ("cpanel", "/etc/nginx/conf.d/passenger.conf", "nginx", None),
    ("cpanel", "/etc/nginx/conf.d/global-logging.conf", "nginx", None),
    ("beanstalk", "/etc/nginx/nginx.conf", "nginx", None),
    ("beanstalk", "/etc/nginx/conf.d/uploads.conf", "nginx", None),
    ("beanstalk", "/etc/systemd/system/web.service", "unit", None),
    ("nixos", "/etc/nginx/nginx.conf", "nginx", None),
    ("npm", "/etc/nginx/conf.d/include/proxy.conf", "nginx", None),
    ("nixos", "/etc/systemd/system/phpfpm-piwik.service", "unit", "phpfpm-piwik"),
    ("engintron", "/etc/nginx/nginx.conf", "nginx", None),
    ("engintron", "/etc/nginx/common_https.conf", "nginx", None),
    ("engintron", "/etc/nginx/common_simple_protection.conf", "nginx", None),
    ("engintron", "/etc/nginx/proxy_params_common", "nginx", None),
    ("engintron", "/etc/nginx/conf.d/default.conf", "nginx", None),
    ("engintron", "/etc/nginx/conf.d/default_https.conf", "nginx", None),
    ("engintron", "/etc/nginx/overrides/before/ratelimit-before.conf", "nginx", None),
]
ADMINS = [
    "/data/nginx/custom/server_proxy.conf",
    "/config/nginx/proxy-confs/shop.subdomain.conf",
    "/etc/nginx-rc/extra.d/shop.location.root.proxy.conf",
    "/etc/nginx-sp/vhosts.d/shop.custom.conf",
    "/etc/nginx-sp/vhosts.d/shop.d/custom.conf",
    "/etc/nginx-sp/http.d/buffers.conf",
    "/var/snap/shop/common/nginx/site.conf",
    "/etc/nginx/conf.d/shop.conf",
    "/etc/nginx/custom_rules",
    "/etc/nginx/overrides/before/shop.conf",
    "/etc/nginx/conf.d/server-includes/shop.conf",
    "/www/server/panel/vhost/rewrite/a.example.conf",
    "/etc/nginx/conf.d/users/alice/a.example/shop.conf",
    "/home/alice/conf/web/a.example/nginx.conf_shop",
    "/home/alice/conf/web/a.example/nginx.ssl.conf_shop",
    "/var/www/vhosts/system/a.example/conf/vhost_nginx.conf",
    "/etc/php/8.2/fpm/pool.d/www.conf",
    "/etc/php/8.2/fpm/pool.d/zz-bad_gateway-www.conf",
    "/www/server/panel/vhost/nginx/bad_gateway_proxy_buffers.conf",
]


@pytest.mark.parametrize(("path", "written"), ITS_OWN)
def test_paths_that_are_a_panels_alone(path, written):
    assert tuple(panel_file(path) or ()) == written
    assert tuple(panel_file(path, "cloudpanel") or ()) == written


@pytest.mark.parametrize(("panel", "path", "kind", "site"), ON_ITS_HOST)
def test_paths_that_are_a_panels_where_it_is(panel, path, kind, site):
    assert tuple(panel_file(path, panel) or ()) == (panel, kind, site)
    assert panel_file(path) is None and panel_file(path, "cyberpanel") is None


# Elastic Beanstalk copies all of conf.d at each deployment.
@pytest.mark.parametrize("panel", [None] + [name for name, _path in SIGNS if name != "beanstalk"])
@pytest.mark.parametrize("path", ADMINS)
def test_what_an_administrator_writes_is_his_own(path, panel):
    assert panel_file(path, panel) is None


def test_a_panel_is_known_by_its_files(tmp_path):
    host = FakeHost(tmp_path)
    assert panel_of(host) is None
    for name, path in reversed(SIGNS):
        host.write(path, "")
        assert panel_of(host) == name
