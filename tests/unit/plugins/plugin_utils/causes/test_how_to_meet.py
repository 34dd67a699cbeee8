# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written in place of the address that nginx asks: paths and ports are written in ways of their own."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._habits import habit
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._how_to_meet import how_to_meet
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet

PORT, PATH = Address("127.0.0.1", 8000), Address("", 0, "/run/shop/shop.sock")
BLOCK = "upstream app { server unix:/tmp/a.sock; }"


def written(target, there, http="", address="unix:/tmp/a.sock"):
    reach = [small_fleet.reached(address, small_fleet.tried(address, 111))]
    hop = small_fleet.hop_of(small_fleet.proxy(target, http=http, reach=reach))
    return next(line for line in how_to_meet(hop, hop.proxy, "shop.service", [there], known=None) if "or write" in line)


@pytest.mark.parametrize(
    ("target", "there", "says"),
    [
        ("http://unix:/tmp/a.sock", PORT, "# or write http://127.0.0.1:8000 instead of http://unix:/tmp/a.sock at "),
        ("unix:/tmp/a.sock", PORT, "# or write 127.0.0.1:8000 instead of unix:/tmp/a.sock at "),
        ("http://unix:/tmp/a.sock", PATH, "# or write /run/shop/shop.sock instead of /tmp/a.sock at "),
    ],
)
def test_a_path_and_a_port(target, there, says):
    assert written(target, there).startswith(says)


def test_what_its_files_say_comes_before_what_it_has_beside():
    there = [Address("127.0.0.1", 6082), Address("127.0.0.1", 6085)]
    says = [{"address": "tcp:127.0.0.1:6085", "file": "/etc/systemd/system/varnish.service.d/override.conf", "line": 3}]
    web = small_fleet.proxy("http://127.0.0.1:6081", units={"varnish.service": {"declares": says}})
    hop = small_fleet.hop_of(web)
    advice = how_to_meet(hop, hop.proxy, "varnish.service", there, None)
    assert any("or write 127.0.0.1:6085 instead of 127.0.0.1:6081" in line for line in advice)


def test_an_upstream_has_no_scheme():
    assert written("http://app", PORT, BLOCK).startswith("# or write 127.0.0.1:8000 instead of ")


@pytest.mark.parametrize(("port", "is_part"), [(15672, True), (8072, False)])
def test_no_other_port_answers_for_a_part_that_is_off(port, is_part):
    hop = small_fleet.hop_of(small_fleet.proxy("http://127.0.0.1:%d" % port))
    known = habit("rabbitmq odoo", (), port, "web")
    lines = how_to_meet(hop, hop.proxy, "shop.service", [PORT], known)
    assert (not any("or write" in line for line in lines)) is is_part


@pytest.mark.parametrize(
    ("fragment", "program", "family", "says"),
    [
        ("/usr/lib/systemd/system/cups.service", "/usr/sbin/cupsd", "debian", "dpkg -S /usr/sbin/cupsd"),
        ("/usr/lib/systemd/system/cups.service", "/usr/sbin/cupsd", "redhat", "Environment=PORT=631"),
        ("/etc/systemd/system/cups.service", "/usr/sbin/cupsd", "debian", "Environment=PORT=631"),
        ("/usr/lib/systemd/system/cups.service", "/usr/local/sbin/cupsd", "debian", "Environment=PORT=631"),
    ],
)
def test_a_packages_service_has_files_of_its_own(fragment, program, family, says):
    unit = {"fragment": fragment, "exec": [program], "declares": []}
    web = small_fleet.proxy("http://127.0.0.1:631", units={"cups.service": unit})
    web["system"]["family"] = family
    hop = small_fleet.hop_of(web)
    assert any(says in line for line in how_to_meet(hop, hop.proxy, "cups.service", [PATH], None))


@pytest.mark.parametrize(("name", "at"), [("localhost", "127.0.0.1:8000"), ("[::1]", "[::1]:8000")])
def test_a_name_of_the_host_is_met_at_the_number_that_the_service_has(name, at):
    reach = [small_fleet.reached("tcp:%s:8000" % name, small_fleet.tried("tcp:[::1]:8000", 111))]
    said = [{"address": "tcp:127.0.0.1:8001", "file": "/opt/shop/config.json", "line": 3}]
    web = small_fleet.proxy("http://%s:8000" % name, reach=reach, units={"shop.service": {"declares": said}})
    hop = small_fleet.hop_of(web)
    lines = how_to_meet(hop, hop.proxy, "shop.service", [Address("127.0.0.1", 8001)], None)
    assert "# let it listen on %s: /opt/shop/config.json:3 says 127.0.0.1:8001" % at in lines
