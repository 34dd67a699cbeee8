# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What listens in a container's network, and which of its sockets the host has as well."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.inside_listeners import inside_listeners
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

TCP = "  sl  local_address rem_address st\n   0: {}:2328 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 77 1\n"
UNIX = "Num RefCount Protocol Flags Type St Inode Path\n"
LISTENS = "0000000000000000: 00000002 00000000 00010000 0001 01 {} {}\n"
OURS = "20 1 0:50 / / rw - overlay overlay rw\n21 20 8:2 / /srv rw - ext4 /dev/sda2 rw\n"
MOUNTS = (
    "30 1 0:60 / / rw - overlay overlay rw\n31 30 0:61 / /run rw - tmpfs tmpfs rw\n"
    "32 31 8:2 /shop/run /run/php rw - ext4 /dev/sda2 rw\n33 30 0:50 /opt/app /app rw - overlay overlay rw\n"
)


@pytest.fixture
def host(tmp_path):
    made = FakeHost(tmp_path)
    made.link("/proc/self/ns/net", "net:[1]")
    made.link("/proc/9/ns/net", "net:[2]")
    made.write("/proc/9/net/tcp", TCP.format("00000000") + TCP.format("0B00007F").split("\n", 1)[1])
    paths = ("/run/php/shop.sock", "/run/other.sock", "/app/app.sock", "/root.sock", "@abstract")
    made.write("/proc/9/net/unix", UNIX + "".join(LISTENS.format(number, path) for number, path in enumerate(paths)))
    made.write("/proc/9/mountinfo", MOUNTS)
    made.write("/proc/self/mountinfo", OURS)
    for path in ("/srv/shop/run/shop.sock", "/opt/app/app.sock", "/run/other.sock", "/root.sock"):
        made.write(path, "")
    return made


def test_a_socket_is_on_the_host_where_its_folder_is_mounted_from_there(host):
    assert inside_listeners(host, 9) == [
        {"address": "tcp:0.0.0.0:9000", "here": None},
        {"address": "unix:/run/php/shop.sock", "here": "/srv/shop/run/shop.sock"},
        {"address": "unix:/run/other.sock", "here": None},
        {"address": "unix:/app/app.sock", "here": "/opt/app/app.sock"},
        {"address": "unix:/root.sock", "here": None},
    ]


@pytest.mark.parametrize("network", ["net:[1]", None])
def test_the_hosts_own_network_is_not_read_twice(host, network):
    host.link("/proc/10/ns/net", network or "net:[3]")
    assert inside_listeners(host, 10 if network else 11) == []
