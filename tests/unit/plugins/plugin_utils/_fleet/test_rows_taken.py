# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which peers of a table by names a request may reach."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.rows_taken import takes_row


def route(rows, table="map", source="$host"):
    return {"branches": {peer: {"table": table, "source": source, "keys": keys} for peer, keys in rows.items()}}


ROWS = {"a": ["Alpha.test", "www.alpha.test"], "b": ["beta.test:8080"], "c": ["default"], "d": ["~^(.+)\\.shop$"]}


@pytest.mark.parametrize(
    ("url", "peers"),
    [
        ("http://alpha.test/x", "a"),
        ("https://www.ALPHA.test/", "a"),
        ("http://beta.test:8080/", "b"),
        ("http://one.shop/", "cd"),
        ("http://beta.test/", "cd"),
    ],
)
def test_a_name_takes_its_own_row_or_one_that_is_open(url, peers):
    assert [peer for peer in ROWS if takes_row(route(ROWS), peer, url)] == list(peers)


@pytest.mark.parametrize(
    "other", [{"branches": {}}, {}, route(ROWS, "split_clients"), route(ROWS, source="$cookie_release")]
)
def test_of_other_tables_nothing_is_known(other):
    assert takes_row(other, "a", "http://beta.test/")
