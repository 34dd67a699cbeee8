# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of systemd that undo what is open when the host boots: its files before the daemons start, the rest when they have.

They stand in /etc only while a run has the host. Private to this collection: it may change in any release.
"""

import contextlib
import os
import sys

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.durable import (
    remove_file,
    sync_folder,
    write_file,
)

UNITS = "/etc/systemd/system"
EARLY = "bad_gateway-boot-files.service"
LATE = "bad_gateway-boot.service"
RELOAD_TIMEOUT = 60.0

EARLY_UNIT = """# Made by a run of webops.bad_gateway, which removes it when it ends.
[Unit]
Description=Put back files that were being changed when the power went
DefaultDependencies=no
RequiresMountsFor=/var/lib/bad_gateway /etc
After=local-fs.target
Before=sysinit.target
Conflicts=shutdown.target
Before=shutdown.target

[Service]
Type=oneshot
ExecStart={python} -E -s -B {program} --boot files
"""
LATE_UNIT = """# Made by a run of webops.bad_gateway, which removes it when it ends.
[Unit]
Description=Undo changes that were being made when the power went
DefaultDependencies=no
After=multi-user.target
Conflicts=shutdown.target
Before=shutdown.target

[Service]
Type=oneshot
ExecStart={python} -E -s -B {program} --boot all
"""
WANTED_BY = {EARLY: "sysinit.target.wants", LATE: "multi-user.target.wants"}


def python() -> str:
    """The path of the Python that runs this."""
    return os.path.realpath(sys.executable or "/usr/bin/python3")


def _lay(host: Host, program: str) -> None:
    for name, template in ((EARLY, EARLY_UNIT), (LATE, LATE_UNIT)):
        text = template.format(python=python(), program=program)
        if host.read("%s/%s" % (UNITS, name)) != text:
            write_file(host.path("%s/%s" % (UNITS, name)), text.encode("utf-8"), 0o644)
        wants = host.path("%s/%s" % (UNITS, WANTED_BY[name]))
        if not os.path.isdir(wants):
            os.mkdir(wants, 0o755)
        link = os.path.join(wants, name)
        if not os.path.islink(link):
            os.symlink("../" + name, link)
            sync_folder(wants)


def lay_boot_units(host: Host, program: str) -> bool:
    """Have a host that boots before the run ends undo what is open. Returns whether it will (not with a read-only /etc)."""
    if service_manager.in_charge(host) != service_manager.SYSTEMD:
        return False
    try:
        _lay(host, program)
    except OSError:
        return False
    return True


def remove_boot_units(host: Host) -> None:
    """Remove the units, and the folder of links if it is empty; have systemd forget them, if a reload meanwhile has made it read them."""
    for name, wants in WANTED_BY.items():
        folder = host.path("%s/%s" % (UNITS, wants))
        if os.path.isdir(folder):
            remove_file(os.path.join(folder, name))
            with contextlib.suppress(OSError):
                os.rmdir(folder)
        if os.path.isdir(host.path(UNITS)):
            remove_file(host.path("%s/%s" % (UNITS, name)))
    if (
        service_manager.in_charge(host) == service_manager.SYSTEMD
        and "LoadState=loaded" in host.run(["systemctl", "show", "--property=LoadState", EARLY, LATE]).out
    ):
        host.run(service_manager.DAEMON_RELOAD, timeout=RELOAD_TIMEOUT)
