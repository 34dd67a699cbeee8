# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runs did to the hosts: the URLs answer, and nothing has changed but what had to."""

import re
import socket
import time

import _hosts

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.tools import TOOLS

JOURNAL = r"files /var/lib/bad_gateway"
NGINX = [r"files /etc/nginx/", r"nginx processes"]

#: remedy: the differences that it may leave on the host that it changes
MAY_CHANGE = {
    "php_fpm": [
        r"files /etc/php",
        r"files /etc/systemd/system/php[\d.]*-fpm\.service\.d",
        r"files /etc/tmpfiles\.d/",
        r"files /etc/alternatives/php-fpm\.sock",  # Debian's unit sets it at each start and removes it at each stop
        r"units php([\d.]*-fpm|-fpm\d+)(\.service)?:",
        r"files /var/www/vhosts/system/[^/]+/php-fpm\.sock",  # where Plesk has the sockets of its sites
        r"files /usr/local/php\d+/sockets/",  # where DirectAdmin has them
    ],
    "fastcgi_buffers": NGINX,
    "upstream_address": NGINX,
    "upstream_dns": [r"nginx processes"],
    "backend_service": [r"units (?!nginx)[\w@.-]+:"],
    "nginx_limits": [*NGINX, r"files /etc/systemd/system/nginx\.service\.d", r"files /etc/sysctl\.d/"],
    "firewall_port": [r"files /etc/(?:sysconfig/)?(%s)" % "|".join(TOOLS), r"rules (nft|iptables|ip6tables)"],
}


#: What ends when asked: not a unit, but processes of nginx whose master stays.
WORKERS = "nginx's workers"
#: Causes that are advised on: nginx refuses its files before a run and after it.
REFUSED = {"nginx_config_invalid", "upstream_host_not_found_at_start"}


def may_change(place, role):
    """What a run may change on one host of a fault: nothing on a host that has no finding with a remedy."""
    findings = [place.fault.expect, *place.fault.expect.get("also", [])]
    remedies = [one["remedy"] for one in findings if one.get("host") == role and one.get("remedy")]
    restarted = ["units " + re.escape(unit) for unit in place.fault.expect.get("restarts", {}).get(role, [])]
    changed = [pattern for remedy in remedies for pattern in [JOURNAL, *MAY_CHANGE[remedy]]]
    return restarted + changed + changes_when_asked(place, role)


def changes_when_asked(place, role):
    """What changes on a host of a fault whenever somebody asks for its URL: the main process of a unit, or nginx's workers, and nothing else of it."""
    ends = place.fault.expect.get("ends_when_asked", {}).get(role, [])
    units = [
        r"units %s: (.*) MainPID=\d+ (.*), was \1 MainPID=\d+ \2$" % re.escape(unit) for unit in ends if unit != WORKERS
    ]
    return units + [r"nginx processes: \['(\d+)', .*, were \['\1', "] * (WORKERS in ends)


def but(patterns, differences):
    return [line for line in differences if not any(re.match(pattern, line) for pattern in patterns)]


def test_url_answers(place):
    assert _hosts.ask(place) == place.fault.expect["status_after"]


def test_dry_run_changes_nothing(differences, place):
    for role in place.addresses:
        assert but(changes_when_asked(place, role), differences(place.host(role), "broken", "checked")) == []


def test_run_changes_only_what_the_remedy_needs(differences, place):
    for role in place.addresses:
        assert but(may_change(place, role), differences(place.host(role), "broken", "fixed")) == []


#: Tests the configuration that the nginx which runs has read: panels bring one of their own, elsewhere.
TEST_NGINX = """
master=$(pgrep -of "^nginx: master process")
"$(readlink /proc/$master/exe)" -t $(ps -o args= -p "$master" | grep -oE -- "-[cp] [^ ]+")
"""


def test_daemons_accept_their_files(remote, curable):
    host = remote(curable, "web")
    causes = {one["cause"] for one in curable.fault.expect.get("also", [])}
    assert host.run(TEST_NGINX).succeeded == (not causes & REFUSED)
    assert host.run("php-fpm$(ls /etc/php 2>/dev/null) -t").succeeded


def reachable_from_here(place):
    """Whether the backend's port is open for this machine, which is not the proxy."""
    try:
        socket.create_connection((place.addresses["app"], 7080), timeout=2).close()
    except OSError:
        return False
    return True


def eventually(holds):
    """Whether it comes true within ten seconds: firewalld is up before its rules are."""
    return any(holds() or time.sleep(0.5) for _try in range(20))


def test_port_is_open_for_the_proxy_alone(opened):
    assert _hosts.ask(opened) == 200
    assert not reachable_from_here(opened)


def test_opening_outlives_the_firewall(remote, opened_for_good):
    service = opened_for_good.fault.expect["firewall_service"]
    remote(opened_for_good, "app").check_output(
        "service %s restart && (test %s != firewalld || firewall-cmd --state)", service, service
    )
    assert eventually(lambda: not reachable_from_here(opened_for_good))
    assert _hosts.ask(opened_for_good) == 200
