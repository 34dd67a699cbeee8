# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a container by whatever engine."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import (
    add_listeners,
    after,
    json_in,
    new_container,
    printed_by_fpm,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


def test_addresses_are_those_of_its_network(tmp_path):
    host = FakeHost(tmp_path)
    host.link("/proc/self/ns/net", "net:[1]")
    host.link("/proc/7/ns/net", "net:[2]")
    host.write("/proc/7/net/fib_trie", "  |-- 10.88.0.5\n     /32 host LOCAL\n  |-- 127.0.0.1\n     /32 host LOCAL\n")
    made = new_container("podman", "shop")
    add_listeners(host, made, 7)
    assert (made["addresses"], made["host_network"]) == (["10.88.0.5"], False)


def test_one_in_the_hosts_network_has_no_address_of_its_own(tmp_path):
    host = FakeHost(tmp_path)
    host.link("/proc/self/ns/net", "net:[1]")
    host.link("/proc/7/ns/net", "net:[1]")
    made = new_container("podman", "shop")
    add_listeners(host, made, 7)
    assert (made["addresses"], made["host_network"]) == ([], True)


@pytest.mark.parametrize(("text", "unseen"), [("{", 1), ("[]", 0), (None, 0)])
def test_what_is_no_object_is_empty(tmp_path, text, unseen):
    host = FakeHost(tmp_path)
    if text:
        host.write("/etc/docker/daemon.json", text)
    assert json_in(host, "/etc/docker/daemon.json") == {}
    assert len(host.unknown) == unseen


def test_the_value_of_an_option():
    assert after(["conmon", "-c", "5f3c", "-n"], "-c") == "5f3c"
    assert after(["conmon", "-n"], "-n") is None


def test_what_php_fpm_prints_is_where_an_engine_keeps_a_file_of_it():
    made = []
    for inside, log in (("PHP-FPM", "/a-json.log"), ("nginx", "/b-json.log"), ("PHP-FPM", "journal")):
        made.append(new_container("docker", "shop"))
        made[-1]["inside"], made[-1]["log"] = [{"name": inside, "pid": 7}], log
    assert printed_by_fpm(made) == ["/a-json.log"]
