# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with containers, as the files of their engines and the process table have them."""

import json

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.container_facts import container_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

ID = "5f3c" * 16
NGINX, FPM = "nginx: master process nginx -g daemon off;", "php-fpm: master process (/usr/local/etc/php-fpm.conf)"


def host_with_containers(folder):
    """A host whose own processes are in its own namespace."""
    made = FakeHost(folder)
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
