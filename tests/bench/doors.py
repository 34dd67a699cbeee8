# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A diagnosis beside gathering facts, both over other ways to a host than ssh with pipelining."""

from __future__ import annotations

import os
import pathlib
import statistics
import subprocess
import sys

import plays
import yaml
from figures import RUNS, TOP, Row, in_words

LAB = TOP / ".lab"
PACKAGES, WANTED_PACKAGES = TOP / ".cache" / "mitogen", TOP / "tests" / "gates" / "locks" / "mitogen.txt"
PODMAN = (
    ("CONTAINERS_CONF", str(LAB / "containers.conf")),
    ("CONTAINERS_STORAGE_CONF", str(LAB / "storage.conf")),
)
MITOGEN = (
    ("PYTHONPATH", str(PACKAGES)),
    ("ANSIBLE_STRATEGY_PLUGINS", str(PACKAGES / "ansible_mitogen" / "plugins" / "strategy")),
    ("ANSIBLE_STRATEGY", "mitogen_linear"),
    ("ANSIBLE_HOST_KEY_CHECKING", "false"),
)
#: The role in a play that pins no strategy, as diagnose_502 does.
AS_ROLE = "tests/bench/diagnose_as_role.yml"


def jump(inventory: str) -> tuple[tuple[str, str], ...]:
    """The settings that reach a host by way of another one."""
    every = yaml.safe_load(pathlib.Path(inventory).read_text(encoding="utf-8"))["all"]
    known = {**every.get("vars", {}), **every["hosts"][plays.STOPPED]}
    ssh = "ssh %s -i %s -W [%%h]:%%p root@%s" % (
        known["ansible_ssh_common_args"],
        known["ansible_ssh_private_key_file"],
        known["ansible_host"],
    )
    return (("ANSIBLE_SSH_EXTRA_ARGS", "-o ProxyCommand='%s'" % ssh),)


def podman_flags() -> tuple[str, ...]:
    lab = os.environ.get("LAB_NAME", "lab")
    container = plays.WELL if lab == "lab" else "%s-%s" % (lab, plays.WELL)
    return ("-e", "ansible_connection=containers.podman.podman", "-e", "ansible_host=%s" % container)


def install_mitogen() -> None:
    if not PACKAGES.exists():
        pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*pip, "--target", str(PACKAGES), "-r", str(WANTED_PACKAGES)], check=True)


def doors(inventory: str) -> dict[str, dict[str, plays.Play]]:
    """Each way, with the plays that go it."""
    gathers, diagnoses = (plays.Play(play, (plays.WELL,)) for play in (plays.GATHER, plays.DIAGNOSE))
    pair = {"gathering facts": gathers, "diagnose_502": diagnoses}
    unpinned = {**pair, "diagnose_502": diagnoses._replace(play=AS_ROLE)}
    return {
        "ssh": pair,
        "ssh without pipelining": {
            name: play._replace(flags=("-e", "ansible_ssh_pipelining=false")) for name, play in pair.items()
        },
        "a jump host": {name: play._replace(env=jump(inventory)) for name, play in pair.items()},
        "podman's connection": {name: play._replace(flags=podman_flags(), env=PODMAN) for name, play in pair.items()},
        "Mitogen, in a play that pins no strategy": {
            name: play._replace(env=MITOGEN) for name, play in unpinned.items()
        },
    }


def measure(inventory: str) -> list[Row]:
    """Of each way the ratio; the two plays of a way take turns."""
    install_mitogen()
    rows = []
    for way, pair in doors(inventory).items():
        taken: dict[str, list[float]] = {}
        for name, play in pair.items():
            plays.timed(name, play, inventory, {})
        for _run in range(RUNS):
            for name, play in pair.items():
                plays.timed(name, play, inventory, taken)
        figures = " \u00f7 ".join(in_words(taken[name]) for name in ("diagnose_502", "gathering facts"))
        share = statistics.median(taken["diagnose_502"]) / statistics.median(taken["gathering facts"])
        rows.append(Row("diagnose_502 \u00f7 gathering facts, over %s" % way, figures, share))
    return rows
