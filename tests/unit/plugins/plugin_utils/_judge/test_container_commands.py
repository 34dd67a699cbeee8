# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands for a container, typed on its host."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.container_commands import (
    in_commands,
    in_comment,
)

PARTS = {"name": "shop web", "inside": [{"name": "nginx", "pid": 4711}]}


def container(engine):
    return Host("npm@web", {"container": {**PARTS, "engine": engine}}, Host("web", {}))


@pytest.mark.parametrize(
    "typed, said",
    [
        (
            "nginx -t && systemctl reload nginx",
            "docker exec 'shop web' nginx -t && docker exec 'shop web' nginx -s reload",
        ),
        ("nginx -t && systemctl restart nginx", "docker exec 'shop web' nginx -t && docker restart 'shop web'"),
        ("getent ahosts app", "docker exec 'shop web' getent ahosts app"),
        ("ss -ltnp; ip route", "nsenter -t 4711 -n ss -ltnp; nsenter -t 4711 -n ip route"),
        (
            "cat /proc/12/wchan /proc/12/stack; ls -l /proc/12/fd",
            "cat /proc/12/wchan /proc/12/stack; ls -l /proc/12/fd",
        ),
        ("systemctl status app", ""),
        ("ss -ltn; journalctl -u app", ""),
    ],
)
def test_a_command_goes_into_the_container(typed, said):
    assert in_commands(typed, container("docker")) == said


def test_an_engine_without_a_client_has_its_network_alone():
    assert in_commands("nginx -t", container("lxc")) == ""
    assert in_commands("ss -ltn", container("lxc")) == "nsenter -t 4711 -n ss -ltn"


def test_a_remark_about_units_is_left_out():
    assert in_comment("# systemctl edit nginx", container("docker")) == []
    assert in_comment("# write it anew", container("docker")) == ["# write it anew"]
