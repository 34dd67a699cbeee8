# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.filter.planned_diffs import FilterModule

FILTER = FilterModule().filters()["planned_diffs"]


def test_each_edit_is_held_against_its_file():
    assert [
        one["path"] for one in FILTER([{"path": "/a", "content": "x"}, {"path": "/b", "content": ""}], [{}, {}])
    ] == ["/a"]


@pytest.mark.parametrize(
    ("edits", "files"), [([{"path": "/a", "content": "x"}], []), ([{"path": "/a"}], [{}]), (["/a"], [{}]), (7, [])]
)
def test_what_are_no_edits_is_refused(edits, files):
    with pytest.raises(AnsibleFilterError, match="planned_diffs takes edits"):
        FILTER(edits, files)
