# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Mac with Homebrew in a folder, which answers as recordings of Macs have it (recordings/macos/README.md)."""

import os
import shutil

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Ran
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recordings", "macos")
#: The first account that is made on a Mac; _www.
OWNER, WWW = 501, 70
MASTER = "nginx: master process %s/opt/nginx/bin/nginx -g daemon off; XPC_FLAGS=1 ptr_munge="
#: Names of ports that a row without -P has.
PORTS = {"commplex-main": "5000"}


def recorded(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as stream:
        return stream.read()


def without_netlink(monkeypatch):
    """As on a Mac, where Python's socket has no AF_NETLINK."""

    def dump(*asked):
        if asked:
            raise AttributeError("module 'socket' has no attribute 'AF_NETLINK'")
        yield  # a generator, as the real one

    monkeypatch.setattr(netlink, "dump", dump)


class MacHost(FakeHost):
    """prefix: Homebrew's. rows: of lsof's table, what listens. jobs: state, pid and last exit code of what launchd has loaded, by its target."""

    is_darwin = True

    def __init__(self, root, prefix="/opt/homebrew"):
        super().__init__(root, {"sw_vers": recorded("sw_vers.txt").split("ProductVersion:\t")[1].split("\n")[0] + "\n"})
        shutil.rmtree(self.path("/proc"))
        self.prefix = prefix
        self.rows, self.jobs, self.disabled, self.processes = [], {}, [], []
        self.nginx_test = Ran(0, "", "nginx: configuration file test is successful\n", None)
        self.fpm_test = Ran(0, "", "NOTICE: configuration file test is successful\n", None)
        self.console = OWNER
        self.answers["ifconfig"] = recorded("ifconfig.txt")
        self.answers["sysctl -n kern.boottime"] = "{ sec = 1745390000, usec = 482000 } Wed Apr 23 08:33:20 2025\n"
        self.write(
            "/etc/passwd",
            "nobody:*:-2:-2::/var/empty:/usr/bin/false\nroot:*:0:0::/var/root:/bin/sh\n_www:*:70:70::/:/x\n",
        )
        self.write("/etc/group", "nobody:*:-2:\nwheel:*:0:root\n_www:*:70:\n")
        self.write("/dev/console", "")
        self.write("/Users/mike/.zshrc", "")
        os.makedirs(self.path(prefix + "/Cellar"))

    def stat(self, path):
        found = super().stat(path)
        theirs = self.console if path == "/dev/console" else OWNER if path.startswith((self.prefix, "/Users/")) else 0
        return os.stat_result(
            [0o100755 if os.path.isfile(self.path(path)) else 0o40755, *found[1:4], theirs, *found[5:]]
        )

    def install_nginx(self, config, version="1.25.4"):
        binary = "%s/Cellar/nginx/%s/bin/nginx" % (self.prefix, version)
        self.program(binary)
        self.link(self.prefix + "/opt/nginx", "%s/Cellar/nginx/%s" % (self.root + self.prefix, version))
        self.link(self.prefix + "/bin/nginx", self.path(binary))
        self.write(self.prefix + "/etc/nginx/nginx.conf", config)

    def install_php(self, formula="php", version="8.3.12", listen="127.0.0.1:9000", label="homebrew.mxcl", handed=True):
        """A PHP-FPM as its bottle lays it, and the file of its service: in the keg, and where brew services start has put it."""
        short = ".".join(version.split(".")[:2])
        keg, etc = "%s/Cellar/%s/%s" % (self.prefix, formula, version), "%s/etc/php/%s" % (self.prefix, short)
        self.program(keg + "/sbin/php-fpm")
        self.link("%s/opt/%s" % (self.prefix, formula), self.root + keg)
        self.write(etc + "/php-fpm.conf", "[global]\ninclude=%s/php-fpm.d/*.conf\n" % etc)
        self.write(
            etc + "/php-fpm.d/www.conf", "[www]\nuser = _www\ngroup = _www\nlisten = %s\npm = dynamic\n" % listen
        )
        name = "%s.%s" % (label, formula)
        plist = recorded("php.plist").replace("LABEL", name).replace("PREFIX", self.prefix).replace("FORMULA", formula)
        self.write("%s/%s.plist" % (keg, name), plist)
        if handed:
            self.write("/Users/mike/Library/LaunchAgents/%s.plist" % name, plist)
        return "gui/%d/%s" % (OWNER, name)

    def settle(self):
        """Let all that was written be older than what runs."""
        for folder, _folders, names in os.walk(self.root):
            for name in [".", *names]:
                os.utime(os.path.join(folder, name), (1700000000, 1700000000), follow_symlinks=False)

    def process(self, pid, title, parent=1, uid=OWNER, rss=3648):
        self.processes.append(
            "%5d %5d %5d %5d %6d S    Wed Apr 23 10:00:%02d 2025     %s" % (pid, parent, uid, 20, rss, pid % 60, title)
        )

    def run_nginx(self, pid=764, uid=OWNER, worker=None):
        self.process(pid, MASTER % self.prefix, uid=uid)
        self.process(pid + 1, "nginx: worker process  ", parent=pid, uid=worker or uid, rss=512)

    def run_php(self, target, version, pid=1137):
        self.process(pid, "php-fpm: master process (%s/etc/php/%s/php-fpm.conf)  " % (self.prefix, version))
        self.process(pid + 1, "php-fpm: pool www  ", parent=pid)
        self.jobs[target] = ("running", pid, None)

    def listens(self, text, pid=None):
        """Rows of lsof's table; pid: that of our own process table instead of the recorded one."""
        for row in text.splitlines():
            words = row.split()
            self.rows.append(
                [words[0], str(pid or words[1]), words[4], words[-2] if words[-1] == "(LISTEN)" else words[-1]]
            )

    def run(self, argv, timeout=10.0, cut=0):
        known = {"ps": self._ps, "lsof": self._lsof, "launchctl": self._launchctl}.get(argv[0])
        if known:
            self.commands.append(list(argv))
            return known(argv)
        program = next((os.path.basename(word) for word in argv if word.startswith("/")), "")
        if program in ("nginx", "php-fpm"):
            self.commands.append(list(argv))
            if "-V" in argv:
                return Ran(0, "", recorded("nginx_V.txt").replace("/opt/homebrew", self.prefix), None)
            return self.nginx_test if program == "nginx" else self.fpm_test
        return super().run(argv, timeout, cut)

    def _ps(self, _argv):
        return Ran(0, "\n".join(self.processes) + "\n", "", None)

    def _lsof(self, argv):
        lines = []
        for command, pid, family, name in self.rows:
            if (family == "unix") is ("-U" in argv):
                place, colon, port = name.rpartition(":")
                lines += ["p" + pid, "c" + command.replace(" ", "\\x20"), "f8", "t" + family]
                lines += ["PTCP"] if colon else []
                lines.append("n" + place + colon + PORTS.get(port, port))
        return Ran(0 if lines else 1, "".join(line + "\n" for line in lines), "", None)

    def _launchctl(self, argv):
        if argv[1] == "print-disabled":
            names = "".join('\t\t"%s" => disabled\n' % name for name in self.disabled)
            return Ran(0, "\n\tdisabled services = {\n%s\t}\n" % names, "", None)
        if argv[2] not in self.jobs:
            return Ran(
                113, "", 'Bad request.\nCould not find service "%s" in domain for user gui: 501\n' % argv[2], None
            )
        state, pid, code = self.jobs[argv[2]]
        text = recorded("launchctl_print_running.txt").replace("state = running", "state = " + state)
        text = text.replace("\tpid = 1486\n", "\tpid = %d\n" % pid if pid else "")
        return Ran(
            0,
            text.replace("last exit code = 0", "last exit code = %s" % ("(never exited)" if code is None else code)),
            "",
            None,
        )
