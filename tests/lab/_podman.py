# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""podman with a configuration and a store of our own, apart from whatever else the machine runs in containers."""

import os
import subprocess

from _settings import HOME

CONTAINERS_CONF = HOME / "containers.conf"
STORAGE_CONF = HOME / "storage.conf"
NOISE = "failed to connect to syslog"

_CONTAINERS = """\
[containers]
cgroupns = "private"
default_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]
default_capabilities = ["AUDIT_WRITE","CHOWN","DAC_OVERRIDE","FOWNER","FSETID","KILL","MKNOD","NET_ADMIN","NET_BIND_SERVICE","NET_RAW",
  "SETFCAP","SETGID","SETPCAP","SETUID","SYS_ADMIN","SYS_CHROOT","SYS_PTRACE"]
pids_limit = 0
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "{home}/networks"
"""

_STORAGE = """\
[storage]
driver = "overlay"
runroot = "{home}/run"
graphroot = "{home}/graph"
"""


class LabError(Exception):
    """Something that the one who called the lab can act upon."""


def configure() -> None:
    """Write the two files that make a plain podman call work, unless they are there."""
    (HOME / "networks").mkdir(parents=True, exist_ok=True)
    for path, text in ((CONTAINERS_CONF, _CONTAINERS), (STORAGE_CONF, _STORAGE)):
        wanted = text.format(home=HOME)
        if not path.exists() or path.read_text() != wanted:
            path.write_text(wanted)


def podman(*args: str, text: str | None = None, check: bool = True, timeout: float = 600) -> subprocess.CompletedProcess[str]:
    """Run podman; a failure tells the command and podman's own words."""
    env = dict(os.environ, CONTAINERS_CONF=str(CONTAINERS_CONF), CONTAINERS_STORAGE_CONF=str(STORAGE_CONF))
    try:
        done = subprocess.run(["podman", *args], input=text, stdin=None if text else subprocess.DEVNULL, capture_output=True, text=True, env=env, timeout=timeout)
    except FileNotFoundError:
        raise LabError("podman is not installed; tests/lab/packages.txt lists what the lab needs") from None
    except subprocess.TimeoutExpired:
        raise LabError("podman %s: no end after %g seconds" % (" ".join(args[:3]), timeout)) from None
    if check and done.returncode != 0:
        words = "\n".join(line for line in (done.stdout + done.stderr).splitlines() if NOISE not in line)
        raise LabError("podman %s ended with %d:\n%s" % (" ".join(args[:3]), done.returncode, words[-3000:]))
    return done
