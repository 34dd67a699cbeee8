# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers of any engine in which an nginx or a PHP-FPM runs, and those that have the host's own network."""

import json

import pytest

from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._host.with_containers import (
    FPM,
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


def unix(path, pid, same=False):
    return {"path": path, "pid": pid, "file": {"same": same}}


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
def test_any_engine_in_which_nginx_runs(host, cgroup, engine, name):
    notes = {"io.kubernetes.cri.sandbox-name": "shop-7c", "io.kubernetes.cri.container-name": "web"}
    path = "/run/containerd/io.containerd.runtime.v2.task/k8s.io/%s/config.json" % ID
    host.write(path, json.dumps({"annotations": notes, "process": {"env": ["SECRET=1"]}}))
    inside(host, 7, NGINX, cgroup)
    (one,) = found(host)
    assert (one["engine"], one["name"], one["running"]) == (engine, name, True)


def test_the_hosts_own_nginx_is_in_none(host):
    host.process(7, NGINX, name="nginx")
    host.link("/proc/7/ns/pid", "pid:[1]")
    assert found(host) == []
