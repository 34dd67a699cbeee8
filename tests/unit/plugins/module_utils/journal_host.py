# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that is a folder: it boots, loses its power at a chosen moment, and notes the commands that it is asked to run."""

import itertools
import os

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.journal import Journal

# Everything by which the journal changes a disk. A power cut comes just before one of these.
WRITES = (
    "mkdir",
    "write",
    "fsync",
    "rename",
    "unlink",
    "rmdir",
    "symlink",
    "chown",
    "fchmod",
    "chmod",
    "utime",
    "setxattr",
    "removexattr",
)


class PowerCut(BaseException):
    """Nothing is run any more: not an Exception, as no program could handle it."""


class Power:
    """Cuts the power before the nth write; from then on no write succeeds, not even in a finally."""

    def __init__(self, monkeypatch, cut_at=None):
        self.writes = 0
        self.cut_at = cut_at
        for name in WRITES:
            # A test needs no disk: what is synced is only counted.
            monkeypatch.setattr(
                os, name, self._metered(getattr(os, name) if name != "fsync" else lambda descriptor: None)
            )

    def _metered(self, write):
        def metered(*args, **kwargs):
            self.writes += 1
            if self.cut_at is not None and self.writes >= self.cut_at:
                raise PowerCut(self.writes)
            return write(*args, **kwargs)

        return metered


class FolderHost:
    """A folder that stands for a host."""

    def __init__(self, folder):
        self.root = str(folder)
        self.boots = itertools.count(1)
        self.commands = []
        self.refuse = {}  # command line → what it says when it fails
        self.active = {}  # unit → does it run
        for name in ("etc/nginx/conf.d", "proc/sys/kernel/random", "proc/1", "var/lib"):
            os.makedirs(os.path.join(self.root, name))
        self.boot()

    def boot(self):
        self.write("/proc/sys/kernel/random/boot_id", "boot-%d\n" % next(self.boots))

    def path(self, path):
        return os.path.join(self.root, path.lstrip("/"))

    def write(self, path, text, mode=0o644):
        with open(self.path(path), "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(self.path(path), mode)

    def read(self, path):
        with open(self.path(path), encoding="utf-8") as stream:
            return stream.read()

    def start_sysvinit(self):
        """Have sysvinit in charge, so that units can be asked after, started and stopped."""
        for path in ("/usr/sbin/service", "/etc/init.d/php-fpm"):
            os.makedirs(os.path.dirname(self.path(path)))
            self.write(path, "", 0o755)

    def run(self, argv):
        """Note a command instead of running it; units start and stop."""
        line = " ".join(argv)
        if argv[0] == "service":
            unit, verb = argv[1:]
            if verb == "status":
                return (0 if self.active.get(unit) else 3), ""
            self.active[unit] = verb == "start"
        self.commands.append(line)
        return (1, self.refuse[line]) if line in self.refuse else (0, "")

    def journal(self):
        return Journal(Host(self.root), run=self.run)

    def snapshot(self, folder="/etc"):
        """Everything below a folder: kind, mode, owner, time, content."""
        seen = {}
        for where, folders, files in os.walk(self.path(folder)):
            for name in folders + files:
                full = os.path.join(where, name)
                status = os.lstat(full)
                content = None
                if os.path.islink(full):
                    content = os.readlink(full)
                elif name in files:
                    with open(full, "rb") as stream:
                        content = stream.read()
                time = None if name in folders else status.st_mtime_ns
                seen[os.path.relpath(full, self.root)] = (status.st_mode, status.st_uid, status.st_gid, time, content)
        return seen

    def leftovers(self):
        """Names that only an interrupted write can have left."""
        found = []
        for where, folders, files in os.walk(self.root):
            found += [
                os.path.join(where, name)
                for name in folders + files
                if name.startswith((".new-", ".gone-", ".bad_gateway-")) or name.endswith(".new")
            ]
        return found
