# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an application is set to listen on a path is said in its own terms."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._port_for_a_socket import by_path, folder_first


@pytest.mark.parametrize(
    ("process", "says"),
    [
        ("node", "server.listen('/srv/app.sock'), with PORT=/srv/app.sock"),
        ("ruby3.1", "unicorn -c, or puma -C"),
        ("puma", "unicorn -c, or puma -C"),
        ("python3", "--bind, -b, --uds"),
    ],
)
def test_by_its_name(process, says):
    assert says in by_path(process, "/srv/app.sock")


def test_others_are_given_no_words_of_node():
    assert "server.listen" not in by_path("python3", "/srv/app.sock")


def test_the_folder_below_run_comes_first():
    look, make = folder_first("/run/ejabberd/http.sock", "ejabberd.service", "web")
    assert look.startswith("ls -ld /run/ejabberd   # on web")
    assert "RuntimeDirectory=ejabberd in [Service] of ejabberd.service" in make


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("/srv/shop/app.sock", "shop.service"),
        ("/run/app.sock", "app.service"),
        ("/run/app/app.sock", "session-5.scope"),
        ("/run/app/app.sock", ""),
    ],
)
def test_no_folder_of_a_service_below_run(path, unit):
    assert folder_first(path, unit, "web") == ()
