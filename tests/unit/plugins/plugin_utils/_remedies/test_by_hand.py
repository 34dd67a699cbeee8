# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each remedy in the words of a person."""

from __future__ import annotations

import subprocess

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffers import BufferPlan
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.by_hand import _LINES, after_undo, by_hand
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.roles import ORDER
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import host

WEB = Host("web", host())
FPM = {"binary": "/usr/sbin/php-fpm8.2", "config": "/etc/php-fpm.conf", "unit": "php8.2-fpm.service"}
ADDRESS = {
    "path": "/etc/nginx/site",
    "line": 7,
    "directive": "fastcgi_pass",
    "from": "unix:/run/a.sock",
    "to": "unix:/run/b.sock",
}
LIMIT = {
    "path": "/etc/nginx/nginx.conf",
    "directive": "worker_connections",
    "args": ["4096"],
    "block": {"name": "events", "line": 6},
}
GONE = {"path": "/etc/nginx/site", "directive": "fastcgi_busy_buffers_size", "state": "absent"}
RELOAD = "nginx -t && systemctl reload nginx   # on web"
CASES = [
    (
        remedies.php_fpm(WEB, FPM, "reloaded", pool="www", settings={"pm.max_children": "20"}),
        [
            "# in pool www: pm.max_children = 20",
            "/usr/sbin/php-fpm8.2 -t --fpm-config /etc/php-fpm.conf   # on web",
            "systemctl reload php8.2-fpm.service   # on web",
        ],
    ),
    (
        remedies.php_fpm(WEB, {**FPM, "unit": None}, "started", socket_dir="/run/shop"),
        [
            "echo 'd /run/shop 0755 root root -' >>/etc/tmpfiles.d/php-fpm-sockets.conf"
            "; systemd-tmpfiles --create /etc/tmpfiles.d/php-fpm-sockets.conf   # on web",
            "/usr/sbin/php-fpm8.2 -t --fpm-config /etc/php-fpm.conf   # on web",
        ],
    ),
    (
        remedies.fastcgi_buffers(
            BufferPlan("fastcgi", size="32k", number=8, each="16k", dropin="/etc/nginx/conf.d/b.conf", edits=[GONE])
        ),
        [
            "# in /etc/nginx/conf.d/b.conf: fastcgi_buffer_size 32k; fastcgi_buffers 8 16k;",
            "# /etc/nginx/site: without fastcgi_busy_buffers_size",
            RELOAD,
        ],
    ),
    (
        remedies.backend_service(WEB, "apache2.service", config_check=["apachectl", "configtest"]),
        ["apachectl configtest   # on web", "systemctl start apache2.service   # on web"],
    ),
    (
        remedies.backend_service(WEB, "apache2.service", panel_command=["plesk", "repair", "web", "-y"]),
        ["plesk repair web -y   # on web"],
    ),
    (
        remedies.upstream_address([ADDRESS]),
        ["# /etc/nginx/site:7: unix:/run/b.sock instead of unix:/run/a.sock", RELOAD],
    ),
    (
        remedies.upstream_dns(["systemd-resolved", "dnsmasq"]),
        ["resolvectl flush-caches   # on web", "systemctl restart dnsmasq   # on web", RELOAD],
    ),
    (
        remedies.firewall_port("firewalld", 7080, "10.0.0.1", zone="public"),
        [
            "firewall-cmd --permanent --zone=public --add-rich-rule='rule family=ipv4 source address=10.0.0.1 port port=7080 protocol=tcp accept'"
            "; firewall-cmd --reload   # on web"
        ],
    ),
    (
        remedies.firewall_port("ufw", 7080, "10.0.0.1"),
        ["ufw allow proto tcp from 10.0.0.1 to any port 7080   # on web"],
    ),
    (
        remedies.firewall_port("nftables", 7080, "fd00::1", family="inet", table="filter", chain="input"),
        ["nft insert rule inet filter input ip6 saddr fd00::1 tcp dport 7080 accept   # on web"],
    ),
    (
        remedies.firewall_port("iptables", 7080, "10.0.0.1", chain="INPUT"),
        ["iptables -I INPUT -s 10.0.0.1 -p tcp --dport 7080 -j ACCEPT   # on web"],
    ),
    (
        remedies.selinux_connect(
            boolean="httpd_can_network_connect",
            port=7080,
            port_type="http_port_t",
            path="/srv/run",
            path_type="httpd_var_run_t",
        ),
        [
            "semanage port -a -t http_port_t -p tcp 7080   # on web",
            "semanage fcontext -a -t httpd_var_run_t '/srv/run(/.*)?'; restorecon -R /srv/run   # on web",
            "setsebool -P httpd_can_network_connect on   # on web",
        ],
    ),
    (remedies.nginx_limits([LIMIT]), ["# /etc/nginx/nginx.conf:6, in events: worker_connections 4096;", RELOAD]),
    (
        remedies.nginx_limits([], unit="nginx.service", unit_files=8192),
        [
            "# systemctl edit nginx.service: [Service] LimitNOFILE=8192",
            "nginx -t && systemctl restart nginx.service   # on web",
        ],
    ),
    (
        remedies.kernel_limits({"net.ipv4.ip_local_port_range": "10240 65535"}),
        ["sysctl -w net.ipv4.ip_local_port_range='10240 65535'   # on web"],
    ),
]


@pytest.mark.parametrize(("remedy", "lines"), CASES, ids=[remedy.change for remedy, _lines in CASES])
def test_a_remedy_by_hand(remedy, lines):
    assert list(by_hand(remedy, "web")) == lines


def test_each_remedy_has_words_and_a_case():
    assert {remedy.role for remedy, _lines in CASES} == set(_LINES) == set(ORDER)


def test_all_of_it_can_be_pasted():
    lines = [line for remedy, _lines in CASES for line in (*by_hand(remedy, "web"), *after_undo(remedy, "web"))]
    checked = subprocess.run(["/bin/bash", "-n"], input="\n".join(lines), capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_after_an_undo_the_service_says_more():
    assert after_undo(CASES[3][0], "web") == (
        "systemctl status apache2.service --no-pager   # on web",
        "journalctl -u apache2.service --since -15min --no-pager   # on web",
        "# what was tried: start apache2",
    )


def test_after_an_undo_nginx_says_more():
    assert after_undo(remedies.upstream_address([ADDRESS]), "web")[0].startswith("nginx -t; tail -n 20 ")
