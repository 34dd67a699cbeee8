# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each log of a package manager, by lines as they are found in public: dpkg.log and apt history of Debian 12, dnf 4 of RHEL 9 and Fedora,
yum of CentOS 7, pacman of three ages, apk-tools 3.
"""

import os
import time

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._history.packages import READ_LIMIT, package_changes
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Span
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

DPKG = """\
2026-11-29 02:13:04 startup archives unpack
2026-11-29 02:13:05 upgrade php8.2-fpm:amd64 8.2.20-1~deb12u1 8.2.24-1~deb12u1
2026-11-29 02:13:05 status half-configured php8.2-fpm:amd64 8.2.20-1~deb12u1
2026-11-29 02:13:06 upgrade tzdata:all 2026b-0+deb12u1 2026b-0+deb12u1
2026-11-29 02:13:07 configure php8.2-fpm:amd64 8.2.24-1~deb12u1 <none>
2026-11-29 02:13:08 status installed php8.2-fpm:amd64 8.2.24-1~deb12u1
2026-11-29 02:20:00 install wrk:amd64 <none> 4.1.0-3+b2
2026-11-29 02:21:00 remove apache2:amd64 2.4.62-1~deb12u2 <none>
"""
APT = """\

Start-Date: 2026-11-29  02:13:04
Commandline: /usr/bin/unattended-upgrade
Upgrade: php8.2-fpm:amd64 (8.2.20-1~deb12u1, 8.2.24-1~deb12u1)
End-Date: 2026-11-29  02:13:09

Start-Date: 2026-11-29  02:19:59
Commandline: apt-get install -y wrk
Requested-By: alice (1000)
Install: wrk:amd64 (4.1.0-3+b2)
End-Date: 2026-11-29  02:20:01
"""
DNF = """\
2026-02-14T09:30:12+0000 SUBDEBUG Upgrade: nginx-1:1.20.1-14.el9.x86_64
2026-02-14T09:30:13+0000 SUBDEBUG Upgrade: openssl-libs-1:3.2.2-6.el9.x86_64
2026-02-14T09:30:14+0000 SUBDEBUG Upgraded: openssl-libs-1:3.0.7-27.el9.x86_64
2026-02-14T09:30:14+0000 INFO Erase: old-1-1.fc40.noarch
"""
DNF_COMMANDS = """\
2026-02-14T09:30:01+0000 DDEBUG Command: dnf -y upgrade
2026-02-14T09:30:01+0000 DDEBUG Installroot: /
2026-02-14T09:30:10+0000 DDEBUG Command: dnf makecache --timer
"""
PACMAN = """\
[2026-08-02T11:12:13+0200] [PACMAN] Running 'pacman -Syu'
[2026-08-02T11:12:20+0200] [ALPM] transaction started
[2026-08-02T11:12:21+0200] [ALPM] upgraded php-fpm (8.3.10-1 -> 8.3.11-1)
[2026-08-02T11:12:22+0200] [ALPM] removed nano (7.2-1)
[2026-08-02 11:13] [PACMAN] installed feh (3.1.3-1)
[2026-08-02T11:14:00+0200] [ALPM] warning: upgraded is a word (1 -> 2)
"""
APK = """\
(9/9) Installing without-a-time (1-r0)
Running `apk upgrade` at 2026-05-07 16:44:06
(1/3) Upgrading nginx (1.28.0-r1 -> 1.28.1-r0)
(2/3) Installing tzdata (2026a-r0)
(3/3) Purging php83-fpm (8.3.10-r0)
Executing busybox-1.37.0-r18.trigger
"""
DNF5 = """\
2024-09-20T10:30:35+0000 [714356] INFO --- DNF5 launched with arguments: "dnf install acpi" ---
2024-09-20T10:30:53+0000 [714413] INFO RPM callback verify start, total 1
2024-09-20T10:30:53+0000 [714413] INFO RPM callback open file "/var/cache/libdnf5/fedora-845d89688cb28f31/packages/acpi-1.7-21.fc39.x86_64.rpm"
2024-09-20T10:30:54+0000 [714413] INFO RPM callback close file
2024-09-20T10:30:55+0000 [714413] INFO RPM callback open file "/var/cache/libdnf5/fedora-845d89688cb28f31/packages/acpi-1.7-21.fc39.x86_64.rpm"
2024-09-20T10:31:00+0000 [714413] INFO RPM callback start trigger-install scriptlet "fedora-third-party-0:0.10-8.fc40.noarch"
"""
ZYPP = """\
2022-12-16 12:56:20|command|root@web1|'zypper' 'install' 'unzip'|
# 2022-12-16 12:56:23 unzip-6.00-41.1.x86_64.rpm installed ok
# Additional rpm output:
2022-12-16 12:56:23|install|unzip|6.00-41.1|x86_64|root@web1|repo-oss|d7e42c9d83f97cf3|
# 2022-12-16 12:57:50|command|alice@web1|'zypper' 'remove' 'nginx'|
2022-12-16 12:57:51|remove |nginx|1:1.21.5-1.1|x86_64|alice@web1|
2022-12-16 12:58:00|radd   |packman|http://packman.example.org/|
"""
YUM = """\
May 02 10:20:30 Updated: 1:nginx-1.20.1-10.el7.x86_64
May 02 10:20:31 Erased: php-fpm-5.4.16-48.el7.x86_64
May 02 10:20:32 Installed: wrk-4.1.0-1.el7.x86_64
"""


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def found(tmp_path, day, files, length=86400.0):
    host = FakeHost(tmp_path)
    for path, text in files.items():
        host.write(path, text)
    noon = time.mktime(time.strptime(day, "%Y-%m-%d"))
    return [
        (time.strftime("%H:%M:%S", time.localtime(one["at"])), one["subject"], one["what"], one["by"])
        for one in package_changes(host, Span(noon, noon + length))
    ]


def test_dpkg_and_apt(tmp_path):
    assert found(tmp_path, "2026-11-29", {"/var/log/dpkg.log": DPKG, "/var/log/apt/history.log": APT}) == [
        ("02:13:05", "php8.2-fpm", "upgraded 8.2.20-1~deb12u1 -> 8.2.24-1~deb12u1", "unattended-upgrades"),
        ("02:13:06", "tzdata", "reinstalled 2026b-0+deb12u1", "unattended-upgrades"),
        ("02:20:00", "wrk", "installed 4.1.0-3+b2", "apt-get install -y wrk (alice)"),
        ("02:21:00", "apache2", "removed 2.4.62-1~deb12u2", None),
    ]


def test_dnf(tmp_path):
    logs = {"/var/log/dnf.rpm.log": DNF, "/var/log/dnf.log": DNF_COMMANDS}
    assert found(tmp_path, "2026-02-14", logs) == [
        ("09:30:12", "nginx", "upgraded 1.20.1-14.el9", "dnf -y upgrade"),
        ("09:30:13", "openssl-libs", "upgraded 3.0.7-27.el9 -> 3.2.2-6.el9", "dnf -y upgrade"),
        ("09:30:14", "old", "removed 1-1.fc40", "dnf -y upgrade"),
    ]


def test_dnf5_which_names_files(tmp_path):
    assert found(tmp_path, "2024-09-20", {"/var/log/dnf5.log": DNF5}) == [
        ("10:30:55", "acpi", "installed 1.7-21.fc39", "dnf install acpi"),
    ]


def test_zypper(tmp_path):
    assert found(tmp_path, "2022-12-16", {"/var/log/zypp/history": ZYPP}) == [
        ("12:56:23", "unzip", "installed 6.00-41.1", "zypper install unzip"),
        ("12:57:51", "nginx", "removed 1.21.5-1.1", "zypper remove nginx (alice)"),
    ]


def test_yum_which_writes_no_year(tmp_path):
    assert found(tmp_path, "2026-05-02", {"/var/log/yum.log": YUM}) == [
        ("10:20:30", "nginx", "upgraded 1.20.1-10.el7", None),
        ("10:20:31", "php-fpm", "removed 5.4.16-48.el7", None),
        ("10:20:32", "wrk", "installed 4.1.0-1.el7", None),
    ]


def test_pacman(tmp_path):
    assert found(tmp_path, "2026-08-02", {"/var/log/pacman.log": PACMAN}) == [
        ("09:12:21", "php-fpm", "upgraded 8.3.10-1 -> 8.3.11-1", "pacman -Syu"),
        ("09:12:22", "nano", "removed 7.2-1", "pacman -Syu"),
        ("11:13:00", "feh", "installed 3.1.3-1", None),
    ]


def test_apk(tmp_path):
    assert found(tmp_path, "2026-05-07", {"/var/log/apk.log": APK}) == [
        ("16:44:06", "nginx", "upgraded 1.28.0-r1 -> 1.28.1-r0", "apk upgrade"),
        ("16:44:06", "tzdata", "installed 2026a-r0", "apk upgrade"),
        ("16:44:06", "php83-fpm", "removed 8.3.10-r0", "apk upgrade"),
    ]


@pytest.mark.parametrize(
    "path, text",
    [
        ("dpkg.log", DPKG),
        ("dnf.rpm.log", DNF),
        ("dnf5.log", DNF5),
        ("yum.log", YUM),
        ("pacman.log", PACMAN),
        ("apk.log", APK),
        ("zypp/history", ZYPP),
    ],
)
def test_another_day_has_none_of_them(tmp_path, path, text):
    assert found(tmp_path, "2025-01-01", {"/var/log/" + path: text}) == []


def test_a_log_that_was_rotated_in_the_span_is_read_before_it(tmp_path):
    first, rest = DPKG.split("2026-11-29 02:20:00")
    logs = {"/var/log/dpkg.log.1": first, "/var/log/dpkg.log": "2026-11-29 02:20:00" + rest}
    assert [one[1] for one in found(tmp_path, "2026-11-29", logs, 1e9)] == ["php8.2-fpm", "tzdata", "wrk", "apache2"]


def test_what_others_put_there_neither_holds_it_up_nor_is_shown_raw(tmp_path):
    host = FakeHost(tmp_path)
    os.makedirs(host.path("/var/log/apt"))
    os.mkfifo(host.path("/var/log/apt/history.log"))
    host.write("/var/log/dpkg.log", "x" * READ_LIMIT + "\n2026-11-29 02:13:05 install evil\x1b[2J:all <none> 1\n")
    (change,) = package_changes(host, Span(0.0, 2e9))
    assert (change["subject"], change["what"]) == ("evil\\x1b[2J", "installed 1")
