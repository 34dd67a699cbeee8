# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SELinux's listings, as a Fedora host with semanage 3.x writes them."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.selinux_settings import (
    Listings,
    boolean_values,
    folder_spec,
    folder_type,
    labelled_by_hand,
    port_type,
    settings,
)

BOOLEANS = """\
antivirus_can_scan_system      (off  ,  off)  Allow antivirus to can scan system
httpd_can_network_connect      (off  ,  off)  Allow httpd to can network connect
httpd_can_network_connect_db   (on   ,   on)  Allow httpd to can network connect db
httpd_can_network_relay        (off  ,   on)  Allow httpd to act as a relay
"""
PORTS = """\
http_cache_port_t              udp      8081
http_port_t                    tcp      7081, 8081, 18080
ssh_port_t                     tcp      2200-2299
"""
FCONTEXTS = """\
/run/app(/.*)?                                     all files          system_u:object_r:httpd_var_run_t:s0
/run/my\\-app(/.*)?                                 all files          system_u:object_r:var_run_t:s0

SELinux Local fcontext Equivalence

/srv/run = /run
"""
LABELS = """\
Would relabel /run/app from system_u:object_r:var_run_t:s0 to system_u:object_r:httpd_var_run_t:s0
Would relabel /run/app/a b.sock from system_u:object_r:tmp_t:s0:c1,c2 to system_u:object_r:httpd_var_run_t:s0
Would relabel /run/app/sub/deep.sock from system_u:object_r:tmp_t:s0 to system_u:object_r:httpd_var_run_t:s0
Would relabel /run/application from system_u:object_r:tmp_t:s0 to system_u:object_r:var_run_t:s0
"""


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("httpd_can_network_relay", ("off", "on")),
        ("httpd_can_network_connect", ("off", "off")),
        ("httpd_can_network_connect_db", ("on", "on")),
        ("httpd_can_network_memcache", ("off", "off")),
    ],
)
def test_a_boolean_has_a_value_now_and_one_after_a_boot(name, values):
    assert boolean_values(name, BOOLEANS) == values


@pytest.mark.parametrize(
    ("port", "kind"),
    [
        (7081, "http_port_t"),
        (8081, "http_port_t"),
        (18080, "http_port_t"),
        (1808, None),
        (8080, None),
        (2250, None),
        (0, None),
    ],
)
def test_the_label_that_an_administrator_gave_to_a_port(port, kind):
    assert port_type(port, PORTS) == kind


@pytest.mark.parametrize(
    ("path", "aliases", "spec"),
    [
        ("/run/app", "", r"/run/app(/.*)?"),
        ("/run/app", "/run /var/run\n/run/lock /var/lock\n", r"/var/run/app(/.*)?"),
        ("/var/run/app", "/run /var/run\n", r"/var/run/app(/.*)?"),
        ("/var/run/app", "/var/run /run\n", r"/run/app(/.*)?"),
        ("/run/my-app.d", "/var/run /run\n", r"/run/my\-app\.d(/.*)?"),
        ("/run/app", "/lib64 /usr/lib\n", r"/run/app(/.*)?"),
    ],
)
def test_a_folder_is_named_as_the_policy_knows_it(path, aliases, spec):
    assert folder_spec(path, aliases) == spec


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        (r"/run/app(/.*)?", "httpd_var_run_t"),
        (r"/run/my\-app(/.*)?", "var_run_t"),
        (r"/run/other(/.*)?", None),
        ("/srv/run", None),
        ("", None),
    ],
)
def test_the_label_that_an_administrator_gave_to_a_folder(spec, kind):
    assert folder_type(spec, FCONTEXTS) == kind


def test_what_was_labelled_by_hand_is_the_folder_and_what_is_right_in_it():
    assert labelled_by_hand("/run/app", LABELS) == [
        ["/run/app", "system_u:object_r:var_run_t:s0"],
        ["/run/app/a b.sock", "system_u:object_r:tmp_t:s0:c1,c2"],
    ]
    assert labelled_by_hand("/run/app", "") == []


class TestUndo:
    def test_everything(self):
        found = settings("httpd_can_network_relay", 8081, "/run/app", Listings("", BOOLEANS, PORTS, FCONTEXTS, LABELS))
        assert (found["boolean"], found["port"], found["path"]) == (["off", "on"], "http_port_t", "httpd_var_run_t")
        assert found["undo"] == [
            ["setsebool", "-P", "httpd_can_network_relay", "on"],
            ["setsebool", "httpd_can_network_relay", "off"],
            ["semanage", "port", "-m", "-t", "http_port_t", "-p", "tcp", "8081"],
            ["semanage", "fcontext", "-m", "-t", "httpd_var_run_t", "/run/app(/.*)?"],
            ["restorecon", "-R", "/run/app"],
            ["chcon", "-h", "system_u:object_r:var_run_t:s0", "/run/app"],
            ["chcon", "-h", "system_u:object_r:tmp_t:s0:c1,c2", "/run/app/a b.sock"],
        ]

    def test_what_only_the_policy_says_is_deleted_again(self):
        found = settings("", 7080, "/run/app", Listings())
        assert (found["port"], found["path"], found["fcontext"]) == (None, None, "/run/app(/.*)?")
        assert found["undo"] == [
            ["semanage", "port", "-d", "-p", "tcp", "7080"],
            ["semanage", "fcontext", "-d", "/run/app(/.*)?"],
            ["restorecon", "-R", "/run/app"],
        ]

    def test_nothing(self):
        found = settings("", 0, "", Listings("", BOOLEANS, PORTS, FCONTEXTS, LABELS))
        assert (found["undo"], found["fcontext"]) == ([], "")
