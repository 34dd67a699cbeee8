# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in a folder with logs, and the lines that nginx and PHP-FPM write to them."""

import os
import time

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host, Ran

NOW = float(int(time.time()))
ERROR_LOG = "/var/log/nginx/error.log"


class LogHost(Host):
    """A folder for a root, and canned answers of commands by their first words."""

    def __init__(self, root, answers=()):
        super().__init__(str(root))
        self.answers = dict(answers)
        self.asked = []

    def run(self, argv, timeout=10.0, cut=0):
        self.asked.append(list(argv))
        kind = argv[0] + (" -k" if "-k" in argv else " -u" if "-u" in argv else "")
        return self.answers.get(kind, Ran(None, "", "", "%s: No such file or directory" % argv[0]))

    def write(self, path, text, written=NOW + 450):
        """Add to a log. written: when its last line was, as the file system has it; without, its lines tell nothing of another zone."""
        target = self.path(path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "ab") as stream:
            stream.write(text if isinstance(text, bytes) else text.encode())
        os.utime(target, (written, written))
        return target


def refused(ago=60.0, path="/", upstream="http://10.0.0.2:3000", pid=71, server="a.example", level="error"):
    when = time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(NOW - ago))
    return (
        "%s [%s] %d#%d: *5 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, server: %s, "
        'request: "GET %s HTTP/1.1", upstream: "%s%s", host: "a.example"\n'
        % (when, level, pid, pid, server, path, upstream, path)
    )


def fpm(text, ago=60.0):
    return time.strftime("[%d-%b-%Y %H:%M:%S] ", time.localtime(NOW - ago)) + text + "\n"
