# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a run from changing a host now."""

import contextlib
import os
import subprocess
import sys

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import at_work
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

DPKG = "/var/lib/dpkg/lock-frontend"
PUPPET = "/opt/puppetlabs/puppet/cache/state/agent_catalog_run.lock"
LOCK = """
import fcntl, sys
stream = open(sys.argv[1], "r+")
fcntl.%s(stream, fcntl.LOCK_%s)
sys.stdout.write("locked\\n")
sys.stdout.flush()
sys.stdin.read()
"""


@pytest.fixture
def host(tmp_path):
    made = FakeHost(tmp_path)
    made.process(1, "/sbin/init", parent=0, name="systemd")
    return made


@contextlib.contextmanager
def locked(host, path, how="lockf", kind="EX"):
    """Somebody else's lock on a file; yields who has it."""
    host.write(path, "")
    program = [sys.executable, "-c", LOCK % (how, kind), host.path(path)]
    process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"locked\n"
        yield process.pid
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


def busy(host):
    return at_work.at_work(host, Processes(host))


def test_nobody_is_at_work_where_there_are_no_locks(host):
    assert at_work.guard_facts(host, Processes(host)) == {"stop": None, "busy": []}


@pytest.mark.parametrize("path", [path for paths in at_work.LOCKED.values() for path in paths])
def test_who_holds_the_lock_of_a_package_manager_is_named(host, path):
    with locked(host, path) as pid:
        host.process(pid, "apt-get upgrade", name="apt-get")
        assert busy(host) == ["apt-get (pid %d, %s)" % (pid, path)]
    assert busy(host) == []


def test_one_that_is_not_seen_is_somebody(host):
    with locked(host, DPKG) as pid:
        assert busy(host) == ["somebody (pid %d, %s)" % (pid, DPKG)]


def test_a_lock_file_that_nobody_holds_is_none(host):
    host.write(DPKG, "")
    assert busy(host) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="a file for reading only is root's here")
def test_one_that_only_reads_the_packages_is_not_at_work(host):
    host.write("/var/lib/rpm/.rpm.lock", "")
    with locked(host, "/var/lib/rpm/.rpm.lock", kind="SH"):
        assert busy(host) == []


@pytest.mark.parametrize(
    "path,title",
    [
        (PUPPET, "puppet agent: applying configuration"),
        ("/var/lib/puppet/state/agent_catalog_run.lock", "/usr/bin/ruby /usr/bin/puppet agent -t"),
        ("/var/chef/cache/chef-client-running.pid", "/opt/chef/embedded/bin/ruby /usr/bin/chef-client"),
        ("/var/lib/dnf/rpmdb_lock.pid", "/usr/bin/python3 /usr/bin/dnf upgrade"),
        ("/run/zypp.pid", "zypper up"),
    ],
)
def test_who_has_put_its_number_into_a_file_is_named_as_long_as_it_lives(host, path, title):
    host.process(900, title, name="agent")
    host.write(path, "900\n")
    assert busy(host) == ["agent (pid 900, %s)" % path]


@pytest.mark.parametrize("text", ["901\n", "900\n", "", "x", "9" * 400])
def test_a_file_that_was_left_behind_says_nothing(host, text):
    host.process(900, "/usr/sbin/nginx", name="nginx")
    host.write(PUPPET, text)
    assert busy(host) == []


class TestAnotherRunOfAnsible:
    TITLE = "/usr/bin/python3 /root/.ansible/tmp/ansible-tmp-1/AnsiballZ_apt.py"
    LISTENER = "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"

    @pytest.fixture(autouse=True)
    def _ours(self, host):
        """This process, which came over a connection of its own."""
        host.process(10, self.LISTENER, parent=1, name="sshd")
        host.process(20, "sshd: root@notty", parent=10, name="sshd")
        host.process(os.getpid(), "/usr/bin/python3", parent=20, name="python3")

    @pytest.mark.parametrize(
        "title",
        [TITLE, "/bin/sh -c echo BECOME-SUCCESS-abc ; /usr/bin/python3", "/bin/sh -c /usr/bin/python3 && sleep 0"],
    )
    def test_over_another_connection_is_named(self, host, title):
        host.process(30, "sshd: ada@notty", parent=10, name="sshd")
        host.process(40, title, parent=30, uid=0)
        assert busy(host) == ["another run of Ansible (pid 40)"]

    def test_that_its_parent_has_left_is_named(self, host):
        host.process(40, self.TITLE, parent=1, uid=0)
        assert busy(host) == ["another run of Ansible (pid 40)"]

    def test_over_our_connection_is_ours(self, host):
        host.process(40, self.TITLE, parent=20, uid=0)
        assert busy(host) == []

    def test_of_another_account_proves_nothing(self, host):
        host.process(40, self.TITLE, parent=1, uid=33)
        assert busy(host) == []


@pytest.mark.parametrize(
    "text,line", [("", ""), ("\n\nhands off\nuntil Monday\n", "hands off"), ("x" * 999, "x" * 200)]
)
def test_the_stop_file_says_why(host, text, line):
    host.write(at_work.STOP, text)
    assert at_work.stop_line(host) == line


def test_whatever_has_its_name_stops(host):
    os.makedirs(host.path(at_work.STOP))
    assert at_work.stop_line(host) == ""
