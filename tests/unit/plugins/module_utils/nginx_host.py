# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in a folder, with an nginx that answers from a script."""

import os

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host, Ran

DASH_V = """\
nginx version: nginx/1.22.1
built with OpenSSL 3.0.15 3 Sep 2024
TLS SNI support enabled
configure arguments: --with-cc-opt='-g -O2 -fPIC' --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf --http-log-path=/var/log/nginx/access.log \
--error-log-path=/var/log/nginx/error.log --pid-path=/run/nginx.pid --http-client-body-temp-path=/var/lib/nginx/body --user=www-data
"""
STAT = "{pid} (nginx) S {parent} 1 1 0 -1 4194624 0 0 0 0 0 0 0 0 20 0 1 0 {ticks} 0 0 0\n"
STATUS = "Name:\tnginx\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{uid}\t{uid}\t{uid}\t{uid}\nGroups:\t{uid} \n"
LIMITS = """\
Limit                     Soft Limit           Hard Limit           Units
Max open files            1024                 524288               files
"""


class NginxHost(Host):
    """answers: what a command line that ends with these words does; a callable is called first."""

    def __init__(self, root):
        super().__init__(str(root))
        self.answers = {
            "-V": Ran(0, "", DASH_V, None),
            "-t": Ran(0, "", "nginx: configuration file test is successful\n", None),
        }
        self.commands = []
        self.write("/proc/stat", "cpu 1 2 3\nbtime 1700000000\n")
        self.write("/proc/1/cmdline", "init\0")
        self.write("/proc/1/stat", STAT.format(pid=1, parent=0, ticks=1).replace("nginx", "init"))
        self.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/:/bin/false\n")
        self.binary("/usr/sbin/nginx")

    def write(self, path, text):
        where = self.path(path)
        os.makedirs(os.path.dirname(where), exist_ok=True)
        with open(where, "w", encoding="utf-8") as stream:
            stream.write(text)

    def binary(self, path):
        self.write(path, "")
        os.chmod(self.path(path), 0o700)

    def link(self, path, target):
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        os.symlink(target, self.path(path))

    def process(
        self, pid, title, parent=1, ticks=1000, uid=0, exe="/usr/sbin/nginx", cgroup="0::/system.slice/nginx.service\n"
    ):
        self.write("/proc/%d/cmdline" % pid, title + "\0")
        self.write("/proc/%d/stat" % pid, STAT.format(pid=pid, parent=parent, ticks=ticks))
        self.write("/proc/%d/status" % pid, STATUS.format(uid=uid))
        self.write("/proc/%d/limits" % pid, LIMITS)
        self.write("/proc/%d/cgroup" % pid, cgroup)
        self.link("/proc/%d/exe" % pid, exe)

    def end(self, pid):
        os.rename(self.path("/proc/%d" % pid), self.path("/gone-%d" % pid))

    def run(self, argv, timeout=10.0, cut=0):
        self.commands.append(list(argv))
        for ending, answer in self.answers.items():
            if ending in argv:
                return answer() if callable(answer) else answer
        return Ran(None, "", "", "%s: No such file or directory" % argv[0])
