# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""podman's containers as its lists and its monitors have them."""

import json

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import containers_of_podman as podman
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._host.with_containers import (
    FPM,
    ID,
    found,
    host_with_containers,
    inside,
)


@pytest.fixture
def host(tmp_path):
    return host_with_containers(tmp_path)


def test_podman_by_its_list_and_its_monitors(host):
    other = "ab12" * 16
    host.write(podman.LISTS, json.dumps([{"id": ID, "names": ["shop"]}, {"id": other, "names": ["cron"]}]))
    host.process(50, "/usr/bin/conmon --api-version 1 -c %s -u %s -n shop" % (ID, ID))
    inside(host, 51, FPM, "0::/machine.slice/libpod-%s.scope/container\n" % ID)
    shop, cron = found(host)
    assert (shop["engine"], shop["name"], shop["running"], shop["proxies"]) == ("podman", "shop", True, [50])
    assert (shop["inside"], cron["running"]) == ([{"name": "PHP-FPM", "pid": 51}], False)


def test_those_of_a_users_own_podman(host):
    host.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\ndeploy:x:1000:1000::/home/deploy:/bin/sh\n")
    kept = [{"id": ID, "names": ["shop"]}, {"id": "x", "names": "y"}, "z", {"names": ["\x1b[2Jblog"]}]
    host.write("/home/deploy" + podman.OF_USERS, json.dumps(kept))
    assert [(one["name"], one["user"], one["running"]) for one in found(host)] == [
        ("shop", "deploy", False),
        ("\\x1b[2Jblog", "deploy", False),
    ]


def test_a_monitor_whose_container_is_in_no_list(host):
    host.process(50, "/usr/bin/conmon --api-version 1 -c %s -n shop" % ID)
    host.write(podman.LISTS, "{}")
    assert [one["name"] for one in found(host)] == ["shop"]


@pytest.mark.parametrize(("address", "networks"), [("10.88.0.5", ["podman"]), ("10.89.0.5", [])])
def test_the_network_in_which_no_names_are_known(host, address, networks):
    """Of the others, no names are read: containers find each other there."""
    host.process(50, "/usr/bin/conmon --api-version 1 -c %s -n shop" % ID)
    host.process(51, FPM, parent=50)
    host.link("/proc/self/ns/net", "net:[1]")
    host.link("/proc/51/ns/net", "net:[2]")
    host.write("/proc/51/net/fib_trie", "  |-- %s\n     /32 host LOCAL\n" % address)
    (one,) = found(host)
    assert (one["addresses"], one["networks"]) == ([address], networks)


def test_volumes_by_what_its_runtime_was_told(host):
    """podman's own files of a container are no volumes."""
    host.write(podman.LISTS, json.dumps([{"id": ID, "names": ["shop"]}]))
    kept = "/run/containers/storage/overlay-containers/%s/userdata/hosts" % ID
    volume = "/var/lib/containers/storage/volumes/sites/_data"
    mounts = [
        {"destination": "/etc/hosts", "type": "bind", "source": kept},
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/etc/nginx/conf.d", "type": "bind", "source": volume, "options": ["rbind"]},
        "nonsense",
    ]
    host.write(podman.SETTINGS % ID, json.dumps({"mounts": mounts}))
    (one,) = found(host)
    assert one["volumes"] == {"/etc/nginx/conf.d": volume}
