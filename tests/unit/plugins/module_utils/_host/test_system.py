# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import system as host_system
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
        ('NAME=FreeBSD\nVERSION_ID="14.1"\nID=freebsd\n', "freebsd"),
        ("ID=nixos\n", "other"),
        ("", "other"),
    ],
)
def test_the_family_comes_from_os_release(host, release, family):
    host.write("/etc/os-release", release)
    found = host_system.system_facts(host)
    assert (found["family"], found["os"]) == (family, "freebsd" if family == "freebsd" else "linux")


def test_a_quoted_version_loses_its_quotes(host):
    host.write("/usr/lib/os-release", 'ID=debian\nVERSION_ID="12"\n# text\n')
    found = host_system.system_facts(host)
    assert (found["distribution"], found["version"]) == ("debian", "12")


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


def test_tracked_connections_and_how_many_there_may_be(host):
    assert host_system.system_facts(host)["conntrack"] is None
    host.write("/proc/sys/net/netfilter/nf_conntrack_count", "412\n")
    assert host_system.system_facts(host)["conntrack"] is None
    host.write("/proc/sys/net/netfilter/nf_conntrack_max", "262144\n")
    assert host_system.system_facts(host)["conntrack"] == [412, 262144]


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
    result = host_system.system_facts(host)
    assert result["family"] in ("debian", "redhat", "suse", "alpine", "arch", "freebsd", "other")
    assert all(value is None or value >= 0 for value in result["memory"].values())
