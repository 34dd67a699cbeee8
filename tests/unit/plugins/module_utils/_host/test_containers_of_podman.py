# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""podman's containers as its lists and its monitors have them."""

import json

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import containers_of_podman as podman
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.podman_database import Kept
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._host.with_containers import (
    FPM,
    ID,
    found,
    host_with_containers,
    inside,
)

LISTS = podman.STORAGE + "/overlay-containers/containers.json"
OLD_PORTS = [{"hostPort": 8080, "containerPort": 3000, "protocol": "tcp", "hostIP": ""}]
STARTED = {"startedTime": "2026-12-01T03:37:39.93Z"}


@pytest.fixture
def host(tmp_path):
    return host_with_containers(tmp_path)


@pytest.fixture
def kept(host, monkeypatch):
    """The container as podman's database has it."""

    def made(config=None, state=None, networks=None, **others):
        database = {ID: Kept(config or {}, state or {}, networks or {})}
        database.update({number: Kept({}, {}, {}) for number in others.values()})
        monkeypatch.setattr(
            podman, "kept_by_podman", lambda _host, storage: database if storage == podman.STORAGE else {}
        )
        names = {ID: "shop", **{number: name for name, number in others.items()}}
        host.write(
            LISTS,
            json.dumps([{"id": number, "names": [name]} for number, name in names.items()]),
        )
        return next(one for one in found(host) if one["name"] == "shop")

    return made


@pytest.mark.parametrize(
    ("state", "ended"),
    [
        ({**STARTED, "exitCode": 3}, "exit code 3"),
        (STARTED, "exit code 0"),
        ({**STARTED, "exitCode": 137, "oomKilled": True}, "exit code 137, killed for memory"),
        ({**STARTED, "exitCode": 137, "stoppedByUser": True}, "exit code 137, stopped by hand"),
        ({"startedTime": "0001-01-01T00:00:00Z"}, "it was never started"),
        ({}, "it was never started"),
    ],
)
def test_how_one_has_ended(kept, state, ended):
    assert kept(state=state)["ended"] == ended


def test_one_that_runs_has_not_ended(host, kept):
    host.process(50, "/usr/bin/conmon --api-version 1 -c %s -n shop" % ID)
    made = kept(state={**STARTED, "state": podman.PAUSED, "restartCount": 4})
    assert (made["ended"], made["running"], made["paused"], made["restarts"]) == (None, True, True, 4)


@pytest.mark.parametrize(
    ("config", "ports"),
    [
        ({"newPortMappings": [{"host_ip": "", "container_port": 80, "host_port": 8080, "range": 1, "protocol": "tcp"}]}, {"8080": 80}),
        ({"newPortMappings": [{"container_port": 80, "host_port": 8080, "range": 2, "protocol": "tcp,udp"}]}, {"8080": 80, "8081": 81}),
        ({"newPortMappings": [{"container_port": 53, "host_port": 5353, "range": 1, "protocol": "udp"}]}, {}),
        ({"portMappings": OLD_PORTS}, {"8080": 3000}),
        ({"networkMode": "host", "exposedPorts": {"8080": ["tcp"]}, "portMappings": OLD_PORTS}, {"8080": 8080}),
        ({}, {}),
    ],
)  # fmt: skip
def test_ports(kept, config, ports):
    made = kept(config)
    assert (made["ports"], made["host_network"]) == (ports, "networkMode" in config)


def test_who_made_it_and_who_runs_it(kept):
    labels = {
        "com.docker.compose.project": "shop",
        "com.docker.compose.service": "web",
        podman.UNIT: "container-shop.service",
    }
    made = kept({"labels": labels})
    assert (made["compose"]["project"], made["compose"]["service"], made["unit"]) == (
        "shop",
        "web",
        "container-shop.service",
    )
    assert (kept({})["compose"], kept({})["unit"]) == (None, None)


def test_its_networks_and_names_in_them(kept):
    made = kept(networks={"shop_default": {"aliases": [ID[:12], "web"]}, "other": {}})
    assert (made["networks"], made["aliases"]) == (["shop_default", "other"], ["web"])


@pytest.mark.parametrize(("number", "shares"), [("ab12" * 16, "infra"), ("cd34" * 16, "cd34" * 16)])
def test_whose_network_it_has(kept, number, shares):
    assert kept({"netNsCtr": number}, infra="ab12" * 16)["shares"] == shares


def test_its_last_words_by_the_file_of_what_it_prints(host, kept):
    path = "/var/lib/containers/storage/overlay-containers/x/userdata/ctr.log"
    host.write(
        path,
        "2026-12-01T03:37:39.9Z stdout F starting\n2026-12-01T03:37:39.9Z stderr F ValueError: DATABASE_URL is not set\n",
    )
    made = kept({"logDriver": "k8s-file", "logPath": path}, STARTED)
    assert made["last_words"][-1] == "ValueError: DATABASE_URL is not set" and made["log"] == path


def test_its_last_words_by_the_journal(host, kept):
    host.answers["journalctl"] = "Error: Cannot find module express\n"
    assert kept({"logDriver": "journald"}, STARTED)["last_words"] == ["Error: Cannot find module express"]
    assert kept({"logDriver": "journald"})["last_words"] == []


def test_podman_by_its_list_and_its_monitors(host):
    other = "ab12" * 16
    host.write(LISTS, json.dumps([{"id": ID, "names": ["shop"]}, {"id": other, "names": ["cron"]}]))
    host.process(50, "/usr/bin/conmon --api-version 1 -c %s -u %s -n shop" % (ID, ID))
    inside(host, 51, FPM, "0::/machine.slice/libpod-%s.scope/container\n" % ID)
    shop, cron = found(host)
    assert (shop["engine"], shop["name"], shop["running"], shop["proxies"]) == ("podman", "shop", True, [50])
    assert (shop["inside"], cron["running"]) == ([{"name": "PHP-FPM", "pid": 51}], False)


def test_those_of_a_users_own_podman(host):
    host.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\ndeploy:x:1000:1000::/home/deploy:/bin/sh\n")
    kept = [{"id": ID, "names": ["shop"]}, {"id": "x", "names": "y"}, "z", {"names": ["\x1b[2Jblog"]}]
    host.write("/home/deploy" + podman.OF_USERS + "/vfs-containers/containers.json", json.dumps(kept))
    assert [(one["name"], one["user"], one["running"]) for one in found(host)] == [
        ("shop", "deploy", False),
        ("\\x1b[2Jblog", "deploy", False),
    ]


def test_a_monitor_whose_container_is_in_no_list(host):
    host.process(50, "/usr/bin/conmon --api-version 1 -c %s -n shop" % ID)
    host.write(LISTS, "{}")
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
    host.write(LISTS, json.dumps([{"id": ID, "names": ["shop"]}]))
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
