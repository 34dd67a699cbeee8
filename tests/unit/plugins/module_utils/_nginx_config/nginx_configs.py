# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations to parse: a folder for each in nginx_trees, laid out as on its host; or one that a test writes itself."""

import pathlib

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import parse

FOLDER = pathlib.Path(__file__).parent / "nginx_trees"
MAIN = "/etc/nginx/nginx.conf"


def files_of(tree):
    folder = FOLDER / tree
    return {
        "/" + path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def config_of(tree, main=MAIN):
    return parse(files_of(tree), main, main.rpartition("/")[0])


def written(http, files=None):
    """A configuration with this inside of http{}."""
    return parse({MAIN: "events {}\nhttp {\n%s\n}\n" % http, **(files or {})}, MAIN, "/etc/nginx")


def route_at(config, path, server=None):
    """The one route of the location with this path."""
    found = [
        route
        for route in config["routes"]
        if route["location"]["path"] == path and server in (None, *route["server_names"])
    ]
    assert len(found) == 1, "%d routes for %s" % (len(found), path)
    return found[0]
