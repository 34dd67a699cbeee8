# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults as data: faults/NAME.yml says how a topology is broken, what its URL then answers, and what a run must make of it.

Shell text of faults and topologies runs after the files of BEFORE, which say what it may use.
"""

from pathlib import Path
from typing import Any, NamedTuple

import yaml
from _commands import LabError
from _settings import HERE

#: What comes before shell text.
BEFORE = ("prelude.sh", "panels.sh", "containers.sh", "docker.sh", "podman.sh")


class Step(NamedTuple):
    """Shell text, and the role (web, app) of the host that it is run on."""

    role: str
    text: str


class Fault(NamedTuple):
    """One file of faults/. status_before and expect are read by tests, the rest by the lab."""

    name: str
    title: str
    cause: str | None
    topology: str
    steps: tuple[Step, ...]
    url: str
    host_header: str | None
    status_before: int
    expect: dict[str, Any]
    podman_args: tuple[str, ...]
    packages: dict[str, list[str]]

    @property
    def stem(self) -> str:
        return self.name.replace("_", "-")


def shell_text(addresses: dict[str, str], text: str) -> str:
    """Shell text as a host gets it: WEB and APP are the addresses of the hosts."""
    variables = "".join("%s=%s\n" % (role.upper(), address) for role, address in addresses.items())
    return variables + "".join((HERE / name).read_text(encoding="utf-8") for name in BEFORE) + text


class Topology(NamedTuple):
    proxy: str
    hosts: dict[str, str]


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def topologies() -> dict[str, Topology]:
    return {name: Topology(entry["proxy"], entry["hosts"]) for name, entry in _yaml(HERE / "topologies.yml").items()}


def _fault(path: Path) -> Fault:
    entry = _yaml(path)
    steps = tuple(Step(role, text) for step in entry["break"] for role, text in step.items())
    return Fault(
        name=path.stem,
        title=entry["title"],
        cause=entry["cause"],
        topology=entry["topology"],
        steps=steps,
        url=entry["url"],
        host_header=entry.get("host_header"),
        status_before=entry["status_before"],
        expect=entry["expect"],
        podman_args=tuple(entry.get("podman_args", ())),
        packages=entry.get("packages", {}),
    )


def faults() -> dict[str, Fault]:
    """Every fault by name."""
    return {path.stem: _fault(path) for path in sorted((HERE / "faults").glob("*.yml"))}


def chosen(names: list[str]) -> list[Fault]:
    """The faults that set names and fault names stand for, each once, in their order."""
    known = faults()
    sets = _yaml(HERE / "sets.yml")
    light = [name for name, fault in known.items() if not fault.packages]
    heavy = [name for name, fault in known.items() if fault.packages]
    sets.update(all=light, others=[name for name in light if name not in sets["everyday"]], packages=heavy)
    wanted: dict[str, Fault] = {}
    for name in names:
        for fault in sets.get(name, [name]):
            if fault not in known:
                raise LabError("no fault or set is called %s; there are: %s" % (fault, ", ".join([*sets, *known])))
            wanted[fault] = known[fault]
    return list(wanted.values())
