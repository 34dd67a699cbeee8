# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SELinux's settings for templates: what is passed on, and what is said to what can't be used."""

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.filter.selinux_settings import FilterModule

selinux_settings = FilterModule().filters()["selinux_settings"]


def test_what_was_not_asked_may_be_left_out():
    assert selinux_settings({"aliases": "/run /var/run"}, path="/run/app")["fcontext"] == "/var/run/app(/.*)?"
    assert selinux_settings({}, port="7080")["undo"] == [["semanage", "port", "-d", "-p", "tcp", "7080"]]


@pytest.mark.parametrize(("listings", "port"), [("text", 0), ({"users": ""}, 0), (None, 0), ({}, "http")], ids=str)
def test_what_it_can_not_use(listings, port):
    with pytest.raises(AnsibleFilterError, match="^selinux_settings"):
        selinux_settings(listings, port=port)
