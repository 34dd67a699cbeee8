# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the lab lives and what its things are called. Two labs on one machine differ in LAB_NAME."""

import ipaddress
import os
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
HOME = HERE.parents[1] / ".lab"

NAME = os.environ.get("LAB_NAME", "lab")
SUBNETS = ipaddress.ip_network(os.environ.get("LAB_SUBNETS", "10.89.0.0/16"))
NETWORK = "bad-gateway-" + NAME
LABEL = "webops.bad_gateway.lab=" + NAME
PREFIX = 22
HOST_BYTES = range(11, 250)  # the last byte of a host's address: faults take others for hosts that are not there

STATE_DIR = HOME if NAME == "lab" else HOME / NAME
STATE = STATE_DIR / "state.json"
INVENTORY = STATE_DIR / "inventory.yml"
KEY = HOME / "id_ed25519"


class Suite(NamedTuple):
    """What hosts are made of: a release of Debian, the layout that its programs have there (image/setup.LAYOUT.sh), and what starts their services."""

    release: str
    layout: str = "debian"
    init: str = "systemd"

    @property
    def base(self) -> str:
        """The name of the packages that they have in common with others."""
        return self.release if self.init == "systemd" else "%s-%s" % (self.release, self.init)


SUITES = {
    "bookworm": Suite("bookworm"),
    "trixie": Suite("trixie"),
    "bullseye": Suite("bullseye"),
    "redhat": Suite("bookworm", "redhat"),
    "sysvinit": Suite("bookworm", init="sysvinit"),
    "openrc": Suite("bookworm", init="openrc"),
}
DEFAULT_SUITE = "bookworm"
