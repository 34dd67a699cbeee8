# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of files that somebody else writes anew, and which remedies would edit one."""

from __future__ import annotations

import subprocess

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.panels import SIGNS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.panels import (
    PANELS,
    not_ours,
    opening,
    title_of,
    writer,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet

POOL_FILE = "/etc/php/8.2/fpm/pool.d/a.example.conf"
FPM = {"binary": "/usr/sbin/php-fpm8.2", "config": "/etc/php/8.2/fpm/php-fpm.conf", "unit": "php8.2-fpm.service"}
REBUILD = (
    '/usr/local/hestia/bin/v-rebuild-web-domain "$(/usr/local/hestia/bin/v-search-domain-owner a.example)" a.example yes'
    "   # on web: writes it again from what the panel has"
)


def panel_host(panel: str | None, generated: dict[str, str] | None = None) -> Host:
    pool = {"file": POOL_FILE, "settings": {"listen": {"value": "/run/a.sock"}}}
    facts = small_fleet.host(
        nginx={"config": {"generated": generated or {}}}, php_fpm=[{**FPM, "pools": {"a.example": pool}}]
    )
    facts["system"]["panel"] = panel
    return Host("web", facts)


def test_every_panel_has_its_words():
    assert list(PANELS) == [*(name for name, _path in SIGNS), "snap"]
    assert [title_of(name) for name in ("hestia", "csf")] == ["HestiaCP", "csf"]


@pytest.mark.parametrize("panel", PANELS)
def test_every_line_can_be_pasted(panel):
    for kind in PANELS[panel].kinds.values():
        assert kind.place.count("%") == kind.place.count("%(site)s")
        for command in (kind.anew, kind.every):
            assert subprocess.run(["/bin/sh", "-nc", command % {"site": "a.example"}], check=True).returncode == 0


def test_a_panels_file_is_changed_in_the_panel():
    written = writer(panel_host("hestia"), POOL_FILE)
    assert written is not None
    assert written.why == "an edit would not last: HestiaCP writes %s" % POOL_FILE
    place, again = written.advice("web")
    assert place.startswith("# where that is set in HestiaCP on web: a backend template") and again == REBUILD


def test_what_a_snap_brings_along_is_set_in_the_snap():
    path = "/snap/nextcloud/43000/config/php/php-fpm.conf"
    written = writer(panel_host(None), path)
    assert written.why == "an edit would not last: snapd writes %s" % path
    assert written.advice("web") == (
        "# where that is set in snapd on web: snap set nextcloud KEY=VALUE; `snap get nextcloud` shows what can be set",
    )


def test_one_site_is_written_again_where_the_file_says_whose_it_is():
    host = panel_host(None, {"/etc/nginx/plesk.conf.d/vhosts/a.example.conf": "plesk"})
    again = writer(host, "/etc/nginx/plesk.conf.d/vhosts/a.example.conf").again("web")
    assert again.startswith("plesk sbin httpdmng --reconfigure-domain a.example   #")
    assert writer(host, "/etc/nginx/conf.d/zz010_psa_nginx.conf").again("web").startswith("plesk sbin httpdmng --recon")
    hostile = writer(host, "/etc/nginx/plesk.conf.d/vhosts/a;reboot.conf").again("web")
    assert hostile.startswith("plesk sbin httpdmng --reconfigure-domain 'a;reboot'   #")


@pytest.mark.parametrize("panel", ["ispconfig", "cloudpanel"])
def test_where_no_command_is_known_the_place_is_said(panel):
    (place,) = writer(panel_host(panel), POOL_FILE).advice("web")
    assert place.startswith("# where that is set in ") and "Sites > " in place and "a.example" in place


def test_a_file_that_its_head_gives_to_another_tool():
    written = writer(panel_host(None, {"/etc/nginx/nginx.conf": "Ansible managed"}), "/etc/nginx/nginx.conf")
    assert written.why == "/etc/nginx/nginx.conf is not ours to edit (Ansible managed)"
    assert written.advice("web") == (
        "# make the change where /etc/nginx/nginx.conf of web comes from (Ansible managed)",
    )
    assert written.again("web") is None


def test_a_panels_file_in_a_folder_of_others_is_the_panels():
    said = {"/home/alice/conf/web/a.example/nginx.conf": "not root's alone: /home/alice is alice's"}
    assert writer(panel_host("hestia", said), next(iter(said))).panel is PANELS["hestia"]


def test_an_administrators_file():
    host = panel_host("hestia")
    assert writer(host, "/etc/nginx/nginx.conf") is None
    assert writer(panel_host(None), POOL_FILE) is None


def test_settings_of_a_panels_pool_are_not_overridden():
    settings = {"pm.max_children": "20"}
    host = panel_host("hestia")
    wanted = remedies.php_fpm(host, FPM, "reloaded", pool="a.example", settings=settings)
    assert not_ours(host, wanted).path == POOL_FILE
    assert not_ours(host, remedies.php_fpm(host, FPM, "started")) is None
    assert not_ours(host, remedies.php_fpm(host, FPM, "reloaded", pool="www", settings=settings)) is None
    assert not_ours(panel_host(None), wanted) is None


def test_edits_of_a_panels_vhost_are_not_made():
    edit = {"path": "/etc/nginx/sites-enabled/100-a.example.vhost", "line": 3, "directive": "proxy_pass"}
    host = panel_host("ispconfig", {edit["path"]: "ispconfig"})
    own = {**edit, "path": "/etc/nginx/conf.d/own.conf", "from": "a", "to": "b"}
    assert not_ours(host, remedies.upstream_address([own, {**edit, "from": "a", "to": "b"}])).path == edit["path"]
    assert not_ours(host, remedies.upstream_address([own])) is None


def test_a_panels_firewall_is_opened_by_the_panel():
    assert opening("hestia", "10.0.0.1", 8080, "app") == (
        "/usr/local/hestia/bin/v-add-firewall-rule ACCEPT 10.0.0.1 8080 TCP   # on app",
    )
    assert opening("plesk", "10.0.0.1", 7080, "app") == (
        "# in Plesk on app, Tools & Settings > Firewall: a custom rule (tcp 7080 from 10.0.0.1)",
    )
    assert opening("cloudpanel", "10.0.0.1", 7080, "app") == () and opening("csf", "10.0.0.1", 7080, "app") == ()
