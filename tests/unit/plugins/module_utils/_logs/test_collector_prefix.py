# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What collectors put before a line. Each of their forms is tried on each signature by signature.py."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.collector_prefix import (
    LONGEST_LINE,
    strip_prefix,
)

LINE = "2026/01/02 03:04:05 [error] 1#1: *1 x"


@pytest.mark.parametrize(
    ("before", "tag"),
    [
        ("", None),
        ("Jan  2 03:04:05 web1 nginx[123]: ", "nginx"),
        ("<187>1 2026-01-02T03:04:05Z web1 php-fpm 123 - - ", "php-fpm"),
        ("\x1b[36mweb-1  |\x1b[0m Jan  2 03:04:05 web1 nginx: ", "nginx"),
        ("2026-01-02T03:04:05.678Z stderr F ", None),
        ("\ufeff  ", None),
    ],
)
def test_layers_go_and_the_last_program_that_was_named_stays(before, tag):
    assert tuple(strip_prefix(before + LINE + "\r\n")) == (tag, LINE)


def test_what_begins_like_nginxs_own_line_is_left_whole():
    assert strip_prefix("2026/01/02 03:04:05 [pod/x] web-1  | y").text == "2026/01/02 03:04:05 [pod/x] web-1  | y"


def test_no_more_than_four_layers_and_no_longer_line_than_there_can_be():
    assert strip_prefix("[pod/a] " * 5 + LINE).text == "[pod/a] " + LINE
    assert len(strip_prefix("x" * 2 * LONGEST_LINE).text) == LONGEST_LINE
