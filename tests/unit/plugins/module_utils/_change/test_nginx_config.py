# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of nginx's configuration compares, saves and does."""

from ansible_collections.webops.bad_gateway.plugins.module_utils._change.nginx_config import NginxConfig
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.module_calls import Calls

EDIT = {"path": "/etc/nginx/nginx.conf", "directive": "proxy_buffer_size", "args": ["32k"]}
FILE = {"path": "/etc/nginx/conf.d/own.conf", "content": "fastcgi_buffer_size 32k;\n"}
NGINX = {"changed": True, "test_command": ["nginx", "-t", "-q"], "command": ["nginx", "-s", "reload"]}
CHANGED = {"changed": True}


def recipe(edits=(), files=(), manager="systemd"):
    settings = {"edits": list(edits), "files": list(files), "service": "nginx", "manager": manager, "timeout": 30.0}
    return NginxConfig(settings)


def test_edits_and_files_are_written_before_nginx_checks_and_reloads():
    calls, made = Calls(nginx_directive=CHANGED, whole_files=CHANGED, nginx_service=NGINX), recipe([EDIT, EDIT], [FILE])
    assert made.compare(calls)
    made.prepare(calls)
    assert made.to_save() == {
        "files": [EDIT["path"], FILE["path"]],
        "after_undo": [["nginx", "-t", "-q"], ["nginx", "-s", "reload"]],
    }
    made.apply(calls)
    assert calls.steps() == [
        ("nginx_directive", "check"),
        ("whole_files", "check"),
        ("nginx_service", "check"),
        ("nginx_directive", "do"),
        ("whole_files", "do"),
        ("nginx_service", "do"),
    ]
    assert calls.given("nginx_service", "do")["command"] == ["systemctl", "reload", "nginx"]
    assert calls.given("whole_files", "do")["files"] == [dict(FILE, mode="0644")]
    assert calls.given("nginx_directive", "do")["validate"] is False


def test_without_a_service_manager_nginx_is_reloaded_in_its_own_way():
    calls, made = Calls(whole_files=CHANGED, nginx_service=NGINX), recipe(files=[FILE], manager="none")
    assert made.compare(calls)
    made.apply(calls)
    assert calls.steps() == [("whole_files", "check"), ("whole_files", "do"), ("nginx_service", "do")]
    assert calls.given("nginx_service", "do")["command"] is None


def test_what_is_so_already_needs_no_change():
    assert not recipe([EDIT], [FILE]).compare(Calls())
