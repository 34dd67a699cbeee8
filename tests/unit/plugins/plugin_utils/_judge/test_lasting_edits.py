# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An edit that advice asks for in a file of a panel is said with the place where it lasts; in an administrator's own file it is the edit alone."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.lasting_edits import (
    LASTS,
    of_container,
    with_where_edits_last,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import fleet, host, proxy

PART = "/etc/nginx/conf.d/elasticbeanstalk/00_application.conf"
WRITE = "# or write 127.0.0.1:3000 instead of 127.0.0.1:8000 at %s:2"


def said(*lines: str, panel: str | None = "beanstalk", generated: dict[str, str] | None = None) -> list[str]:
    hosts = fleet(web=proxy("http://10.0.0.2"), app=host("10.0.0.2"))
    hosts.hosts["web"].system.update(panel=panel)
    hosts.hosts["web"].config["generated"] = generated or {}
    return with_where_edits_last(lines, ("web", "elsewhere", "app"), hosts)


def test_where_the_edit_lasts_stands_behind_it_once():
    first, where, second, last = said(WRITE % PART, WRITE % PART, "nginx -t && systemctl reload nginx")
    assert first == second == WRITE % PART and last.startswith("nginx -t")
    assert "Elastic Beanstalk on web: .platform/nginx/conf.d/elasticbeanstalk/00_application.conf" in where


def test_a_tool_that_the_files_head_names():
    lines = said(
        WRITE % "/etc/nginx/conf.d/shop.conf", panel=None, generated={"/etc/nginx/conf.d/shop.conf": "Managed by Salt"}
    )
    assert lines[1].startswith(
        "# make the change where /etc/nginx/conf.d/shop.conf of web comes from (Managed by Salt)"
    )
    assert lines[2].startswith("salt-call state.apply   # on web: ")


def test_several_places_of_one_sentence():
    lines = said("# write 127.0.0.1 at %s:2, /etc/nginx/nginx.conf:7" % PART)
    assert [("00_application" in line, ".platform/nginx/nginx.conf" in line) for line in lines[1:]] == [
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize(
    "line",
    [
        WRITE % "/etc/nginx/sites-available/shop",
        "# nginx asks for it at %s:2" % PART,
        "sed -n 2p %s   # on web: what it says" % PART,
        "# write http:// instead of https:// at it",
    ],
)
def test_other_lines_stay_as_they_are(line):
    assert said(line) == [line]


@pytest.mark.parametrize(
    ("line", "lasts"),
    [
        ("# write http:// in place of https:// at /etc/nginx/conf.d/shop.conf:2, then:", True),
        ("# only for late requests: fastcgi_read_timeout 120s; in the location at /config/nginx/default.conf:12", True),
        (
            "# write app:80 at /etc/nginx/conf.d/shop.conf:2 in the container (its volume on the host, or its image)",
            False,
        ),
        ("# nginx asks for it at /etc/nginx/conf.d/shop.conf:2", False),
    ],
)
def test_a_file_of_a_container_is_gone_with_it(line, lasts):
    hosts = fleet(web=proxy("http://10.0.0.2"), app=host("10.0.0.2"))
    hosts.hosts["web"].within = hosts.hosts["app"]
    hosts.hosts["web"].facts["container"] = {"engine": "docker", "name": "shop-web-1"}
    lines = with_where_edits_last((line, line), ("web", "app"), hosts)
    assert [one for one in lines if one != line] == [LASTS % "shop-web-1"] * lasts


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("/srv/shop/nginx", "shop.conf on app: change it there, or what writes that file"),
        ("/captain/generated/nginx", "shop.conf on app, which CapRover writes anew: to last, HTTP Settings of the app"),
        ("/opt/bitwarden/bwdata/nginx", "which Bitwarden writes anew: to last, bwdata/config.yml"),
    ],
)
def test_a_file_of_a_volume_is_named_by_its_path_on_the_host(folder, words):
    hosts = fleet(web=proxy("http://10.0.0.2"), app=host("10.0.0.2"))
    container = {"engine": "docker", "name": "web", "volumes": {"/etc/nginx/conf.d": folder}}
    line = of_container("/etc/nginx/conf.d/shop.conf", container, hosts.hosts["app"])
    assert line.startswith("# /etc/nginx/conf.d/shop.conf of container web is %s/shop.conf" % folder)
    assert words in line


@pytest.mark.parametrize(("engine", "client"), [("docker", "docker"), ("podman", "podman"), ("lxc", None)])
def test_a_file_of_a_container_may_be_filled_from_a_variable(engine, client):
    hosts = fleet(web=proxy("http://10.0.0.2"), app=host("10.0.0.2"))
    hosts.hosts["web"].within = hosts.hosts["app"]
    hosts.hosts["web"].facts["container"] = {"engine": engine, "name": "auth"}
    line = "# write port 80 in place of 8765 at /etc/nginx/conf.d/auth.conf:7, then:"
    shown = "%s inspect -f '{{range .Config.Env}}{{println .}}{{end}}' auth | grep -wF 8765   # on app: "
    lines = with_where_edits_last((line,), ("web", "app"), hosts)
    assert lines[:2] == [line, LASTS % "auth"]
    assert [one.startswith(shown % client) for one in lines[2:]] == [True] * bool(client)
