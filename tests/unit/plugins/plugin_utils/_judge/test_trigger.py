# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What findings are about: their lines, and what can have set them off."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge import trigger as subject
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import judge, known_causes
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.trigger_subjects import packages_of
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    answer,
    finding,
    fleet,
    host,
    log,
    proxy,
    reached,
    record,
    tried,
)

APP = "tcp:10.0.0.2:80"
CAUSES = {cause.name: cause for cause in known_causes()}
UNIT = {
    "load": "loaded",
    "active": "inactive",
    "sub": "dead",
    "enabled": "enabled",
    "declares": [{"address": "tcp:0.0.0.0:80"}],
}


def pair(*records, **more):
    """A proxy, and a backend whose apache2.service is down."""
    web = proxy(
        "http://10.0.0.2",
        reach=[reached(APP, tried(APP, 111))],
        answers=[answer(signature="backend_port_closed", upstream=APP)],
        log=log(*records),
    )
    return fleet(
        web=web, app=host("10.0.0.2", units={"apache2.service": UNIT}, listeners={"tcp": [], "unix": []}, **more)
    )


def trigger_of(looked, found):
    return subject.trigger_of(looked, found, CAUSES[found.cause])


def names(trigger, on="app"):
    return {(one["kind"], one["name"]) for one in trigger["subjects"] if one["host"] == on}


def test_a_backend_that_is_down():
    looked = pair(
        record(APP, last=900.0, first=800.0, count=3), record(APP, last=950.0), record("tcp:10.0.0.9:80", last=700.0)
    )
    (found,) = judge(looked)
    trigger = trigger_of(looked, found)
    assert (found.cause, trigger["first"], trigger["count"], trigger["daemon"]) == (
        "backend_port_closed",
        800.0,
        4,
        "stopped",
    )
    assert (trigger["signatures"], trigger["upstreams"]) == (["backend_port_closed"], [APP])
    assert names(trigger) >= {
        ("unit", "apache2.service"),
        ("package", "apache2"),
        ("package", "libapache2-*"),
        ("boot", "the host"),
    }
    assert ("path", "/etc/nginx/nginx.conf") in names(trigger, "web"), "the file of the route may have changed"


def test_where_no_log_speaks_the_answer_does():
    looked = pair()
    trigger = trigger_of(looked, judge(looked)[0])
    assert (trigger["signatures"], trigger["first"], trigger["count"]) == (["backend_port_closed"], None, 0)


@pytest.mark.parametrize(
    "cause, on, subject",
    [
        ("firewall_reject", "app", ("program", "nft")),
        ("firewall_reject", "web", ("unit", "nftables.service")),
        ("resolver_failure", "web", ("path", "/etc/resolv.conf")),
        ("nginx_open_files", "web", ("unit", "nginx.service")),
        ("ephemeral_ports_exhausted", "web", ("path", "/etc/sysctl.d/")),
        ("selinux_network_connect", "web", ("path", "/etc/selinux/")),
        ("upstream_tls_verify", "app", ("path", "/etc/pki/tls/")),
    ],
)
def test_what_can_set_a_cause_off(cause, on, subject):
    assert subject in names(trigger_of(pair(), finding(cause, on="app" if on == "app" else "web")), on)


@pytest.mark.parametrize(
    "tool, files",
    [
        ("firewalld", {"/etc/firewalld/"}),
        ("iptables", {"/etc/iptables/", "/etc/sysconfig/"}),
        (
            "none",
            {
                "/etc/nftables.conf",
                "/etc/nftables.d/",
                "/etc/firewalld/",
                "/etc/ufw/",
                "/etc/iptables/",
                "/etc/sysconfig/",
            },
        ),
    ],
)
def test_files_of_the_firewall_tool_that_is_in_charge(tool, files):
    web = proxy("http://127.0.0.1:8000", firewall={"tool": tool})
    found = names(trigger_of(fleet(web=web), finding("firewall_reject")), "web")
    assert {name for kind, name in found if kind == "path" and "nginx" not in name} == files


def test_what_cannot():
    assert trigger_of(pair(), finding("disk_full"))["subjects"] == []
    assert ("path", "/etc/nginx/nginx.conf") not in names(
        trigger_of(pair(), finding("php_fpm_stopped", on="app")), "web"
    )
    assert names(trigger_of(pair(), finding("backend_port_closed", on="10.0.0.9")), "10.0.0.9") == set()


def test_a_php_that_was_removed():
    pool = {"file": "/etc/php/8.1/fpm/pool.d/shop.conf", "pool": "shop", "address": "unix:/run/php/shop.sock"}
    gone = [{"version": "8.1", "config": "/etc/php/8.1/fpm/php-fpm.conf", "binary": None, "pools": [pool]}]
    looked = fleet(web=proxy("unix:/run/php/shop.sock", php_fpm_gone=gone))
    assert names(trigger_of(looked, finding("php_fpm_missing")), "web") >= {
        ("package", "php8.1-*"),
        ("path", "/etc/php/8.1/fpm/pool.d/shop.conf"),
        ("path", "/etc/nginx/nginx.conf"),
    }
    looked = fleet(web=proxy("unix:/run/php/other.sock", php_fpm_gone=gone))
    assert ("package", "php8.1-*") not in names(trigger_of(looked, finding("php_fpm_missing")), "web")


def test_the_script_that_failed():
    web = proxy(
        "unix:/run/php/shop.sock",
        http="root /var/www/html;",
        answers=[
            answer(url="http://site/big.php?x=1"),
            answer(url="http://site/../../etc/x.php"),
            answer(url="http://site/a"),
        ],
    )
    paths = {
        name
        for kind, name in names(trigger_of(fleet(web=web), finding("response_header_too_big")), "web")
        if "php" in name
    }
    assert paths == {"/var/www/html/big.php"}


@pytest.mark.parametrize(
    "base, packages",
    [
        ("php8.2-fpm", ["php8.2", "php8.2-*"]),
        ("php-fpm", ["php", "php-*"]),
        ("php82-php-fpm", ["php82-php", "php82-php-*"]),
        ("shop@1", ["shop", "shop-*"]),
        ("httpd", ["httpd", "httpd-*", "mod_*"]),
    ],
)
def test_packages_of_a_service(base, packages):
    assert packages_of(base) == packages


def test_a_service_of_an_init_script_is_called_as_it_is():
    looked = fleet(
        web=proxy("http://10.0.0.2", reach=[reached(APP, tried(APP, 111))], answers=[answer(upstream=APP)]),
        app=host("10.0.0.2", units={"apache2": UNIT, "nginx": UNIT}, listeners={"tcp": [], "unix": []}),
    )
    found = names(trigger_of(looked, finding("backend_port_closed", on="app", why="apache2 and nginx do not run")))
    assert {("unit", "apache2"), ("program", "apache2"), ("package", "apache2-*")} <= found
    assert ("unit", "nginx") not in found
