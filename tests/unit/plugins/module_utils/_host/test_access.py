# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are read with a bound and commands end in time, whatever the host does."""

import os
import socket
import sys
import time
import tracemalloc

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import access
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import MORE, REASONS_LIMIT, Host


@pytest.fixture
def host(tmp_path):
    return Host(str(tmp_path))


def written(host, path, content=b""):
    where = host.path(path)
    os.makedirs(os.path.dirname(where), exist_ok=True)
    with open(where, "wb") as stream:
        stream.write(content)


def test_what_could_not_be_seen_is_remembered_once(host):
    error = OSError("no")
    for missing, why in (("firewall", error), ("firewall", "no"), ("firewall", "other")):
        host.unseen(missing, why)
    assert host.unknown == [{"missing": "firewall", "why": "no"}, {"missing": "firewall", "why": "other"}]


def test_the_real_host_has_its_own_paths():
    assert Host().path("/etc/hosts") == "/etc/hosts"
    assert Host().realpath("/") == "/"
    assert Host().glob("/") == ["/"]


class TestFiles:
    def test_paths_are_those_of_the_host(self, host, tmp_path):
        written(host, "/etc/a.conf")
        written(host, "/etc/B.conf")
        os.symlink("a.conf", host.path("/etc/c.conf"))
        assert host.path("/etc/a.conf") == str(tmp_path / "etc" / "a.conf")
        assert host.glob("/etc/*.conf") == ["/etc/B.conf", "/etc/a.conf", "/etc/c.conf"]
        assert host.listdir("/etc") == ["B.conf", "a.conf", "c.conf"]
        assert (host.readlink("/etc/c.conf"), host.readlink("/etc/a.conf"), host.readlink("/etc/none")) == (
            "a.conf",
            None,
            None,
        )
        assert host.realpath("/etc/c.conf") == "/etc/a.conf"
        assert (host.exists("/etc"), host.is_dir("/etc"), host.is_dir("/etc/a.conf"), host.exists("/none")) == (
            True,
            True,
            False,
            False,
        )

    def test_folders_that_are_not_there_are_empty(self, host):
        assert host.listdir("/none") == []
        assert host.glob("/none/*") == []

    def test_no_more_is_read_than_asked_for(self, host):
        written(host, "/a", b"0123456789")
        assert host.read_bytes("/a", 4) == b"0123"
        assert host.read("/a") == "0123456789"

    def test_a_large_file_is_read_in_pieces_up_to_the_limit(self, host):
        content = b"0123456789" * 20000
        written(host, "/a", content)
        assert host.read_bytes("/a") == content
        assert host.read_bytes("/a", 131072) == content[:131072]
        assert host.read_bytes("/a", 70001) == content[:70001]

    def test_a_high_limit_needs_no_room_for_itself(self, host):
        written(host, "/a", b"few")
        tracemalloc.start()
        try:
            assert host.read_bytes("/a", 1 << 30) == b"few"
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 1 << 20

    def test_text_need_not_be_text(self, host):
        written(host, "/a", b"caf\xe9\x00")
        assert host.read("/a") == "caf\ufffd\x00"

    @pytest.mark.parametrize("kind", ["fifo", "folder", "socket", "none", "device"])
    def test_what_is_no_file_is_not_read_and_not_waited_for(self, host, kind, monkeypatch):
        monkeypatch.chdir(host.root)
        made = socket.socket(socket.AF_UNIX) if kind == "socket" else None
        if made:
            made.bind("it")
            made.close()
        elif kind != "none":
            {"fifo": os.mkfifo, "folder": os.mkdir, "device": lambda path: os.symlink("/dev/zero", path)}[kind]("it")
        descriptors = len(os.listdir("/dev/fd"))
        assert host.read("/it") is None
        with pytest.raises(OSError):
            host.read_bytes("/it")
        assert len(os.listdir("/dev/fd")) == descriptors

    def test_files_of_the_kernel_have_no_size_and_are_read(self):
        assert Host().read("/proc/self/stat").startswith("%d (" % os.getpid())

    def test_commands_are_found_in_the_systems_folders_only(self, host):
        for path, mode in (("/usr/bin/tool", 0o700), ("/usr/sbin/data", 0o644), ("/opt/other", 0o700)):
            written(host, path)
            os.chmod(host.path(path), mode)
        os.makedirs(host.path("/usr/bin/folder"))
        assert [host.which(name) for name in ("tool", "data", "other", "folder", "none")] == [
            "/usr/bin/tool",
            None,
            None,
            None,
            None,
        ]
        written(host, "/usr/local/sbin/tool")
        os.chmod(host.path("/usr/local/sbin/tool"), 0o700)
        assert host.which("tool") == "/usr/local/sbin/tool"


class TestRun:
    def shell(self, text, timeout=10.0):
        return Host().run(["sh", "-c", text], timeout)

    def test_what_a_command_says(self):
        ran = self.shell("echo out; echo err >&2; exit 3")
        assert (ran.code, ran.out, ran.err, ran.error) == (3, "out\n", "err\n", None)

    def test_it_speaks_the_c_locale_and_has_no_other_environment(self, monkeypatch):
        monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
        monkeypatch.setenv("SECRET", "s3cr3t")
        assert self.shell("echo $LC_ALL-$LANG-$SECRET-$HOME").out == "C-C--/root\n"

    def test_its_words_need_not_be_text(self):
        assert self.shell("printf 'caf\\351'").out == "caf\ufffd"

    def test_it_is_given_no_words_and_no_shell(self):
        assert self.shell("cat").out == ""
        assert Host().run(["echo", "$HOME", "a;b"]).out == "$HOME a;b\n"

    def test_one_that_is_not_there(self):
        ran = Host().run(["/none/such", "-t"])
        assert (ran.code, ran.out, ran.err) == (None, "", "")
        assert ran.error == "/none/such: No such file or directory"

    def test_one_that_ended_by_a_signal(self):
        assert self.shell("kill -9 $$").code == -9

    @pytest.mark.parametrize(
        "text",
        [
            "trap '' TERM; %(wait)s",
            "%(wait)s & %(wait)s",
            "%(wait)s & echo started",
            "echo begun; %(wait)s",
        ],
        ids=["deaf", "with children", "gone, and a child keeps its output open", "half said"],
    )
    def test_one_that_does_not_end_is_killed_with_all_that_it_started(self, text, tmp_path):
        fifo, marks = str(tmp_path / "fifo"), tmp_path / "marks"
        os.mkfifo(fifo)
        wait = "(echo $$ >> %s; exec cat %s)" % (marks, fifo)
        for seconds in (0.5, 4, 32):
            started = time.monotonic()
            ran = self.shell(text % {"wait": wait}, seconds)
            assert time.monotonic() - started < 10 * seconds
            # A busy machine may not get as far in the first of them.
            if marks.exists():
                break
        assert (ran.code, ran.out) == (None, "")
        assert ran.error.endswith(": no answer in %s seconds" % seconds)
        assert marks.read_text().split(), "the command was started"
        with pytest.raises(OSError):
            os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))

    @pytest.mark.parametrize("where", ["", ">&2"])
    def test_one_that_prints_without_end_is_killed(self, where, tmp_path):
        mark = tmp_path / "pid"
        started = time.monotonic()
        ran = self.shell("echo $$ > %s; exec yes %s" % (mark, where))
        assert time.monotonic() - started < 8
        assert (ran.code, ran.out, ran.err) == (None, "", "")
        assert ran.error.endswith(": more than 16777216 bytes of output")
        with pytest.raises(ProcessLookupError):
            os.kill(int(mark.read_text()), 0)

    def test_all_up_to_the_limit_is_returned(self, monkeypatch):
        monkeypatch.setattr(access, "OUTPUT_LIMIT", 100000)
        text = "head -c %d /dev/zero | tr '\\0' x; printf '%%0500d' 0 >&2"
        ran = self.shell(text % 99500)
        assert (ran.code, len(ran.out), len(ran.err)) == (0, 99500, 500)
        assert self.shell(text % 99501).code is None

    def test_one_that_leaves_a_daemon_with_its_output_open_is_not_waited_for(self):
        leave = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(4)\n"
        started = time.monotonic()
        ran = Host().run([sys.executable, "-c", leave], 0.5)
        assert time.monotonic() - started < 3.5
        assert (ran.code, ran.error is None) == (None, False)


class TestBounds:
    def test_the_first_of_a_long_output_is_enough_where_the_caller_says_so(self, host):
        ran = host.run(["yes", "line"], cut=100000)
        assert (ran.code, ran.cut, len(ran.out)) == (0, True, 100000) and ran.out.startswith("line\nline\n")
        assert not host.run(["echo", "line"], cut=100000).cut

    def test_commands_share_the_time_of_a_look(self, host):
        host.seconds_left = 0.3
        assert host.run(["sleep", "5"]).error == "sleep 5: no answer in 0.3 seconds" or host.seconds_left <= 0
        assert host.run(["echo"]).error == "echo: the commands before it took 90 seconds"

    def test_a_pattern_names_so_many_files_and_no_more(self, host, monkeypatch):
        monkeypatch.setattr(access, "NAMES_LIMIT", 3)
        for number in range(9):
            written(host, "/etc/%d.conf" % number)
        assert len(host.glob("/etc/*.conf")) <= 4
        assert host.unknown == [{"missing": "/etc/*.conf", "why": "there are more than 3"}]


def test_of_one_thing_only_so_many_reasons_are_said():
    host = Host()
    for number in range(20000):
        host.unseen("logs", "%d: Permission denied" % (number % 10000))
    host.unseen("units", "no systemd")
    assert len(host.unknown) == REASONS_LIMIT + 2
    assert host.unknown[-2:] == [{"missing": "logs", "why": MORE}, {"missing": "units", "why": "no systemd"}]
