# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether others may lead root elsewhere on the way to a path."""

import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.root_only import RootOnly
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

CONF = "/etc/nginx/nginx.conf"


def chmod(host, path, mode):
    os.chmod(host.path(path), mode)


@pytest.fixture
def host(tmp_path):
    made = FakeHost(tmp_path)
    made.write(CONF, "")
    for folder in ("/etc", "/etc/nginx"):
        chmod(made, folder, 0o755)
    return made


def test_a_way_that_is_roots_alone(host):
    assert RootOnly(host).why_not(CONF) is None


@pytest.mark.parametrize("folder", ["/etc", "/etc/nginx"])
def test_a_folder_that_others_may_write_to_is_named(host, folder):
    chmod(host, folder, 0o757)
    assert RootOnly(host).why_not(CONF) == folder + ": others may write to it"


def test_where_python_cannot_list_attributes_the_group_counts(host, monkeypatch):
    """As on the BSDs, where Python has no os.listxattr."""
    monkeypatch.delattr(os, "listxattr")
    chmod(host, "/etc", 0o775)
    allowed = os.stat(host.path("/etc")).st_gid == 0
    assert RootOnly(host).why_not(CONF) == (None if allowed else "/etc: others may write to it")


def test_where_only_owners_may_remove_what_is_there_its_folders_are_safe_and_its_files_are_not(host):
    chmod(host, "/etc", 0o1777)
    host.write("/etc/nginx.conf", "")
    assert RootOnly(host).why_not(CONF) is None
    assert RootOnly(host).why_not("/etc/nginx.conf") == "/etc: others may write to it"


def test_a_link_leads_through_the_folders_of_its_target(host):
    host.write("/srv/open/real.conf", "")
    chmod(host, "/srv/open", 0o777)
    host.link("/etc/nginx/absolute.conf", "/srv/open/real.conf")
    host.link("/etc/nginx/relative.conf", "../../srv/open/real.conf")
    for name in ("absolute", "relative"):
        assert RootOnly(host).why_not("/etc/nginx/%s.conf" % name) == "/srv/open: others may write to it"


def test_links_that_lead_in_a_circle_come_to_an_end(host):
    host.link("/etc/nginx/a", "b")
    host.link("/etc/nginx/b", "a")
    assert RootOnly(host).why_not("/etc/nginx/a") is None


def test_a_way_that_is_not_there_is_not_known_to_be_roots(host):
    assert RootOnly(host).why_not("/etc/none/deep/x.conf") == "/etc/none: No such file or directory"


def test_what_is_known_of_a_folder_holds_for_its_files_and_for_no_link_among_them(host):
    host.write("/srv/open/real.conf", "")
    chmod(host, "/srv/open", 0o777)
    host.link("/etc/nginx/link.conf", "/srv/open/real.conf")
    host.link("/etc/nginx/beside.conf", "nginx.conf")
    host.link("/srv/nginx", "/etc/nginx")
    root_only = RootOnly(host)
    for _time in range(2):
        assert root_only.why_not(CONF) is None
        assert root_only.why_not("/etc/nginx/beside.conf") is None
        assert root_only.why_not("/srv/nginx/nginx.conf") is None
        assert root_only.why_not("/etc/nginx/link.conf") == "/srv/open: others may write to it"
        assert root_only.why_not("/srv/open/real.conf") == "/srv/open: others may write to it"
