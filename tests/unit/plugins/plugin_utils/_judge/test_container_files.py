# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the files of a container are on its host."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.container_files import outside

MOUNTED = {"name": "npm", "volumes": {"/etc/nginx/conf.d": "/srv/npm/conf.d/", "/etc": "/srv/etc"}}


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/etc/nginx/conf.d/default.conf", "/srv/npm/conf.d/default.conf"),
        ("/etc/nginx/conf.d", "/srv/npm/conf.d"),
        ("/etc/nginx/conf.d2/default.conf", "/srv/etc/nginx/conf.d2/default.conf"),
        ("/data/nginx/proxy_host/1.conf", None),
    ],
)
def test_the_path_on_the_host(path, there):
    assert outside(MOUNTED, path) == there


def test_one_of_an_engine_whose_volumes_are_not_known():
    assert outside({"name": "npm"}, "/etc/nginx/nginx.conf") is None
