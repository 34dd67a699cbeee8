# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink, selinux
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import system as host_system
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.clock import LAST_CHANGE, clock_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.disks import disk_facts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

MEMINFO = "MemTotal:       1000 kB\nMemFree: 10 kB\nMemAvailable:    600 kB\n"
V1 = "/sys/fs/cgroup/memory/memory."


@pytest.fixture
def host(tmp_path):
    made = FakeHost(tmp_path)
    made.write("/proc/meminfo", MEMINFO)
    return made


@pytest.mark.parametrize(
    ("release", "family"),
    [
        ("ID=debian\n", "debian"),
        ("ID=ubuntu\nID_LIKE=debian\n", "debian"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "redhat"),
        ("ID=fedora\n", "redhat"),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', "suse"),
        ("ID=alpine\n", "alpine"),
        ("ID=nixos\n", "other"),
        ("", "other"),
    ],
)
def test_the_family_comes_from_os_release(host, release, family):
    host.write("/etc/os-release", release)
    assert host_system.system_facts(host)["family"] == family


def test_a_quoted_version_loses_its_quotes(host):
    host.write("/usr/lib/os-release", 'ID=debian\nVERSION_ID="12"\n# text\n')
    found = host_system.system_facts(host)
    assert (found["distribution"], found["version"]) == ("debian", "12")


@pytest.mark.parametrize(
    ("files", "memory"),
    [
        ({}, (600, None)),
        ({"/sys/fs/cgroup/memory.max": "max"}, (600, None)),
        ({V1 + "limit_in_bytes": "9223372036854771712"}, (600, None)),
        (
            {
                "/sys/fs/cgroup/memory.max": "512000",
                "/sys/fs/cgroup/memory.current": "307200",
                "/sys/fs/cgroup/memory.stat": "inactive_file 102400\n",
            },
            (300, 500),
        ),
        (
            {
                V1 + "limit_in_bytes": "512000",
                V1 + "usage_in_bytes": "307200",
                V1 + "stat": "inactive_file 1\ntotal_inactive_file 102400\n",
            },
            (300, 500),
        ),
        ({"/sys/fs/cgroup/memory.max": "921600", "/sys/fs/cgroup/memory.current": "0"}, (600, 900)),
    ],
)
def test_memory_is_what_the_limit_leaves(host, files, memory):
    for path, text in files.items():
        host.write(path, text + "\n")
    available, limit = memory
    assert host_system.system_facts(host)["memory"] == {
        "total": 1000 * 1024,
        "available": available * 1024,
        "limit": limit and limit * 1024,
        "oom_kills": None,
    }


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/sys/fs/cgroup/memory.events", "low 0\noom 4\noom_kill 3\n"),
        (V1 + "oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"),
    ],
)
@pytest.mark.parametrize(("limit", "kills"), [("512000", 3), ("9223372036854771712", None)])
def test_kills_are_counted_where_there_is_a_limit(host, path, text, limit, kills):
    host.write(V1 + "limit_in_bytes", limit)
    host.write(path, text)
    assert host_system.system_facts(host)["memory"]["oom_kills"] == kills


def test_memory_that_cannot_be_read_is_told(tmp_path):
    host = FakeHost(tmp_path)
    assert host_system.system_facts(host)["memory"]["total"] is None
    assert host.unknown[0]["missing"] == "memory"


def test_kernel_settings_and_the_panel(host):
    assert [host_system.system_facts(host)[name] for name in ("somaxconn", "local_ports", "panel")] == [
        None,
        None,
        None,
    ]
    host.write("/proc/sys/net/core/somaxconn", "4096\n")
    host.write("/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n")
    host.write("/usr/local/psa/version", "18.0\n")
    assert [host_system.system_facts(host)[name] for name in ("somaxconn", "local_ports", "panel")] == [
        4096,
        [32768, 60999],
        "plesk",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, None), ("1763821800.25\n", 1763821800.25), ("1763821800", 1763821800.0), ("soon\n", None)],
)
def test_the_clock_knows_the_last_change(host, text, expected):
    if text is not None:
        host.write(LAST_CHANGE, text)
    clock = clock_facts(host)
    assert clock["last_change"] == expected
    assert clock["boot"] == 1700000000.0
    assert abs(clock["now"] - time.time()) < 5
    assert clock["utc_offset"] == time.localtime().tm_gmtoff


def test_each_file_system_is_told_once(host):
    host.write("/var/log/x", "")
    host.write("/run/x", "")
    (only,) = disk_facts(host)
    assert only["path"] == "/"
    assert 0 < only["free_bytes"] <= only["total_bytes"]


IFCONFIG = """\
lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384
\tinet 127.0.0.1 netmask 0xff000000
\tinet6 ::1 prefixlen 128
en0: flags=8863<UP,BROADCAST,SMART,RUNNING> mtu 1500
\tinet6 fe80::1c%en0 prefixlen 64 secured scopeid 0x6
\tinet 192.0.2.7 netmask 0xffffff00 broadcast 192.0.2.255
en1: flags=8822<BROADCAST,SMART> mtu 1500
\tinet 192.0.2.8 netmask 0xffffff00
"""


def test_without_netlink_ifconfig_is_asked(host, monkeypatch):
    monkeypatch.setattr(netlink, "interface_addresses", _refused)
    host.answers["ifconfig"] = IFCONFIG
    found = host_system.system_facts(host)
    assert found["interfaces"] == {"lo0": ["127.0.0.1/8", "::1/128"], "en0": ["fe80::1c/64", "192.0.2.7/24"]}
    assert found["addresses"] == ["127.0.0.1", "192.0.2.7", "::1", "fe80::1c"]


def test_addresses_that_cannot_be_read_are_unknown(host, monkeypatch):
    monkeypatch.setattr(netlink, "interface_addresses", _refused)
    found = host_system.system_facts(host)
    assert (found["interfaces"], found["addresses"]) == (None, None)
    assert re.match("netlink: .*; ifconfig", host.unknown[0]["why"])


def _refused():
    raise PermissionError(1, "Operation not permitted")


class TestSelinux:
    def test_a_host_without_it_has_it_disabled(self, host):
        assert selinux.selinux_facts(host) == {"mode": "disabled", "booleans": {}}

    @pytest.mark.parametrize(("number", "mode"), [("1", "enforcing"), ("0", "permissive")])
    def test_mode_and_booleans_are_those_in_force(self, host, number, mode):
        host.write("/sys/fs/selinux/enforce", number)
        host.write("/sys/fs/selinux/booleans/httpd_can_network_connect", "1 0")
        host.write("/sys/fs/selinux/booleans/httpd_can_network_relay", "0 1")
        host.write("/sys/fs/selinux/booleans/ftpd_full_access", "1 1")
        assert selinux.selinux_facts(host) == {
            "mode": mode,
            "booleans": {"httpd_can_network_connect": True, "httpd_can_network_relay": False},
        }

    def test_what_cannot_be_read_is_unknown(self, host):
        host.write("/sys/fs/selinux/enforce", "")
        assert selinux.selinux_facts(host) is None
        assert host.unknown[0]["missing"] == "selinux"

    def test_a_boolean_that_cannot_be_read_is_told(self, host):
        host.write("/sys/fs/selinux/enforce", "1")
        host.write("/sys/fs/selinux/booleans/httpd_use_nfs", "")
        assert selinux.selinux_facts(host)["booleans"] == {}
        assert host.unknown[0]["missing"] == "selinux boolean httpd_use_nfs"


WORDS = ["MemTotal:", "MemAvailable:", " kB\n", "ID=", 'ID_LIKE="', "\n", "=", "9" * 30]


@given(some.lists(some.one_of(some.sampled_from(WORDS), some.text(max_size=10)), max_size=30))
def test_no_text_of_the_kernel_or_the_distribution_stops_the_look(tmp_path_factory, pieces):
    host = FakeHost(tmp_path_factory.mktemp("host"))
    for path in (
        "/proc/meminfo",
        "/etc/os-release",
        V1 + "limit_in_bytes",
        V1 + "usage_in_bytes",
        "/proc/sys/net/ipv4/ip_local_port_range",
        "/proc/vmstat",
    ):
        host.write(path, "".join(pieces))
    told = host_system.system_facts(host)
    assert told["family"] in ("debian", "redhat", "suse", "alpine", "arch", "other")
    assert all(value is None or value >= 0 for value in told["memory"].values())
