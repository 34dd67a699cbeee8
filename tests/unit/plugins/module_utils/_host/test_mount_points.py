# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""File systems of /etc/fstab that are not mounted."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import Place
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.mount_points import (
    FSTAB,
    MOUNTS,
    unmounted_above,
    with_mounts,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.start_problem import Lack, missing, problem
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


@pytest.fixture(name="host")
def _host(tmp_path):
    made = FakeHost(tmp_path)
    made.write(
        FSTAB,
        "# nfs:/old /srv/old nfs4 x 0 0\n/dev/sda1 / ext4 x 0 1\nnfs:/data /srv/data/ nfs4 nofail 0 0\n/x /srv/there ext4 x 0 0\n",
    )
    made.write(MOUNTS, "/dev/sda1 / ext4 rw 0 0\n/x /srv/there ext4 rw 0 0\n")
    return made


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/srv/data/shop", ("/srv/data", 3)),
        ("/srv/data", ("/srv/data", 3)),
        ("/srv/database", None),
        ("/srv/there/shop", None),
        ("/srv/old/shop", None),
    ],
)
def test_what_a_path_lies_on(host, path, found):
    assert unmounted_above(host, path) == found


def test_no_table_of_mounts_says_nothing(tmp_path):
    host = FakeHost(tmp_path)
    host.write(FSTAB, "nfs:/data /srv/data nfs4 x 0 0\n")
    assert unmounted_above(host, "/srv/data/shop") is None


def test_a_folder_there_is_mounted_and_not_made(host):
    lacks = [Lack("there is no folder %s" % path, missing("folder", path)) for path in ("/srv/data/shop", "/opt/shop")]
    made = [problem(Place("/u", 1), "WorkingDirectory", one, 200, ["install", "-d", "x"]) for one in lacks]
    first, second = with_mounts(host, [*made, problem(Place("/u", 2), "User", "there is no user x")])[:2]
    assert first["problem"] == "there is no folder /srv/data/shop: /srv/data (/etc/fstab:3) is not mounted"
    assert (first["command"], first["missing"]) == ("mount /srv/data", missing("mount", "/srv/data"))
    assert (second["problem"], second["command"]) == ("there is no folder /opt/shop", "install -d x")
