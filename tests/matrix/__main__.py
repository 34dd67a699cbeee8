# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep what the last runs of the named scenarios made of their faults, and write docs/platforms.md.

A scenario is one of molecule/; its reports lie in .lab/molecule-SCENARIO/. Without names the page alone is written, from what is kept.
"""

from __future__ import annotations

import sys

import _faults
import _images
import _podman
import yaml
from _commands import LabError
from _settings import HOME

from ansible_collections.webops.bad_gateway.tests.matrix import _page, _runs

#: Packages whose versions are kept, as dpkg-query matches them.
PACKAGES = ("nginx-light", "nginx", "php[0-9]*-fpm", "apache2", "python3", "systemd", "sysvinit-core", "openrc")
PACKAGES += ("firewalld", "ufw", "nftables", "iptables")


def installed(suite: str) -> dict[str, str]:
    """The versions of these packages in the image that hosts of a suite are booted from."""
    asked = ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES]
    shown = _podman.podman("run", "--rm", "--network", "none", _images.make_image(suite), *asked, check=False)
    rows = [line.split() for line in shown.stdout.splitlines()]
    return {row[0]: row[1] for row in rows if len(row) == 2}


def keep(scenario: str) -> None:
    config = yaml.safe_load((_runs.TOP / "molecule" / scenario / "molecule.yml").read_text(encoding="utf-8"))
    reports = _runs.reports_of(HOME / ("molecule-" + scenario) / "reports")
    if "check" not in reports:
        raise LabError("%s has left no reports: make molecule SCENARIO=%s" % (scenario, scenario))
    proxies = {name: topology.proxy for name, topology in _faults.topologies().items()}
    _runs.keep(scenario, installed(config["ansible"]["env"]["LAB_SUITE"]), _runs.met(reports, proxies))


def main() -> int:
    try:
        _podman.configure()
        for scenario in sys.argv[1:]:
            keep(scenario)
        _page.write()
    except LabError as error:
        print("matrix: %s" % error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
