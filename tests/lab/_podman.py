# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""podman with a configuration and a store of our own, apart from whatever else the machine runs in containers."""

import os

from _commands import Done, command
from _settings import HOME

CONTAINERS_CONF = HOME / "containers.conf"
STORAGE_CONF = HOME / "storage.conf"

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


def configure() -> None:
    """Write the two files that make a plain podman call work, unless they are there."""
    (HOME / "networks").mkdir(parents=True, exist_ok=True)
    for path, text in ((CONTAINERS_CONF, _CONTAINERS), (STORAGE_CONF, _STORAGE)):
        wanted = text.format(home=HOME)
        if not path.exists() or path.read_text() != wanted:
            path.write_text(wanted)


def environment() -> dict[str, str]:
    """The environment in which podman uses our own store."""
    return dict(os.environ, CONTAINERS_CONF=str(CONTAINERS_CONF), CONTAINERS_STORAGE_CONF=str(STORAGE_CONF))


def podman(*args: str, text: str = "", check: bool = True, timeout: float = 600) -> Done:
    """Run podman on our own store, in our own folder: what watches a container leaves files where it was started."""
    return command(["podman", *args], text=text, check=check, timeout=timeout, env=environment(), folder=HOME)
