# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way on a Mac, from recordings: look, judge, plan, the commands of each remedy and each line of advice. What nginx answers is added by hand."""

from __future__ import annotations

import os
import pathlib
import shlex
import socket
import typing as t

import pytest
import yaml

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.read_host import read_host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge import judgement
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import known_causes
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import KINDS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._unknown_owner import BY_HAND
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils import mac_host
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.mac_host import (
    OWNER,
    MacHost,
    recorded,
    without_netlink,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    answer,
    reached,
    tried,
)

NGINX = "events {}\nhttp { server { listen 8080; location / { %s } } }\n"
PHP = NGINX % "fastcgi_pass 127.0.0.1:9000;"
PREFIX = "/opt/homebrew"
BREW = "sudo -H -u '#501' env -u SUDO_USER PATH=/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin brew services"
REFUSED, MISSING, DENIED = 61, 2, 13


PLATFORMS = pathlib.Path(mac_host.__file__).with_name("recordings") / "platforms.yml"
CAUSES = yaml.safe_load(PLATFORMS.read_text(encoding="utf-8"))[0]["causes"]


class Mac:
    """A Mac whose nginx serves one location, and whose upstream fails."""

    def __init__(self, root: t.Any) -> None:
        self.host = MacHost(root, PREFIX)
        self.services: dict[str, str] = {}
        self.worker = OWNER

    def judged(
        self,
        config: str,
        to: str,
        errno: int | None,
        signature: str,
        family: str = "fastcgi",
        attempts: t.Sequence[t.Any] = (),
        **more: t.Any,
    ) -> t.Any:
        """What is found and planned where a connection to the upstream ends with this errno."""
        self.host.install_nginx(config)
        self.host.run_nginx(worker=self.worker)
        self.host.settle()
        facts: t.Any = read_host(self.host, 3600)
        facts["answers"] = [answer(signature=signature, upstream=to, **more)]
        facts["reach"] = [reached(to, *(attempts or [tried(to, errno)]), family=family)]
        facts["names"], facts["beside"] = [], []
        judged: t.Any = judgement.judgements({"mac": facts}, KINDS, "run", {}, self.services)["mac"]
        first = judged["findings"][0]
        assert first["outcome"] in CAUSES[first["cause"]], "say so in %s" % PLATFORMS.name
        return judged

    def first(self, *asked: t.Any, **more: t.Any) -> t.Any:
        return self.judged(*asked, **more)["findings"][0]


@pytest.fixture
def mac(tmp_path, monkeypatch):
    without_netlink(monkeypatch)
    return Mac(tmp_path)


def test_a_php_fpm_that_brew_has_not_started_is_started_as_its_owner(mac):
    target = mac.host.install_php("php@8.3", handed=False)
    seen = mac.judged(PHP, "tcp:127.0.0.1:9000", REFUSED, "backend_port_closed")
    found = seen["findings"][0]
    assert (found["cause"], found["outcome"], found["confidence"] >= 0.8) == ("php_fpm_stopped", "planned", True)
    (step,) = seen["steps"]
    assert step["variables"]["php_fpm_unit"] == target
    assert step["variables"]["php_fpm_service_manager"] == "launchd"
    command = service_manager.command("launchd", "start", step["variables"]["php_fpm_unit"])
    assert shlex.join(command or []) == BREW + " start php@8.3"


def test_a_php_fpm_whose_start_launchd_repeats_is_started_again(mac):
    """As with Valet: its pool has made no socket in the user's home."""
    sock = "/Users/mike/.config/valet/valet.sock"
    target = mac.host.install_php("php", "8.4.1", sock, label="sh.brew")
    mac.host.jobs[target] = ("spawn scheduled", 0, 78)
    mac.host.write("/Users/mike/.config/valet/config.json", "{}")
    found = mac.first(NGINX % ("fastcgi_pass unix:%s;" % sock), "unix:" + sock, MISSING, "unix_socket_missing")
    assert (found["cause"], found["outcome"]) == ("php_fpm_stopped", "planned")
    assert found["change"] == "start gui/501/sh.brew.php"
    assert any("is failed (spawn scheduled), exit status 78" in line for line in found["evidence"])


def test_a_folder_that_is_gone_is_its_owners_to_make(mac):
    path = "/var/run/php/php.sock"
    mac.host.install_php(listen=path)
    found = mac.first(NGINX % ("fastcgi_pass unix:%s;" % path), "unix:" + path, MISSING, "unix_socket_missing")
    assert (found["cause"], found["outcome"]) == ("php_fpm_socket_dir_missing", "advice")
    assert found["advice"] == ["install -d -m 0755 -o 501 /var/run/php", BREW + " start php"]


def test_an_old_php_fpm_is_left_to_people(mac):
    """Nothing would show that it started, and what is not seen to have taken is undone."""
    mac.host.install_php("php@7.4", "7.4.33")
    found = mac.first(PHP, "tcp:127.0.0.1:9000", REFUSED, "backend_port_closed")
    assert (found["cause"], found["outcome"]) == ("php_fpm_stopped", "advice")
    assert "no titles on a Mac" in found["why"]
    assert found["advice"][-1] == BREW + " start php@7.4"


def test_a_job_that_was_switched_off_is_left_alone_with_the_commands_of_a_mac(mac):
    target = mac.host.install_php("php@8.3")
    mac.host.disabled.append("homebrew.mxcl.php@8.3")
    found = mac.first(PHP, "tcp:127.0.0.1:9000", REFUSED, "backend_port_closed")
    assert (found["cause"], found["outcome"]) == ("php_fpm_stopped", "advice")
    assert "is disabled and stopped" in found["why"]
    assert found["advice"] == [
        PREFIX + "/Cellar/php@8.3/8.3.12/sbin/php-fpm -t --fpm-config /opt/homebrew/etc/php/8.3/php-fpm.conf",
        "launchctl enable %s; %s start php@8.3" % (target, BREW),
    ]


def test_a_port_that_another_php_has_is_named_with_who_has_it(mac):
    mac.host.install_php("php@8.3")
    other = mac.host.install_php("php@7.4", "7.4.33", "127.0.0.1:9001")
    mac.host.run_php(other, "7.4", pid=48)
    mac.host.listens(recorded("lsof_php_fpm.txt"), pid=48)
    found = mac.first(PHP, "tcp:127.0.0.1:9000", None, "upstream_closed_prematurely")
    assert (found["cause"], found["outcome"]) == ("php_fpm_bind_conflict", "advice")
    assert "php-fpm (pid 48, gui/501/homebrew.mxcl.php@7.4) has tcp:127.0.0.1:9000" in found["why"]
    assert found["advice"] == [
        "lsof -nP -iTCP:9000 -sTCP:LISTEN   # on mac: who has it?",
        "# set another `listen` at /opt/homebrew/etc/php/8.3/php-fpm.d/www.conf:4, and the same address in nginx",
        BREW + " stop php@7.4   # or this: what it serves is gone then",
        BREW + " start php@8.3",
    ]


def test_the_airplay_receiver_has_the_port(mac):
    mac.host.install_php(listen="5000")
    mac.host.listens(recorded("lsof_airplay.txt"))
    found = mac.first(NGINX % "fastcgi_pass 127.0.0.1:5000;", "tcp:127.0.0.1:5000", None, "upstream_closed_prematurely")
    assert found["cause"] == "php_fpm_bind_conflict"
    assert "ControlCenter (pid 687) has" in found["why"]
    assert any("AirPlay receiver" in line for line in found["advice"])


@pytest.mark.parametrize("listen", ["/opt/homebrew/var/run/php84.sock", "127.0.0.1:9000"])
def test_nginx_is_led_to_where_php_fpm_listens(mac, listen):
    """Homebrew's PHP-FPM listens on port 9000, and many a guide for a Mac has a socket."""
    target = mac.host.install_php("php", "8.4.1", listen)
    mac.host.run_php(target, "8.4")
    if listen.startswith("/"):
        mac.host.rows.append(["php-fpm", "1137", "unix", listen])
        mac.host.write(listen, "")
    else:
        mac.host.listens(recorded("lsof_php_fpm.txt"), pid=1137)
    old = "/opt/homebrew/var/run/php83.sock"
    seen = mac.judged(NGINX % ("fastcgi_pass unix:%s;" % old), "unix:" + old, MISSING, "unix_socket_missing")
    found = seen["findings"][0]
    assert (found["cause"], found["outcome"]) == ("socket_path_mismatch", "planned")
    variables = seen["steps"][0]["variables"]
    (edit,) = variables["upstream_address_edits"]
    assert (edit["path"], edit["line"]) == (PREFIX + "/etc/nginx/nginx.conf", 2)
    assert edit["to"] == ("unix:" + listen if listen.startswith("/") else listen)
    assert variables["nginx_restart_manager"] == "none"


def test_buffers_are_written_into_homebrews_nginx(mac):
    target = mac.host.install_php()
    mac.host.run_php(target, "8.3")
    mac.host.listens(recorded("lsof_php_fpm.txt"), pid=1137)
    seen = mac.judged(PHP, "tcp:127.0.0.1:9000", None, "response_header_too_big", header_bytes=6000)
    found = seen["findings"][0]
    assert (found["cause"], found["outcome"]) == ("response_header_too_big", "planned")
    variables = seen["steps"][0]["variables"]
    assert variables["fastcgi_buffers_edits"][0]["path"] == PREFIX + "/etc/nginx/nginx.conf"
    assert (variables["nginx_restart_manager"], variables["nginx_restart_system"]) == ("none", "darwin")


def test_a_reload_of_php_fpm_is_its_own_signal(mac):
    mac.host.run_php(mac.host.install_php("php", "8.4.1", "/Users/mike/.config/valet/valet.sock"), "8.4")
    mac.host.rows.append(["php-fpm", "1137", "unix", "/Users/mike/.config/valet/valet.sock"])
    mac.host.write("/Users/mike/.config/valet/valet.sock", "")
    old = "/Users/mike/.valet/valet.sock"
    found = mac.first(NGINX % ("fastcgi_pass unix:%s;" % old), "unix:" + old, MISSING, "unix_socket_missing")
    assert (found["cause"], found["outcome"]) == ("socket_path_mismatch", "advice")
    assert "launchctl kill SIGUSR2 gui/501/homebrew.mxcl.php" in found["advice"]


def test_a_backend_that_nobody_runs_is_advised_in_the_commands_of_a_mac(mac):
    mac.host.listens(recorded("lsof_docker.txt"))
    to = "tcp:127.0.0.1:3000"
    found = mac.first(NGINX % "proxy_pass http://127.0.0.1:3000;", to, REFUSED, "backend_port_closed", family="proxy")
    assert (found["cause"], found["outcome"]) == ("backend_port_closed", "advice")
    assert found["advice"] == [
        "grep -rnF 3000 /Library/LaunchDaemons /Users/*/Library/LaunchAgents   # on mac: what names it?",
        "lsof -nP -iTCP -sTCP:LISTEN   # on mac: has the service moved? These listen: com.docker.backend on port 8888",
        "# nginx asks for it at /opt/homebrew/etc/nginx/nginx.conf:2",
        BY_HAND,
        "# then name it for the next run: fix_502_backend_services: {'3000': UNIT}",
    ]


def test_a_job_of_launchd_that_was_named_is_left_to_people(mac):
    """What starts other services there was not tried."""
    mac.services["3000"] = "gui/501/homebrew.mxcl.shop"
    to = "tcp:127.0.0.1:3000"
    found = mac.first(NGINX % "proxy_pass http://127.0.0.1:3000;", to, REFUSED, "backend_port_closed", family="proxy")
    assert (found["cause"], found["outcome"]) == ("backend_port_closed", "advice")
    assert found["advice"] == [BREW + " start shop   # on mac"]


def test_localhost_is_ipv6_first_on_a_mac(mac):
    mac.host.rows.append(["node", "9", "IPv4", "127.0.0.1:3000"])
    mac.host.process(9, "node /srv/shop/app.js")
    to = "tcp:localhost:3000"
    attempts = [tried("tcp:[::1]:3000", REFUSED), tried("tcp:127.0.0.1:3000")]
    found = mac.first(
        NGINX % "proxy_pass http://localhost:3000;",
        to,
        None,
        "ipv6_localhost_refused",
        family="proxy",
        attempts=attempts,
    )
    assert (found["cause"], found["outcome"]) == ("ipv6_localhost_refused", "planned")


def test_each_cause_of_the_table_is_one():
    assert set(CAUSES) <= {cause.name for cause in known_causes()}


def test_a_socket_that_nginxs_account_may_not_use(mac):
    """nginx was started with sudo and PHP-FPM without: only root could give the socket to nobody."""
    path = "/opt/homebrew/var/run/php.sock"
    mac.worker = 4294967294
    mac.host.run_php(mac.host.install_php(listen=path), "8.3")
    mac.host.rows.append(["php-fpm", "1137", "unix", path])
    mac.host.write(path + ".lock", "")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(mac.host.path(path))
        os.chmod(mac.host.path(path), 0o660)
        found = mac.first(NGINX % ("fastcgi_pass unix:%s;" % path), "unix:" + path, DENIED, "socket_permission")
    assert (found["cause"], found["outcome"]) == ("socket_permission", "advice")
    assert "does not run as root" in found["why"]
    assert found["advice"] == [
        "# let nginx's workers run as the same account: `user NAME staff;` in nginx.conf, and sudo nginx",
        "# or in pool www, /opt/homebrew/etc/php/8.3/php-fpm.d/www.conf: listen.mode = 0666, which opens it to all who may enter its folder; then:",
        "/opt/homebrew/Cellar/php/8.3.12/sbin/php-fpm -t --fpm-config /opt/homebrew/etc/php/8.3/php-fpm.conf",
        BREW + " restart php",
    ]
