# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways of a controller to its hosts: which ansible-core, with pipelining or without, how it becomes root there, which Python it meets."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import _hosts
import _inventory
import _machine
from _commands import command
from _hosts import Place
from _podman import podman
from _settings import HOME

#: What is broken, of each place: PHP-FPM stopped before a header that is too big; a firewall that rejects. A start, an edit with a reload, an opening.
FAULTS = ("stacked_pool_and_header", "firewall_reject")
DOORS = ("sudo", "doas", "su")

USER, ROOTS_PASSWORD = "ops", "lab only"  # of hosts that no network leads to
_BECOME: dict[str, dict[str, Any]] = {
    "sudo": {"ansible_become_method": "ansible.builtin.sudo"},
    "doas": {"ansible_become_method": "community.general.doas"},
    "su": {"ansible_become_method": "ansible.builtin.su", "ansible_become_password": ROOTS_PASSWORD},
}
#: A user who may become root by each door.
_USER = """
useradd --create-home --shell /bin/bash {user}
install -d -m 0700 -o {user} /home/{user}/.ssh
install -m 0600 -o {user} /root/.ssh/authorized_keys /home/{user}/.ssh/authorized_keys
echo '{user} ALL=(root) NOPASSWD: ALL' >/etc/sudoers.d/{user}
dpkg -i /root/doas.deb >/dev/null
echo 'permit nopass {user} as root' >/etc/doas.conf
echo 'root:{password}' | chpasswd
"""
#: Of a Python, what a look does not need.
_LEFT_OUT = ("test", "site-packages", "__pycache__", "*.a", "idlelib", "ensurepip", "include", "share")


class Way(NamedTuple):
    """doors: how the hosts of each place are entered, in the order of FAULTS; none: by ssh as root. python: of the hosts; none: their own."""

    core: str
    pipelining: bool = True
    doors: tuple[str, ...] = ()
    python: str = ""

    def __str__(self) -> str:
        words = ["core %s" % self.core, "pipelining" if self.pipelining else "no-pipelining", *self.doors, self.python]
        return " ".join(word for word in words if word)


#: Each fault is met by each door of each core. The hosts of a run have different doors, so that one core enters by several at once.
_DOORS = tuple(
    Way(core, pipelining, (door, DOORS[(number + 1) % len(DOORS)]))
    for core in _machine.CORES
    for pipelining in (True, False)
    for number, door in enumerate(DOORS)
)
#: Each Python is met by the newest core that still goes there.
_OLD = {"3.6": "2.16", "3.7": "2.17", "3.8": "2.19"}
_PYTHONS = tuple(Way(_OLD.get(python, list(_machine.CORES)[-1]), python=python) for python in _machine.targets())
WAYS = (*_DOORS, *_PYTHONS)


def prepare(places: list[Place]) -> None:
    """Add the user to hosts that have just been booted."""
    package = HOME / "images" / "doas.deb"
    if not package.exists():
        package.parent.mkdir(parents=True, exist_ok=True)
        command(["apt-get", "download", "-q", "opendoas"], folder=package.parent)
        next(package.parent.glob("opendoas_*.deb")).rename(package)
    for place in places:
        for host in place.names():
            podman("cp", str(package), "%s:/root/doas.deb" % _hosts.container(host))
            _hosts.run_in(host, _USER.format(user=USER, password=ROOTS_PASSWORD))


def inventory(way: Way, places: list[Place]) -> dict[str, Any]:
    """The hosts of the places, which are in the order of FAULTS, as this way enters them."""
    shared = {**_inventory.VARS, "ansible_ssh_pipelining": way.pipelining}
    if way.python:
        shared["ansible_python_interpreter"] = _program(way.python)
    hosts = {}
    for number, place in enumerate(places):
        entered = {"ansible_user": USER, "ansible_become": True, **_BECOME[way.doors[number]]} if way.doors else {}
        for role, address in place.addresses.items():
            hosts[place.host(role)] = {"ansible_host": address, **entered}
    return {"all": {"hosts": hosts, "vars": shared}}


def lay_python(version: str, places: list[Place]) -> None:
    """Copy a Python of this machine to hosts that have none in that place. Those of Debian 12 run what Debian 12 has built."""
    program = _program(version)
    tar = HOME / "images" / ("python-%s.tar" % version)
    if not tar.exists():
        left_out = ["--exclude=%s" % name for name in _LEFT_OUT]
        command(["tar", "-C", "/", *left_out, "-cf", str(tar), str(Path(program).parents[1]).lstrip("/")])
    for place in places:
        for host in place.names():
            if _hosts.run_in(host, "test -x " + program, check=False).returncode:
                podman("cp", str(tar), "%s:/root/python.tar" % _hosts.container(host))
                _hosts.run_in(host, "tar -C / -xf /root/python.tar && rm /root/python.tar")
            _hosts.run_in(host, program + " -c 'import json, bz2, ssl'")


def _program(version: str) -> str:
    """Where a Python lies, here and then on the hosts."""
    found = _machine.interpreter(version)
    if not found:
        raise _machine.Missing("no Python %s on this machine" % version)
    return str(Path(found).resolve())
