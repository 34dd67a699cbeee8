# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a lab host: prints, as JSON, what a run could have changed there. Reads only. Its arguments are ADDRESS=NAME, each for a name to stand in an
address's place."""

import hashlib
import json
import os
import re
import subprocess
import sys

TREES = ("/etc", "/var/www", "/usr/share/nginx/html", "/var/lib/bad_gateway", "/usr/local")
COUNTERS = re.compile(r"\[\d+:\d+\]")
#: D-Bus starts it for whoever asks a firewalld of Debian 11 anything, a dry run too.
ON_DEMAND = ("polkit.service",)
#: Init scripts of services that go on running, where there is no systemd.
DAEMONS = re.compile(r"nginx|php|apache2|ssh|rsyslog|dnsmasq")
NAMES = dict(word.split("=", 1) for word in sys.argv[1:])


def named(text):
    """A text with names for the addresses in it."""
    for address, name in NAMES.items():
        text = re.sub(r"\b%s\b" % re.escape(address), name, text)
    return text


def run(*argv):
    """Exit code and output of a command; None and nothing of one that is not there."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            universal_newlines=True,
            check=False,
        )
        return done.returncode, done.stdout
    except OSError:
        return None, ""


def output(*argv):
    return run(*argv)[1]


def entry(path):
    """Mode, owner and content of one file, folder or link in one line."""
    status = os.lstat(path)
    if os.path.islink(path):
        content = "-> " + os.readlink(path)
    elif os.path.isfile(path):
        with open(path, "rb") as stream:
            text = named(stream.read().decode("latin-1"))
        content = hashlib.sha256(text.encode("latin-1")).hexdigest()[:16]
    else:
        content = ""
    return "%o %d:%d %s" % (status.st_mode, status.st_uid, status.st_gid, content)


def files():
    found = {}
    for tree in TREES:
        for folder, folders, names in os.walk(tree):
            for name in folders + names:
                path = os.path.join(folder, name)
                found[path] = entry(path)
    return found


def units():
    """State and main process of each service and socket unit that is loaded, and whether it is enabled."""
    return units_of_systemd() if os.path.isdir("/run/systemd/system") else units_of_scripts()


def units_of_scripts():
    """Whether each daemon with an init script runs, as its script says, and its oldest process. What starts at boot are links in /etc."""
    found = {}
    for name in sorted(os.listdir("/etc/init.d")):
        daemon = DAEMONS.search(name)
        if daemon:
            status, _said = run("service", name, "status")
            found[name] = "status=%s oldest=%s" % (status, output("pgrep", "-o", "-f", daemon.group(0)).strip())
    return found


def units_of_systemd():
    listing = output("systemctl", "list-units", "--all", "--plain", "--no-legend", "--type=service,socket")
    names = [line.split()[0] for line in listing.splitlines() if line.split()]
    shown = output("systemctl", "show", "-p", "Id,ActiveState,SubState,MainPID,UnitFileState", *names)
    found = {}
    for block in shown.split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if values and values["Id"] not in ON_DEMAND:
            found[values.pop("Id")] = " ".join("%s=%s" % item for item in sorted(values.items()))
    return found


def rules():
    texts = {
        "nft": output("nft", "--stateless", "list", "ruleset"),
        "iptables": output("iptables-save"),
        "ip6tables": output("ip6tables-save"),
    }
    return {
        name: [COUNTERS.sub("", named(line)) for line in text.splitlines() if not line.startswith("#")]
        for name, text in texts.items()
    }


def nginx_processes():
    return sorted(output("pgrep", "-x", "nginx").split(), key=int)


print(
    json.dumps(
        {"files": files(), "units": units(), "rules": rules(), "nginx_processes": nginx_processes()},
        indent=1,
        sort_keys=True,
    )
)
