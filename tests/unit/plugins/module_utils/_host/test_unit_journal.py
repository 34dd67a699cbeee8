# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A unit's last words."""

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_journal import last_words
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


def test_the_end_of_the_units_journals_is_read(tmp_path):
    host = FakeHost(tmp_path, {"journalctl": "first\nlast\n"})
    assert last_words(host, ["nginx", "nginx.service"]) == ["first", "last"]
    assert host.commands[0][-4:] == ["-n", "20", "--unit=nginx", "--unit=nginx.service"]


def test_a_host_without_a_journal_has_no_last_words(tmp_path):
    assert last_words(FakeHost(tmp_path), ["nginx"]) == []
