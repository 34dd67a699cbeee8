# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a port may be opened for."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.firewall_sources import named_sources


def test_sources_are_named_once_in_one_form():
    sources = [" 10.0.0.7/32", "10.0.0.7", "10.1.0.0/24", "FD00::0007", "fd00:0:0:1::/64"]
    assert named_sources(sources) == ["10.0.0.7", "10.1.0.0/24", "fd00::7", "fd00:0:0:1::/64"]


@pytest.mark.parametrize(
    "sources",
    [
        [],
        ["0.0.0.0/0"],
        ["::/0"],
        ["any"],
        [""],
        ["0.0.0.0"],  # noqa: S104 - nothing is bound
        ["::"],
        ["128.0.0.0/1"],
        ["2000::/3"],
        ["10.0.0.7/24"],
        ["10.0.0"],
        ["10.0.0.256"],
        ["web1.example"],
        ["127.0.0.1"],
        ["224.0.0.1"],
        ["10.0.0.7", "0.0.0.0/0"],
        ["10.0.0.7; reboot"],
        [None],
    ],
)
def test_everybody_and_nonsense_are_refused(sources):
    with pytest.raises(ValueError, match="^[^\n]+$"):
        named_sources(sources)
