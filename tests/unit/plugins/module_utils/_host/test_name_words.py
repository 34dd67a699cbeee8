# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that a site's name and a service's have in common."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.name_words import is_alike, words_of


def test_words_that_say_nothing_are_left_out():
    assert words_of(["/etc/nginx/sites-enabled/rabbit-01.example.conf", "WWW.Shop.example"]) == {
        "rabbit",
        "enabled",
        "shop",
    }


@pytest.mark.parametrize(
    ("name", "words", "alike"),
    [
        ("rabbitmq-server", {"rabbit"}, True),
        ("shop", {"shopping"}, True),
        ("docker-registry", {"registry"}, True),
        ("docker-registry", {"shop"}, False),
        ("server", {"server"}, False),
        ("shop", set(), False),
    ],
)
def test_names_are_alike_where_one_begins_with_the_other(name, words, alike):
    assert is_alike(name, words) == alike
