# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a container, whose links never lead out of it."""

import os
import socket
import stat

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.container_root import KEPT, ContainerRoot
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.files import read_end


@pytest.fixture
def root(tmp_path):
    inside = tmp_path / "container"
    (inside / "etc/nginx/conf.d").mkdir(parents=True)
    (inside / "etc/nginx/nginx.conf").write_text("inside")
    (tmp_path / "secret").write_text("of the host")
    return inside


@pytest.mark.parametrize(
    "target", ["/secret", "../../../secret", "../../../../../../secret", "/proc/self/root/secret", "/.."]
)
def test_a_link_leads_nowhere_outside(root, tmp_path, target):
    (root / "etc/nginx/link").symlink_to(target)
    assert ContainerRoot(str(root)).read("/etc/nginx/link") is None


@pytest.mark.parametrize("target", ["/etc/nginx/nginx.conf", "../nginx.conf", "/../../etc/./nginx/nginx.conf"])
def test_a_link_inside_is_followed_from_its_root(root, target):
    (root / "etc/nginx/conf.d/a.conf").symlink_to(target)
    container = ContainerRoot(str(root))
    assert container.read("/etc/nginx/conf.d/a.conf") == "inside"
    assert container.readlink("/etc/nginx/conf.d/a.conf") == target
    assert container.glob("/etc/nginx/conf.d/*.conf") == ["/etc/nginx/conf.d/a.conf"]


def test_a_folder_that_is_a_link_to_one_of_the_host_is_empty(root, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other/a.conf").write_text("of the host")
    (root / "etc/nginx/sites").symlink_to(tmp_path / "other")
    assert ContainerRoot(str(root)).glob("/etc/nginx/sites/*") == []


def test_links_in_a_circle_end(root):
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    assert not ContainerRoot(str(root)).exists("/a")


def test_a_pattern_takes_no_hidden_file_and_sees_no_missing_one(root):
    for name in ("b.conf", ".hidden.conf", "a.conf", "a.txt"):
        (root / "etc/nginx/conf.d" / name).write_text("")
    (root / "etc/nginx/conf.d/gone.conf").symlink_to("/nowhere")
    found = ContainerRoot(str(root)).glob("/etc/*/conf.d/[a-z]*.conf")
    assert found == ["/etc/nginx/conf.d/a.conf", "/etc/nginx/conf.d/b.conf"]


def test_a_pipe_is_not_opened(root):
    os.mkfifo(str(root / "pipe"))
    container = ContainerRoot(str(root))
    assert not container.exists("/pipe")
    assert read_end(container, "/pipe").state == "missing"


def test_a_log_of_its_engine_stands_in_for_a_path(root, tmp_path):
    log = str(tmp_path / "secret")
    assert read_end(ContainerRoot(str(root), {log: log}), log).state == "ok"
    assert read_end(ContainerRoot(str(root)), log).state == "missing"


def test_few_files_are_kept_open(root):
    container = ContainerRoot(str(root))
    before = len(os.listdir("/proc/self/fd"))
    for number in range(2 * KEPT):
        (root / str(number)).write_text("")
        assert container.exists("/%d" % number)
        assert container.exists("/%d" % number)
    assert len(os.listdir("/proc/self/fd")) - before <= KEPT


def test_a_socket_is_found_and_a_device_is_not(root):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(root / "etc/nginx/a.sock"))
    os.mkfifo(str(root / "etc/nginx/pipe"))
    container = ContainerRoot(str(root))
    assert stat.S_ISSOCK(container.stat("/etc/nginx/a.sock").st_mode)
    assert not container.exists("/etc/nginx/pipe")
