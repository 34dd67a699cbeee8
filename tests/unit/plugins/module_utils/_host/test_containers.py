# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers as their engines' files and the process table of the host have them."""

import json
import time

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import containers, own_log
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import container_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

ID = "5f3c" * 16
NGINX, FPM = "nginx: master process nginx -g daemon off;", "php-fpm: master process (/usr/local/etc/php-fpm.conf)"


@pytest.fixture
def host(tmp_path):
    made = FakeHost(tmp_path)
    made.process(1, "/sbin/init", parent=0)
    made.link("/proc/self/ns/pid", "pid:[1]")
    return made


def docker(host, number=ID, root="/var/lib/docker", bindings=None, **config):
    folder = "%s/containers/%s/" % (root, number)
    host.write(folder + "config.v2.json", json.dumps({"Name": "/shop-proxy-1", **config}))
    host.write(folder + "hostconfig.json", json.dumps({"PortBindings": bindings}))


def inside(host, pid, title, cgroup):
    """A process in a PID namespace of its own."""
    host.process(pid, title, name=title.split(":")[0], cgroup=cgroup)
    host.link("/proc/%d/ns/pid" % pid, "pid:[9]")


def found(host, listeners=None):
    return container_facts(host, Processes(host), listeners)


def unix(path, pid, same=False):
    return {"path": path, "pid": pid, "file": {"same": same}}


class TestDocker:
    def test_one_that_runs_has_addresses_and_ports(self, host):
        inside(host, 4711, NGINX, "0::/system.slice/docker-%s.scope\n" % ID)
        argv = "/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.18.0.3 -container-port 80"
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
                "unpublished": [443],
                "proxies": [4690],
                "log": "/var/lib/docker/containers/%s/%s-json.log" % (ID, ID),
                "networks": ["shop", "none"],
                "aliases": [],
                "listens": [],
                "programs": [],
                "volumes": {"/etc/nginx/conf.d": "/srv/proxy/conf.d"},
            }
        ]

    def test_one_with_programs_beside_its_nginx_says_what_they_say(self, host):
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
    def test_one_that_is_gone_keeps_what_is_set_for_it(self, host, state, ended):
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
        ("state", "restarts", "ended"),
        [
            ({"Running": True, "Restarting": True, "Pid": 0, "ExitCode": 78}, 12, "exit code 78"),
            ({"Running": True, "Pid": 4711, "StartedAt": "now"}, 12, None),
            ({"Running": True, "Pid": 4711, "StartedAt": "2024-01-01T10:00:00.123456789Z"}, 0, None),
            ({"Running": True, "Pid": 4711}, 0, None),
        ],
    )
    def test_one_that_docker_starts_again_and_again(self, host, state, restarts, ended):
        """One that was started again long ago, and runs since, counts as well."""
        host.process(4711, "/usr/bin/app")
        if state.get("StartedAt") == "now":
            state["StartedAt"] = time.strftime("%Y-%m-%dT%H:%M:%S.123456789Z", time.gmtime())
        docker(host, State=state, RestartCount=12)
        (one,) = found(host)
        assert (one["restarts"], one["ended"]) == (restarts, ended)

    def test_what_one_said_before_it_ended(self, host, monkeypatch):
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

    def test_one_in_the_hosts_network_has_the_ports_of_its_image(self, host):
        docker(host, State={"Running": False}, Config={"ExposedPorts": {"9000/tcp": {}, "53/udp": {}}})
        host.write("/var/lib/docker/containers/%s/hostconfig.json" % ID, '{"NetworkMode": "host"}')
        (one,) = found(host)
        assert (one["host_network"], one["ports"], one["unpublished"]) == (True, {"9000": 9000}, [])

    def test_its_folder_may_be_elsewhere(self, host):
        host.write("/etc/docker/daemon.json", '{"data-root": "/srv/docker"}')
        docker(host, root="/srv/docker")
        assert [one["name"] for one in found(host)] == ["shop-proxy-1"]

    @pytest.mark.parametrize("text", ["{", "[]", "null"])
    def test_a_file_that_is_cut_is_no_traceback(self, host, text):
        host.write("/var/lib/docker/containers/%s/config.v2.json" % ID, text)
        assert [one["name"] for one in found(host)] == [ID[:12]]

    def test_no_more_than_a_limit_are_read(self, host, monkeypatch):
        monkeypatch.setattr(containers, "LIMIT", 2)
        for number in range(4):
            docker(host, number="%064x" % number)
        assert len(found(host)) == 2


class TestHostsNetwork:
    """The kernel lists the sockets of all that share its network, by the paths that they have wherever they were made."""

    @pytest.fixture
    def fpm(self, host):
        inside(host, 9, FPM, "0::/system.slice/docker-%s.scope\n" % ID)
        docker(host, State={"Running": True, "Pid": 9}, HostConfig={})
        host.write("/proc/9/mountinfo", "31 30 8:2 /shop/run /run/php rw - ext4 /dev/sda2 rw\n")
        host.write("/proc/self/mountinfo", "21 20 8:2 / /srv rw - ext4 /dev/sda2 rw\n")
        host.process(70, "php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)")
        host.link("/proc/70/ns/pid", "pid:[1]")
        return host

    def test_a_socket_that_the_host_has_not_is_the_containers(self, fpm):
        own, gone = unix("/run/php/own.sock", 70, True), unix("/run/php/gone.sock", 70)
        listeners = {"tcp": [], "unix": [own, unix("/run/php/shop.sock", 9), gone, unix("/x.sock", None)]}
        (one,) = found(fpm, listeners)
        assert (one["host_network"], one["listens"]) == (True, [{"address": "unix:/run/php/shop.sock", "here": None}])
        assert [one["path"] for one in listeners["unix"]] == ["/run/php/own.sock", "/run/php/gone.sock", "/x.sock"]

    def test_one_whose_folder_is_mounted_from_the_host_is_found_there(self, fpm):
        fpm.write("/srv/shop/run/shop.sock", "")
        (one,) = found(fpm, {"tcp": [], "unix": [unix("/run/php/shop.sock", 9)]})
        assert one["listens"] == [{"address": "unix:/run/php/shop.sock", "here": "/srv/shop/run/shop.sock"}]

    def test_one_with_the_same_path_on_the_host_is_the_hosts_as_well(self, fpm):
        listeners = {"tcp": [], "unix": [unix("/run/php/shop.sock", 9, True)]}
        assert [one["listens"] for one in found(fpm, listeners)] == [[]]
        assert len(listeners["unix"]) == 1


class TestOtherEngines:
    def test_podman_by_its_list_and_its_monitors(self, host):
        other = "ab12" * 16
        host.write(containers.PODMAN, json.dumps([{"id": ID, "names": ["shop"]}, {"id": other, "names": ["cron"]}]))
        host.process(50, "/usr/bin/conmon --api-version 1 -c %s -u %s -n shop" % (ID, ID))
        inside(host, 51, FPM, "0::/machine.slice/libpod-%s.scope/container\n" % ID)
        shop, cron = found(host)
        assert (shop["engine"], shop["name"], shop["running"], shop["proxies"]) == ("podman", "shop", True, [50])
        assert (shop["inside"], cron["running"]) == ([{"name": "PHP-FPM", "pid": 51}], False)

    def test_those_of_a_users_own_podman(self, host):
        host.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\ndeploy:x:1000:1000::/home/deploy:/bin/sh\n")
        kept = [{"id": ID, "names": ["shop"]}, {"id": "x", "names": "y"}, "z", {"names": ["\x1b[2Jblog"]}]
        host.write("/home/deploy" + containers.PODMANS_OF_USERS, json.dumps(kept))
        assert [(one["name"], one["user"], one["running"]) for one in found(host)] == [
            ("shop", "deploy", False),
            ("\\x1b[2Jblog", "deploy", False),
        ]

    def test_a_monitor_whose_container_is_in_no_list(self, host):
        host.process(50, "/usr/bin/conmon --api-version 1 -c %s -n shop" % ID)
        host.write(containers.PODMAN, "{}")
        assert [one["name"] for one in found(host)] == ["shop"]

    @pytest.mark.parametrize(
        ("cgroup", "engine", "name"),
        [
            ("0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-%s.scope\n" % ID, "containerd", "shop-7c/web"),
            ("11:memory:/kubepods/burstable/pod1/%s\n" % ID, "containerd", "shop-7c/web"),
            ("0::/lxc.payload.shop/system.slice/nginx.service\n", "lxc", "shop"),
            ("0::/machine.slice/machine-shop.scope/payload\n", "systemd-nspawn", "shop"),
            ("12:pids:/docker/%s\n1:cpu:/\n" % ID, "docker", ID[:12]),
            # A host that is a container itself, seen from where its own groups begin.
            ("0::/libpod-%s/system.slice/docker-%s.scope\n" % ("ab12" * 16, ID), "docker", ID[:12]),
            ("0::/\n", "container", "of process 7"),
        ],
    )
    def test_any_engine_in_which_nginx_runs(self, host, cgroup, engine, name):
        notes = {"io.kubernetes.cri.sandbox-name": "shop-7c", "io.kubernetes.cri.container-name": "web"}
        path = "/run/containerd/io.containerd.runtime.v2.task/k8s.io/%s/config.json" % ID
        host.write(path, json.dumps({"annotations": notes, "process": {"env": ["SECRET=1"]}}))
        inside(host, 7, NGINX, cgroup)
        (one,) = found(host)
        assert (one["engine"], one["name"], one["running"]) == (engine, name, True)

    def test_the_hosts_own_nginx_is_in_none(self, host):
        host.process(7, NGINX, name="nginx")
        host.link("/proc/7/ns/pid", "pid:[1]")
        assert found(host) == []
