# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A look at a Mac, as recordings have it: no /proc, no netlink, no systemd."""

import json

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look.read_host import read_host
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.mac_host import (
    MacHost,
    recorded,
    without_netlink,
)

CONFIG = "events {}\nhttp { server { listen 8080; location ~ \\.php$ { fastcgi_pass 127.0.0.1:9000; } } }\n"


@pytest.fixture(params=["/opt/homebrew", "/usr/local"])
def mac(request, tmp_path, monkeypatch):
    without_netlink(monkeypatch)
    host = MacHost(tmp_path, request.param)
    host.install_nginx(CONFIG)
    return host


def test_a_bare_mac_is_read_and_what_cannot_be_known_is_said(tmp_path, monkeypatch):
    without_netlink(monkeypatch)
    host = MacHost(tmp_path)
    facts = read_host(host, 3600)
    json.dumps(facts)
    assert (facts["system"]["os"], facts["system"]["version"], facts["system"]["service_manager"]) == (
        "darwin",
        "15.4.1",
        "launchd",
    )
    assert facts["clock"]["boot"] == 1745390000.0
    assert facts["listeners"] == {"tcp": [], "unix": []} and facts["units"] == {} and facts["nginx"] is None
    assert facts["system"]["interfaces"] == {
        "lo0": ["127.0.0.1/8", "::1/128", "fe80::1/64", "127.0.0.2/32"],
        "en0": [],
        "en6": ["fe80::49f:3b00:e28c:cf00/64", "192.168.0.13/24"],
    }
    assert "connections" in [one["missing"] for one in host.unknown]


def test_nginx_and_php_fpm_are_their_owners_and_are_jobs_of_launchd(mac):
    target = mac.install_php()
    mac.run_nginx()
    mac.run_php(target, "8.3")
    mac.listens(recorded("lsof_php_fpm.txt"), pid=1137)
    facts = read_host(mac, 3600)
    nginx, (fpm,) = facts["nginx"], facts["php_fpm"]
    assert nginx["binary"] == mac.prefix + "/opt/nginx/bin/nginx" and nginx["version"] == "1.25.4"
    assert nginx["configure"]["conf_path"] == mac.prefix + "/etc/nginx/nginx.conf"
    assert (nginx["master"]["pid"], [one["pid"] for one in nginx["workers"]]) == (764, [765])
    assert nginx["workers"][0]["missing_groups"] == []
    assert (fpm["master"]["pid"], fpm["unit"], fpm["version"]) == (1137, target, "8.3")
    assert fpm["binary"] == mac.prefix + "/Cellar/php/8.3.12/sbin/php-fpm"
    assert fpm["error_log"] == mac.prefix + "/var/log/php-fpm.log"
    assert [one["rss"] for one in fpm["pools"]["www"]["workers"]] == [3648 * 1024]
    (listener,) = facts["listeners"]["tcp"]
    assert (listener["port"], listener["process"], listener["unit"]) == (9000, "php-fpm", target)
    unit = facts["units"][target]
    assert (unit["active"], unit["sub"], unit["enabled"], unit["main_pid"]) == ("active", "running", "enabled", 1137)


def test_their_files_are_checked_by_their_owner(mac):
    """A log that root makes would keep a daemon that is not root from its next start."""
    mac.install_php()
    mac.run_nginx()
    read_host(mac, 3600)
    checks = [command for command in mac.commands if "-t" in command]
    assert [command[:4] for command in checks] == [["sudo", "-H", "-u", "#501"]] * 2


def test_roots_nginx_is_checked_by_root(mac):
    mac.run_nginx(uid=0)
    read_host(mac, 3600)
    (check,) = [command for command in mac.commands if "-t" in command]
    assert check[0] == mac.prefix + "/opt/nginx/bin/nginx"


def test_a_master_of_somebody_else_is_not_believed(mac):
    mac.run_nginx(uid=502)
    facts = read_host(mac, 3600)
    assert facts["nginx"]["master"] is None
    assert "it does not run as root" in json.dumps(facts["unknown"])


def test_an_old_php_fpm_without_a_title_is_known_by_its_job(mac):
    target = mac.install_php("php@7.4", "7.4.33")
    mac.process(300, mac.prefix + "/opt/php@7.4/sbin/php-fpm --nodaemonize")
    mac.jobs[target] = ("running", 300, None)
    (fpm,) = read_host(mac, 3600)["php_fpm"]
    assert (fpm["master"]["pid"], fpm["version"], fpm["unit"]) == (300, "7.4", target)


def test_what_others_listen_on_is_theirs(mac):
    mac.listens(recorded("lsof_docker.txt") + recorded("lsof_airplay.txt"))
    mac.rows.append(["php-fpm", "77", "unix", "/Users/mike/Library/Application Support/Herd/herd84.sock"])
    facts = read_host(mac, 3600)
    assert [(one["address"], one["port"], one["process"]) for one in facts["listeners"]["tcp"]] == [
        ("::", 8888, "com.docker.backend"),
        ("0.0.0.0", 5000, "ControlCenter"),  # noqa: S104 - what is bound
        ("::", 5000, "ControlCenter"),
    ]
    (herd,) = facts["listeners"]["unix"]
    assert herd["path"].endswith("Application Support/Herd/herd84.sock") and herd["process"] == "php-fpm"


def test_lines_of_a_macs_error_log_have_their_causes(mac):
    """Errno 61 is what Linux calls 111, and a path may have a blank in it."""
    mac.write(mac.prefix + "/var/log/nginx/error.log", recorded("nginx_errors.txt"))
    log = read_host(mac, 1e10)["log"]
    assert {one["signature"]: one["upstream"]["address"] for one in log["records"]} == {
        "unix_socket_missing": "unix:/Users/daudi/.config/valet/valet.sock",
        "stale_unix_socket": "unix:/Users/devsaurabh/Library/Application Support/Herd/herd84.sock",
    }
