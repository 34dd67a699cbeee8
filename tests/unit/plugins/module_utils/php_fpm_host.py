# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in a folder, with a PHP-FPM as Debian installs it."""

import os

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host, Ran

BINARY = "/usr/sbin/php-fpm8.2"
CONFIG = "/etc/php/8.2/fpm/php-fpm.conf"
POOL = "/etc/php/8.2/fpm/pool.d/www.conf"
MASTER = "php-fpm: master process (%s)" % CONFIG
MAIN_TEXT = """\
[global]
pid = /run/php/php8.2-fpm.pid
error_log = /var/log/php8.2-fpm.log
include=/etc/php/8.2/fpm/pool.d/*.conf
"""
POOL_TEXT = """\
; Start a new pool named 'www'.
[www]
user = www-data
group = www-data
listen = /run/php/php8.2-fpm.sock
listen.owner = www-data
listen.group = www-data
pm = dynamic
pm.max_children = 5
pm.start_servers = 2
pm.min_spare_servers = 1
pm.max_spare_servers = 3
"""
STAT = "{pid} (php-fpm8.2) S {parent} 1 1 0 -1 4194624 0 0 0 0 0 0 0 0 20 0 1 0 {ticks} 0 0 0\n"
STATUS = "Name:\tphp-fpm8.2\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{uid}\t{uid}\t{uid}\t{uid}\nVmRSS:\t   20000 kB\n"


class FpmHost(Host):
    """answer: what php-fpm -t says. commands: all that was run."""

    def __init__(self, root):
        super().__init__(str(root))
        self.answer = Ran(
            0, "", "[22-Nov-2026 15:27:32] NOTICE: configuration file %s test is successful\n" % CONFIG, None
        )
        self.commands = []
        self.write("/proc/stat", "cpu 1 2 3\nbtime 1700000000\n")
        self.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/:/bin/false\n")
        self.process(1, "init", parent=0)
        self.write(BINARY, "")
        os.chmod(self.path(BINARY), 0o700)
        self.write(CONFIG, MAIN_TEXT)
        self.write(POOL, POOL_TEXT)

    def write(self, path, text):
        where = self.path(path)
        os.makedirs(os.path.dirname(where), exist_ok=True)
        with open(where, "w", encoding="utf-8") as stream:
            stream.write(text)

    def link(self, path, target):
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        os.symlink(target, self.path(path))

    def process(self, pid, title, parent=1, uid=0, pss=None, waits_in=None, exe=BINARY):
        self.write("/proc/%d/cmdline" % pid, title + "\0")
        self.write("/proc/%d/stat" % pid, STAT.format(pid=pid, parent=parent, ticks=100 * pid))
        self.write("/proc/%d/status" % pid, STATUS.format(uid=uid))
        self.link("/proc/%d/exe" % pid, exe)
        if pss is not None:
            self.write("/proc/%d/smaps_rollup" % pid, "Rss: 20000 kB\nPss:  %d kB\n" % pss)
        if waits_in is not None:
            self.write("/proc/%d/wchan" % pid, waits_in)

    def run(self, argv, timeout=10.0, cut=0):
        self.commands.append(list(argv))
        return self.answer
