# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible on a lab host itself: what is pure Python of this checkout's own, for the Python of the host."""

from __future__ import annotations

import functools
import io
import pathlib
import tarfile

import _collection
import _hosts
import _podman
import ansible
from _commands import command

HOST = "php-fpm-stopped-web"
PACKAGES = ("ansible", "jinja2", "markupsafe", "packaging", "resolvelib", "yaml")
COLLECTION = ("plugins/", "roles/", "playbooks/", "meta/", "galaxy.yml")
WRAPPER = b"""#!/bin/sh
PYTHONPATH=/opt/ansible ANSIBLE_COLLECTIONS_PATH=/opt/collections LC_ALL=C.UTF-8 COLUMNS=80 NO_COLOR=1
export PYTHONPATH ANSIBLE_COLLECTIONS_PATH LC_ALL COLUMNS NO_COLOR
exec python3 -m ansible.cli.playbook "$@"
"""


def words(line: str) -> list[str]:
    """The command that runs a line on the host, which gets Ansible before the first one."""
    install()
    return ["podman", "exec", _hosts.container(HOST), "bash", "-c", line]


@functools.lru_cache(maxsize=None)
def install() -> None:
    packages = pathlib.Path(ansible.__file__).parents[1]
    top = "opt/collections/ansible_collections/%s/%s/" % (_collection.NAMESPACE, _collection.NAME)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in PACKAGES:
            archive.add(packages / name, "opt/ansible/" + name, filter=no_caches)
        for about in packages.glob("*.dist-info/METADATA"):
            archive.add(about, "opt/ansible/%s/METADATA" % about.parent.name)
        for name in _collection.files():
            if name.startswith(COLLECTION):
                archive.add(_collection.TOP / name, top + name)
        wrapper = tarfile.TarInfo("usr/local/bin/ansible-playbook")
        wrapper.mode, wrapper.size = 0o755, len(WRAPPER)
        archive.addfile(wrapper, io.BytesIO(WRAPPER))
    path = pathlib.Path(_podman.HOME, "ansible-for-a-host.tar")
    path.write_bytes(packed.getvalue())
    command(["podman", "cp", str(path), _hosts.container(HOST) + ":/root/ansible.tar"], env=_podman.environment())
    _hosts.run_in(HOST, "tar -xf /root/ansible.tar -C / && rm /root/ansible.tar")
    path.unlink()


def no_caches(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if entry.name.endswith(("__pycache__", ".so")) else entry
