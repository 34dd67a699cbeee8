# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service managers: who is in charge of a host, and what it is asked to do."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.service_manager import command, is_active
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


@pytest.mark.parametrize(
    ("paths", "manager"),
    [
        (["/run/systemd/system/x", "/etc/init.d/nginx", "/usr/sbin/service"], "systemd"),
        (["/run/openrc/softlevel", "/etc/init.d/nginx"], "openrc"),
        (["/etc/init.d/nginx", "/usr/sbin/service"], "sysvinit"),
        (["/etc/init.d/nginx"], "none"),
        ([], "none"),
    ],
)
def test_the_manager_in_charge_is_the_one_that_runs(tmp_path, paths, manager):
    host = FakeHost(tmp_path)
    for path in paths:
        host.program(path)
    assert service_manager.in_charge(host) == manager


def test_macos_has_launchd(monkeypatch):
    monkeypatch.setattr(Host, "is_darwin", True)
    monkeypatch.setattr(Host, "is_dir", lambda self, path: False)
    monkeypatch.setattr(Host, "exists", lambda self, path: False)
    assert service_manager.in_charge(Host()) == "launchd"


COMMANDS = {
    ("systemd", "start"): "systemctl start php.service",
    ("systemd", "stop"): "systemctl stop php.service",
    ("systemd", "restart"): "systemctl restart php.service",
    ("systemd", "reload"): "systemctl reload php.service",
    ("systemd", "status"): "systemctl is-active --quiet php.service",
    ("sysvinit", "start"): "service php start",
    ("sysvinit", "stop"): "service php stop",
    ("sysvinit", "restart"): "service php restart",
    ("sysvinit", "reload"): "service php reload",
    ("sysvinit", "status"): "service php status",
    ("openrc", "start"): "rc-service php start",
    ("openrc", "stop"): "rc-service php stop",
    ("openrc", "restart"): "rc-service php restart",
    ("openrc", "reload"): "rc-service php reload",
    ("openrc", "status"): "rc-service php status",
    ("launchd", "start"): "launchctl kickstart system/php",
    ("launchd", "stop"): "launchctl kill SIGTERM system/php",
    ("launchd", "restart"): "launchctl kickstart -k system/php",
    ("launchd", "reload"): "launchctl kill SIGUSR2 system/php",
    ("launchd", "status"): "launchctl print system/php",
}


@pytest.mark.parametrize("action", service_manager.ACTIONS)
@pytest.mark.parametrize("manager", service_manager.MANAGERS)
def test_each_manager_has_a_command_for_each_action(manager, action):
    argv = command(manager, action, "php.service", "SIGUSR2")
    assert (" ".join(argv) if argv else None) == COMMANDS.get((manager, action))


BREW_PATH = "PATH=/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


@pytest.mark.parametrize("label", ["homebrew.mxcl", "sh.brew"])
@pytest.mark.parametrize(
    ("domain", "environment"), [("gui/501", "env -u SUDO_USER %s" % BREW_PATH), ("user/501", "env %s" % BREW_PATH)]
)
@pytest.mark.parametrize("action", ["start", "stop", "restart"])
def test_a_service_of_homebrew_is_its_owners_to_start_and_stays_in_its_domain(label, domain, environment, action):
    argv = command("launchd", action, "%s/%s.php@8.3" % (domain, label))
    assert " ".join(argv) == "sudo -H -u #501 %s brew services %s php@8.3" % (environment, action)


@pytest.mark.parametrize(
    ("action", "unit", "argv"),
    [
        ("reload", "gui/501/homebrew.mxcl.php", "launchctl kill SIGUSR2 gui/501/homebrew.mxcl.php"),
        ("status", "gui/501/homebrew.mxcl.php", "launchctl print gui/501/homebrew.mxcl.php"),
        ("restart", "system/homebrew.mxcl.php", "launchctl kickstart -k system/homebrew.mxcl.php"),
        ("start", "gui/501/com.example.app", "launchctl kickstart gui/501/com.example.app"),
    ],
)
def test_launchd_is_asked_for_all_else(action, unit, argv):
    assert " ".join(command("launchd", action, unit, "SIGUSR2")) == argv


@pytest.mark.parametrize("manager", ["", "none", "upstart"])
def test_what_is_no_manager_has_no_commands(manager):
    assert command(manager, "start", "php") is None
    assert is_active(manager, "php", None) is None


@pytest.mark.parametrize(
    ("manager", "code", "output", "active"),
    [
        ("systemd", 0, "", True),
        ("systemd", 3, "", False),
        ("systemd", None, "systemctl: no answer in 100 seconds", False),
        ("openrc", 32, " * status: crashed", False),
        ("launchd", 0, "system/php = {\n\tactive count = 1\n\tstate = running\n}", True),
        ("launchd", 0, "system/php = {\n\tactive count = 0\n\tstate = not running\n}", False),
        ("launchd", 113, "Could not find service", False),
    ],
)
def test_a_unit_runs_where_its_manager_says_so(manager, code, output, active):
    assert is_active(manager, "php", lambda argv: (code, output)) is active


@pytest.mark.parametrize(
    ("argv", "unit"),
    [
        (["systemctl", "restart", "nginx.service"], "nginx.service"),
        (["/usr/bin/systemctl", "--no-block", "start", "openresty"], "openresty"),
        (["service", "nginx", "restart"], "nginx"),
        (["/sbin/rc-service", "nginx", "start"], "nginx"),
        (["nginx", "-s", "reload"], None),
        (["systemctl", "daemon-reload"], None),
    ],
)
def test_a_command_names_its_unit(argv, unit):
    assert service_manager.unit_in(argv) == unit
