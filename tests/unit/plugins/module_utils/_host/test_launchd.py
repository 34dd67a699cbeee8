# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of launchd, as their files and launchctl have them."""

import re

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.launchd import jobs
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.mac_host import OWNER, MacHost, recorded

KNOWN = re.compile("nginx|.*php.*fpm")


@pytest.fixture
def mac(tmp_path):
    return MacHost(tmp_path)


def found(host):
    return {job.target: job for job in jobs(host, KNOWN)}


@pytest.mark.parametrize("label", ["homebrew.mxcl", "sh.brew"])
@pytest.mark.parametrize("handed", [True, False])
def test_a_service_of_homebrew_is_seen_before_it_was_ever_started(mac, label, handed):
    target = mac.install_php("php@8.3", label=label, handed=handed)
    job = found(mac)[target]
    assert job.argv == ["/opt/homebrew/opt/php@8.3/sbin/php-fpm", "--nodaemonize"]
    assert (job.state, job.pid, job.exit_code) == (None, 0, None)
    assert job.wanted is (True if handed else None)
    assert job.file.startswith("/Users/mike/Library/LaunchAgents/" if handed else "/opt/homebrew/opt/php@8.3/")


@pytest.mark.parametrize(
    ("loaded", "seen"),
    [
        (("running", 1486, 0), ("running", 1486, 0)),
        (("running", 1486, None), ("running", 1486, None)),
        (("spawn scheduled", 0, 78), ("spawn scheduled", 0, 78)),
    ],
)
def test_launchctl_says_how_it_is(mac, loaded, seen):
    target = mac.install_php()
    mac.jobs[target] = loaded
    job = found(mac)[target]
    assert ((job.state, job.pid, job.exit_code), job.wanted) == (seen, True)


def test_without_a_desktop_it_is_in_the_users_own_domain(mac):
    mac.install_php()
    mac.console = 0
    assert list(found(mac)) == ["user/%d/homebrew.mxcl.php" % OWNER]


def test_it_is_where_launchd_has_it(mac):
    mac.install_php()
    mac.jobs["user/%d/homebrew.mxcl.php" % OWNER] = ("running", 5, None)
    assert list(found(mac)) == ["user/%d/homebrew.mxcl.php" % OWNER]


def test_what_was_switched_off_is_not_wanted(mac):
    target = mac.install_php()
    mac.disabled.append("homebrew.mxcl.php")
    assert found(mac)[target].wanted is False


def daemon(host, label, program="/opt/shop/bin/app"):
    text = recorded("php.plist").replace("LABEL", label).replace("PREFIX/opt/FORMULA/sbin/php-fpm", program)
    host.write("/Library/LaunchDaemons/%s.plist" % label, text)


def test_a_daemon_of_the_system_that_is_not_loaded_was_taken_out(mac):
    daemon(mac, "com.example.shop")
    job = found(mac)["system/com.example.shop"]
    assert (job.state, job.wanted) == (None, False)
    mac.jobs["system/com.example.shop"] = ("running", 7, 0)
    assert found(mac)["system/com.example.shop"].wanted is True


def test_homebrews_service_that_root_started_is_the_systems(mac):
    """sudo brew services start nginx, as Valet does it."""
    mac.install_php()
    daemon(mac, "homebrew.mxcl.php", "/opt/homebrew/opt/php/sbin/php-fpm")
    mac.jobs["system/homebrew.mxcl.php"] = ("running", 7, 0)
    assert list(found(mac)) == ["system/homebrew.mxcl.php"]


def test_other_services_of_homebrew_and_other_users_jobs_are_left_out(mac):
    mac.install_php("redis", "7.2.4")
    text = recorded("php.plist").replace("LABEL", "homebrew.mxcl.redis").replace("php-fpm", "redis-server")
    mac.write("/Users/mike/Library/LaunchAgents/homebrew.mxcl.redis.plist", text)
    mac.write("/opt/homebrew/opt/redis/homebrew.mxcl.redis.plist", text)
    assert found(mac) == {}


@pytest.mark.parametrize(
    "text", ["", "no plist", "<?xml version='1.0'?><plist><dict/></plist>", "<plist><array/></plist>"]
)
def test_a_damaged_file_is_unseen(mac, text):
    mac.write("/Library/LaunchDaemons/x.plist", text)
    assert found(mac) == {}
    assert [one["missing"] for one in mac.unknown] == ["job of launchd"]


def test_a_host_without_homebrew_has_the_systems_jobs(tmp_path):
    host = MacHost(tmp_path, "/elsewhere")
    daemon(host, "org.nginx.nginx", "/usr/local/nginx/sbin/nginx")
    assert list(found(host)) == ["system/org.nginx.nginx"]
