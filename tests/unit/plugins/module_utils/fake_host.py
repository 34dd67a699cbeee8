# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in a folder, with the processes and the answers that a test gives it."""

import os

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host, Ran


class FakeHost(Host):
    """answers: by the first words of a command, what it prints. A command that no test foresaw fails as if it were not there."""

    def __init__(self, root, answers=None):
        super().__init__(str(root))
        self.answers = answers or {}
        self.commands = []
        self.write("/proc/stat", "cpu  1 2 3 4\nbtime 1700000000\n")

    def run(self, argv, timeout=10.0, cut=0):
        self.commands.append(list(argv))
        line = " ".join(argv)
        for begin, answer in self.answers.items():
            if line.startswith(begin):
                return answer if isinstance(answer, Ran) else Ran(0, answer, "", None)
        return Ran(None, "", "", "%s: No such file or directory" % argv[0])

    def write(self, path, text):
        where = self.path(path)
        os.makedirs(os.path.dirname(where), exist_ok=True)
        with open(where, "w", encoding="utf-8") as stream:
            stream.write(text)

    def link(self, path, target):
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        os.symlink(target, self.path(path))

    def program(self, path):
        self.write(path, "")
        os.chmod(self.path(path), 0o700)

    def process(
        self, pid, title, parent=1, name=None, ticks=100, uid=0, cgroup="0::/\n", flags=0x400100, fds=(), exe=None
    ):
        """title as it stands in the command line; fds: inodes of sockets that it holds."""
        where = "/proc/%d/" % pid
        name = name or os.path.basename(title.split(" ")[0].rstrip(":"))
        self.write(
            where + "stat", "%d (%s) S %d 1 1 0 -1 %d %s %d 0 0\n" % (pid, name, parent, flags, "0 " * 12, ticks)
        )
        self.write(where + "cmdline", title.replace(" ", "\0") + "\0")
        self.write(
            where + "status",
            "Name:\t%s\nUid:\t0\t%d\t0\t0\nGid:\t0\t%d\t0\t0\nGroups:\t4 27\nVmRSS:\t    2000 kB\n" % (name, uid, uid),
        )
        self.write(where + "cgroup", cgroup)
        if exe:
            self.program(exe)
            self.link(where + "exe", exe)
        os.makedirs(self.path(where + "fd"), exist_ok=True)
        for number, inode in enumerate(fds):
            self.link(where + "fd/%d" % number, "socket:[%d]" % inode)


def fixture(*names):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", *names), encoding="utf-8") as stream:
        return stream.read()
