# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker's containers as its own files have them."""

import json

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import containers_of_docker, own_log
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._host.with_containers import (
    ID,
    NGINX,
    docker,
    found,
    host_with_containers,
    inside,
)


@pytest.fixture
def host(tmp_path):
    return host_with_containers(tmp_path)


def test_one_that_runs_has_addresses_and_ports(host):
    inside(host, 4711, NGINX, "0::/system.slice/docker-%s.scope\n" % ID)
    argv = (
        "/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.18.0.3 -container-port 80"
    )
    host.process(4690, argv)
    networks = {"shop": {"IPAddress": "172.18.0.3", "GlobalIPv6Address": "", "IPAMConfig": None}, "none": None}
    ports = {"80/tcp": [{"HostIp": "::", "HostPort": "8080"}], "443/tcp": None, "53/udp": [{"HostPort": "53"}]}
    mounts = {
        "/etc/nginx/conf.d": {"Source": "/srv/proxy/conf.d", "Type": "bind"},
        "/run": {"Source": "", "Type": "tmpfs"},
    }
    settings = {"Networks": networks, "Ports": ports}
    docker(host, State={"Running": True, "Pid": 4711}, NetworkSettings=settings, MountPoints=mounts)
    since = Processes(host).by_pid[4711].started
    assert found(host) == [
        {
            "engine": "docker",
            "name": "shop-proxy-1",
            "user": None,
            "running": True,
            "since": since,
            "ended": None,
            "restarts": 0,
            "last_words": [],
            "inside": [{"name": "nginx", "pid": 4711}],
            "host_network": False,
            "addresses": ["172.18.0.3"],
            "ports": {"8080": 80},
            "published": True,
            "unpublished": [443],
            "proxies": [4690],
            "paused": False,
            "health": None,
            "compose": None,
            "unit": None,
            "log": "/var/lib/docker/containers/%s/%s-json.log" % (ID, ID),
            "networks": ["shop", "none"],
            "shares": None,
            "aliases": [],
            "listens": [],
            "programs": [],
            "volumes": {"/etc/nginx/conf.d": "/srv/proxy/conf.d"},
            "memory": None,
        }
    ]


def test_one_with_programs_beside_its_nginx_says_what_they_say(host):
    cgroup = "0::/system.slice/docker-%s.scope\n" % ID
    inside(host, 4711, NGINX, cgroup)
    inside(host, 4712, "nginx: worker process", cgroup)
    inside(host, 4713, "node: index.js", cgroup)
    docker(host, State={"Running": True, "Pid": 4711})
    log = "/var/lib/docker/containers/%s/%s-json.log" % (ID, ID)
    host.write(log, json.dumps({"log": "connect ECONNREFUSED 172.18.0.7:3306\n"}) + "\n")
    only = found(host)[0]
    assert only["programs"] == ["node"]
    assert only["last_words"] == ["connect ECONNREFUSED 172.18.0.7:3306"]


@pytest.mark.parametrize(
    ("state", "ended"),
    [
        ({"Running": False, "ExitCode": 137, "OOMKilled": True}, "exit code 137, killed for memory"),
        ({"Running": False, "ExitCode": 1, "OOMKilled": False}, "exit code 1"),
        # docker itself is down, and its last word was that it ran.
        ({"Running": True, "Pid": 99}, None),
    ],
)
def test_one_that_is_gone_keeps_what_is_set_for_it(host, state, ended):
    networks = {"shop": {"IPAddress": "", "IPAMConfig": {"IPv4Address": "172.18.0.7"}}}
    docker(
        host,
        bindings={"80/tcp": [{"HostIp": "", "HostPort": "8080"}]},
        State=state,
        NetworkSettings={"Networks": networks},
    )
    (one,) = found(host)
    assert (one["running"], one["ended"], one["ports"], one["addresses"]) == (
        False,
        ended,
        {"8080": 80},
        ["172.18.0.7"],
    )


@pytest.mark.parametrize(
    ("state", "age", "restarts", "ended"),
    [
        ({"Running": True, "Restarting": True, "Pid": 0, "ExitCode": 78}, 0, 12, "exit code 78"),
        ({"Running": True, "Pid": 4711}, 5, 12, None),
        ({"Running": True, "Pid": 4711}, 61, 0, None),
    ],
)
def test_one_that_docker_starts_again_and_again(host, monkeypatch, state, age, restarts, ended):
    """One that was started again long ago, and runs since, counts as well."""
    host.process(4711, "/usr/bin/app")
    started = Processes(host).by_pid[4711].started
    monkeypatch.setattr(containers_of_docker.time, "time", lambda: started + age)
    docker(host, State=state, RestartCount=12)
    (one,) = found(host)
    assert (one["restarts"], one["ended"]) == (restarts, ended)


def test_what_one_said_before_it_ended(host, monkeypatch):
    monkeypatch.setattr(own_log, "_is_a_log_of_root", lambda *_log: True)
    docker(host, State={"Running": False, "ExitCode": 78})
    said = [
        "[30-Nov-2026 10:00:00] ERROR: [pool www] cannot get uid for user 'apps'\n",
        "ERROR: FPM initialization failed\n",
    ]
    lines = [json.dumps({"log": line, "stream": "stderr"}) for line in said]
    host.write("/var/lib/docker/containers/%s/%s-json.log" % (ID, ID), "\n".join(["{", "[]", *lines]))
    (one,) = found(host)
    assert one["last_words"] == [line.strip() for line in said]


def test_one_in_the_hosts_network_has_the_ports_of_its_image(host):
    docker(host, State={"Running": False}, Config={"ExposedPorts": {"9000/tcp": {}, "53/udp": {}}})
    host.write("/var/lib/docker/containers/%s/hostconfig.json" % ID, '{"NetworkMode": "host"}')
    (one,) = found(host)
    assert (one["host_network"], one["ports"], one["unpublished"]) == (True, {"9000": 9000}, [])


def test_its_folder_may_be_elsewhere(host):
    host.write("/etc/docker/daemon.json", '{"data-root": "/srv/docker"}')
    docker(host, root="/srv/docker")
    assert [one["name"] for one in found(host)] == ["shop-proxy-1"]


@pytest.mark.parametrize("text", ["{", "[]", "null"])
def test_a_file_that_is_cut_is_no_traceback(host, text):
    host.write("/var/lib/docker/containers/%s/config.v2.json" % ID, text)
    assert [one["name"] for one in found(host)] == [ID[:12]]


def test_no_more_than_a_limit_are_read(host, monkeypatch):
    monkeypatch.setattr(containers_of_docker, "LIMIT", 2)
    for number in range(4):
        docker(host, number="%064x" % number)
    assert len(found(host)) == 2


NEVER, BEGAN = "0001-01-01T00:00:00Z", "2026-12-01T00:03:10.402491421Z"
NOT_FOUND = (
    "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: "
    'exec: "nodee": executable file not found in $PATH: unknown'
)
IN_USE = "Error starting userland proxy: listen tcp4 127.0.0.1:8602: bind: address already in use"
NO_PORT = "driver failed programming external connectivity on endpoint f2 (%s): %s" % (ID, IN_USE)


@pytest.mark.parametrize(
    ("state", "config", "ended"),
    [
        ({"ExitCode": 0, "StartedAt": NEVER}, {}, "it was never started"),
        (
            {"ExitCode": 127, "StartedAt": NEVER, "Error": NOT_FOUND},
            {},
            'it was never started; docker says: exec: "nodee": executable file not found in $PATH',
        ),
        ({"ExitCode": 128, "StartedAt": BEGAN, "Error": NO_PORT}, {}, "exit code 128; docker says: " + IN_USE),
        ({"ExitCode": 137, "StartedAt": BEGAN}, {"HasBeenManuallyStopped": True}, "exit code 137, stopped by hand"),
        (
            {"ExitCode": 137, "StartedAt": BEGAN, "OOMKilled": True},
            {},
            "exit code 137, killed for memory at its limit of 40 MB",
        ),
    ],
)
def test_how_one_came_not_to_run(host, state, config, ended):
    """As docker 20.10 has written it."""
    docker(host, State={"Running": False, "Pid": 0, **state}, **config)
    host.write("/var/lib/docker/containers/%s/hostconfig.json" % ID, '{"Memory": 41943040}')
    (one,) = found(host)
    assert (one["running"], one["ended"]) == (False, ended)


@pytest.mark.parametrize(
    ("state", "paused", "health"),
    [
        ({"Paused": True}, True, None),
        ({"Health": {"Status": "unhealthy", "FailingStreak": 114}}, False, "unhealthy"),
        ({"Health": None}, False, None),
        ({"Pid": 4712, "Paused": True, "Health": {"Status": "healthy"}}, False, None),
    ],
)
def test_one_that_runs_and_does_not_serve(host, state, paused, health):
    """What a host's last boot has left behind says nothing of now."""
    host.process(4711, "/usr/bin/app")
    docker(host, State={"Running": True, "Pid": 4711, **state})
    (one,) = found(host)
    assert (one["paused"], one["health"]) == (paused, health)


def labels(**changes):
    of_project = {"working_dir": "/srv/shop", "config_files": "docker-compose.yml"}
    made = {"com.docker.compose.project." + name: value for name, value in {**of_project, **changes}.items()}
    named = {"project": "shop", "service": "app", "version": "1.29.2", "config-hash": "3769"}
    return {**made, **{"com.docker.compose." + name: value for name, value in named.items()}}


@pytest.mark.parametrize(
    ("changes", "files"),
    [
        ({}, ["/srv/shop/docker-compose.yml"]),
        ({"config_files": "/srv/shop/docker-compose.yml,/srv/shop/prod.yml"}, ["/srv/shop/docker-compose.yml"]),
        ({"working_dir": "/data/compose/12"}, []),
        ({"working_dir": ""}, []),
    ],
)
def test_how_compose_knows_one(host, changes, files):
    """Files that are not on the host are in the container of a panel, or on the machine of whoever deploys."""
    host.write("/srv/shop/docker-compose.yml", "services: {}")
    docker(host, State={"Running": False}, Config={"Labels": labels(**changes)})
    (one,) = found(host)
    assert one["compose"] == {
        "project": "shop",
        "service": "app",
        "version": "1.29.2",
        "folder": changes.get("working_dir", "/srv/shop"),
        "files": files,
    }


def test_one_that_compose_did_not_make(host):
    docker(host, State={"Running": False}, Config={"Labels": {"maintainer": "shop"}})
    assert found(host)[0]["compose"] is None


@pytest.mark.parametrize(
    ("ports", "running", "published"),
    [
        ({}, True, False),
        ({"80/tcp": [{"HostIp": "::", "HostPort": "8080"}]}, True, True),
        # Of one that does not run, docker forgets them.
        (None, False, True),
    ],
)
def test_whether_ports_are_published(host, ports, running, published):
    """docker publishes none of a container in internal networks alone, or in none."""
    host.process(4711, "/usr/bin/app")
    bindings = {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}
    docker(host, bindings=bindings, State={"Running": running, "Pid": 4711}, NetworkSettings={"Ports": ports})
    (one,) = found(host)
    assert (one["published"], one["ports"]) == (published, {"8080": 80})


@pytest.mark.parametrize(("number", "name"), [(ID, "shop-proxy-1"), ("ab12" * 16, "ab12" * 16)])
def test_one_with_the_network_of_another(host, number, name):
    """It keeps the ID of one that is no more."""
    other = "cd34" * 16
    docker(host, State={"Running": False})
    docker(host, number=other, State={"Running": False}, NetworkSettings={"Networks": None})
    host.write("/var/lib/docker/containers/%s/hostconfig.json" % other, '{"NetworkMode": "container:%s"}' % number)
    assert [one["shares"] for one in found(host)] == [None, name]
