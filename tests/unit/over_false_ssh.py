# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays of the collection's roles on hosts that a program in ssh's place answers for."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import ansible_collections

#: A task of a play that makes the steps of __diagnose_judgement.
CURE = """
    - include_role:
        name: webops.bad_gateway.fix_502
        tasks_from: cure.yml
        rolespec_validate: false
      vars:
        fix_502_log_window: 60
        fix_502_urls: []
        fix_502_ask_logged: false
        fix_502_allow: []
        fix_502_backend_services: {}
        fix_502_max_cures: 3
        fix_502_watch: 0
        fix_502_rounds: 0
"""


def played(folder: pathlib.Path, ssh: str, play: str, variables, hosts) -> str:
    """What a play showed, which ended well. ssh: text of the program; variables: of all hosts; hosts: by name, with variables of their own."""
    files = {name: folder / name for name in ("ssh", "play.yml", "inventory.json")}
    files["ssh"].write_text(ssh)
    files["ssh"].chmod(0o755)
    files["play.yml"].write_text(play)
    connection = {
        "ansible_connection": "ssh",
        "ansible_ssh_executable": str(files["ssh"]),
        "ansible_ssh_pipelining": True,
        "ansible_python_interpreter": sys.executable,
    }
    inventory = {"all": {"hosts": hosts, "vars": {**variables, **connection}}}
    files["inventory.json"].write_text(json.dumps(inventory))
    paths = os.pathsep.join(str(pathlib.Path(path).parent) for path in ansible_collections.__path__)
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": paths, "ANSIBLE_HOME": str(folder / "home")}
    command = [sys.executable, "-m", "ansible", "playbook", "-i", str(files["inventory.json"]), str(files["play.yml"])]
    done = subprocess.run(
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
