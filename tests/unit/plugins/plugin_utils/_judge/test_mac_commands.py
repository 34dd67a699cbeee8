# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advice in the commands of a Mac."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.typed_advice import in_commands_of_hosts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet

PHP = "gui/501/homebrew.mxcl.php@8.3"
BREW = "sudo -H -u '#501' env -u SUDO_USER PATH=/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin brew services"
DARWIN = {"os": "darwin", "service_manager": "launchd", "addresses": []}


@pytest.fixture
def fleet():
    airplay = small_fleet.listener("::", 5000, process="ControlCenter", pid=687)
    unit = {"fragment": "/Library/LaunchDaemons/app.plist"}
    nginx = {"unit": None, "error_logs": ["/opt/homebrew/var/log/nginx/error.log"]}
    listeners = {"tcp": [airplay], "unix": []}
    mac = small_fleet.host(system=DARWIN, listeners=listeners, units={"system/app": unit}, nginx=nginx)
    return small_fleet.fleet(mac=mac, linux=small_fleet.host())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"systemctl start {PHP}", f"{BREW} start php@8.3"),
        (f"systemctl restart {PHP}   # on mac", f"{BREW} restart php@8.3   # on mac"),
        (f"systemctl reload {PHP}", f"launchctl kill SIGUSR2 {PHP}"),
        (f"systemctl status {PHP} --no-pager", f"launchctl print {PHP}"),
        (f"systemctl daemon-reload; systemctl reset-failed {PHP}; systemctl start {PHP}", f"{BREW} start php@8.3"),
        (f"systemctl enable --now {PHP}", f"launchctl enable {PHP}; {BREW} start php@8.3"),
        (f"systemctl unmask {PHP}", f"launchctl enable {PHP}"),
        (
            "systemctl enable --now system/app",
            "launchctl enable system/app; launchctl bootstrap system /Library/LaunchDaemons/app.plist",
        ),
        ("nginx -t && systemctl reload nginx", "nginx -t && nginx -s reload"),
        ("nginx -t && systemctl restart nginx.service", "nginx -t && nginx -s quit; nginx"),
        (
            f"journalctl -u {PHP} -n 50 --no-pager   # on mac: why",
            f"launchctl print {PHP} | grep -E 'state|exit code|path'   # on mac: why",
        ),
        (
            "journalctl -k -g 'segfault|oom' -n 20 --no-pager",
            "log show --last 1h --predicate 'process == \"kernel\"'",
        ),
        ("ss -ltnp 'sport = :9000'   # on mac: who", "lsof -nP -iTCP:9000 -sTCP:LISTEN   # on mac: who"),
        ("ss -ltnp   # on mac", "lsof -nP -iTCP -sTCP:LISTEN   # on mac"),
        ("ss -xlp src /run/x.sock", "lsof -nP -U | grep -F /run/x.sock"),
        ("ss -lxnp src '/Users/mike/.config/valet/*'", "lsof -nP -U | grep -F '/Users/mike/.config/valet/'"),
        ("ss -tnp dst 10.0.0.1", "netstat -anp tcp"),
        ("ss -lxp | grep -F php", "lsof -nP -U | grep -F php"),
        ("free -m; ps -eo rss,args --sort=-rss | head", "vm_stat; ps -axmo rss,command | head"),
        ("ip -brief address", "ifconfig"),
        ("install -d -o root -g root -m 0755 /x", "install -d -o root -g wheel -m 0755 /x"),
        ("namei -l /x/y.sock", 'p=/x/y.sock; while [ "$p" != / ]; do ls -led "$p"; p=$(dirname "$p"); done'),
        ("nginx -t; tail -n 20 /var/log/nginx/error.log", "nginx -t; tail -n 20 /opt/homebrew/var/log/nginx/error.log"),
        ("# set another `listen` at /x:1", "# set another `listen` at /x:1"),
        ("/x/php-fpm -t --fpm-config /y", "/x/php-fpm -t --fpm-config /y"),
    ],
)
def test_a_line_is_said_as_it_is_typed_on_a_mac(fleet, line, said):
    assert in_commands_of_hosts([line], "mac", fleet) == [said]


@pytest.mark.parametrize(
    "line",
    [
        "systemctl edit app   # below [Service]: Group=x",
        "systemctl show -p TasksMax app",
        "coredumpctl info x",
        "semanage port -a -t http_port_t -p tcp 9000",
        "# systemctl edit nginx: LimitNOFILE=1",
        "nsenter -t 1 -n ss -ltnp | grep x",
    ],
)
def test_what_has_no_counterpart_is_left_out(fleet, line):
    assert in_commands_of_hosts([line], "mac", fleet) == []


@pytest.mark.parametrize(
    "line", ["kill 687   # it was started by hand", "# or stop the process with pid 687: gone then"]
)
def test_the_airplay_receiver_is_switched_off_and_not_killed(fleet, line):
    (said,) = in_commands_of_hosts([line], "mac", fleet)
    assert "AirPlay" in said and "System Settings" in said
    assert in_commands_of_hosts([line.replace("687", "688")], "mac", fleet) == [line.replace("687", "688")]


def test_other_hosts_keep_their_commands(fleet):
    lines = ["systemctl start php8.2-fpm", "ss -ltnp   # on linux", "ss -ltnp   # on mac", "ss -ltnp   # on elsewhere"]
    assert in_commands_of_hosts(lines, "linux", fleet) == [
        lines[0],
        lines[1],
        "lsof -nP -iTCP -sTCP:LISTEN   # on mac",
        lines[3],
    ]
