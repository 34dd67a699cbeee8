# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each line of advice is typed in the commands of the host that it names, and of the finding's host where it names none."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.typed_advice import in_commands_of_hosts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import fleet, host, proxy

RESTART = "systemctl restart nginx"


def said(*lines):
    """As typed where web has systemd, app sysvinit, and mac is a Mac on which ControlCenter is process 687."""
    hosts = fleet(web=proxy("http://10.0.0.2"), app=host("10.0.0.2"), mac=host("10.0.0.3"))
    hosts.hosts["app"].system.update(service_manager="sysvinit", os="linux")
    hosts.hosts["mac"].system.update(service_manager="launchd", os="darwin")
    hosts.hosts["mac"].facts["listeners"] = {"tcp": [{"process": "ControlCenter", "pid": 687}], "unix": []}
    return in_commands_of_hosts(lines, "web", hosts)


@pytest.mark.parametrize("place", ["", "   # on web", "   # on web: why", "   # on elsewhere"])
def test_a_host_with_systemd_and_one_that_is_not_known_keep_the_line(place):
    assert said(RESTART + place) == [RESTART + place]


def test_each_line_is_for_its_own_host():
    assert said(RESTART + "   # on app: now", RESTART + "   # on mac", RESTART) == [
        "service nginx restart   # on app: now",
        "nginx -s quit; nginx   # on mac",
        RESTART,
    ]


def test_what_has_no_counterpart_is_left_out_with_its_remark():
    assert said("systemctl daemon-reload   # on app: reads it", "setsebool -P x 1   # on mac") == []


def test_a_sentence_in_place_of_a_command_has_no_remark_behind_it():
    (line,) = said("kill 687   # on mac: it was started by hand")
    assert line.startswith("# ControlCenter") and "by hand" not in line
